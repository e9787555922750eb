using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dcc.Hosting.Security;

/// <summary>Who owns a file, which the platform's library does not tell.</summary>
internal static partial class FileOwner
{
    internal const uint Root = 0;

    // statx(2): unlike stat's, its structure is the same on every architecture.
    private const int EmptyPath = 0x1000;
    private const uint OwnerWanted = 0x8;
    private const int StructureBytes = 256;
    private const int OwnerOffset = 20;

    /// <summary>The owner's user id; null where it cannot be known.</summary>
    internal static uint? Of(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        Span<byte> found = stackalloc byte[StructureBytes];
        return Statx(file, "", EmptyPath, OwnerWanted, ref MemoryMarshal.GetReference(found)) == 0
            ? MemoryMarshal.Read<uint>(found[OwnerOffset..])
            : null;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(SafeFileHandle directory, string path, int flags, uint mask, ref byte found);
}
