using System.Text;
using Dcc.Core.Validation;

namespace Dcc.Hosting.Security;

/// <summary>Files that nobody but their owner may read: private keys and tokens.</summary>
public static class SecretFile
{
    /// <summary>The fewest characters of a secret that is not a private key: 128 bits as hexadecimal digits.</summary>
    public const int ShortestSecret = 32;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>
    /// Reads a file that others cannot. The group may read one that belongs to root where the process is not root: so a Kubernetes Secret reaches it,
    /// and so the mask of the access list looks by which systemd hands it a credential.
    /// </summary>
    /// <exception cref="InvalidInputException">Others can read or write it.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static byte[] Read(string field, string path)
    {
        using var file = File.OpenHandle(path);

        // Asked of the open file: what is read is what was looked at. Elsewhere than on Unix a file has no mode.
        if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(file) is var mode && (mode & Others) is var open && open != 0
            && !(open == UnixFileMode.GroupRead && !Environment.IsPrivilegedProcess && FileOwner.Of(file) == FileOwner.Root))
        {
            throw new InvalidInputException(field, "a file that only its owner can read (mode 600)", $"{path} with mode {Convert.ToString((int)mode, 8)}");
        }

        var content = new byte[RandomAccess.GetLength(file)];
        var length = RandomAccess.Read(file, content, 0);
        return content[..length];
    }

    /// <summary>Reads a secret of one line.</summary>
    /// <exception cref="InvalidInputException">Others can read it, or it is short.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static string ReadLine(string field, string path)
    {
        var line = Encoding.UTF8.GetString(Read(field, path)).Trim();
        return line.Length >= ShortestSecret && line.All(character => character is > ' ' and <= '~')
            ? line
            : throw new InvalidInputException(field, $"a file with one line of at least {ShortestSecret} printable characters", path);
    }

    /// <summary>Writes a file whole or not at all; it never exists with another mode than 600.</summary>
    /// <exception cref="InvalidInputException">It exists already.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Write(string field, string path, string content, bool overwrite) =>
        WriteWhole(field, path, content, overwrite, OwnerOnly);

    /// <summary>Writes a file that everybody may read, whole or not at all.</summary>
    /// <exception cref="InvalidInputException">It exists already.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void WritePublic(string field, string path, string content, bool overwrite) =>
        WriteWhole(field, path, content, overwrite, OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

    private static void WriteWhole(string field, string path, string content, bool overwrite, UnixFileMode mode)
    {
        var temporary = $"{path}.{Path.GetRandomFileName()}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        using (var writer = new StreamWriter(temporary, options))
        {
            writer.Write(content);
        }

        try
        {
            File.Move(temporary, path, overwrite);
        }
        catch (IOException) when (!overwrite && File.Exists(path))
        {
            File.Delete(temporary);
            throw new InvalidInputException(field, "a file that does not exist yet (replace it with --force)", path);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
