using System.Diagnostics;

namespace Dcc.Services.Tests.Durability;

/// <summary>A file system of 512 KiB in memory (tmpfs), which a test can fill for real; skips the test, saying so, where none can be mounted.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("dcc-disk-").FullName;

    internal SmallDisk()
    {
        var (code, said) = Run("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder);
        if (code != 0)
        {
            Directory.Delete(folder);
            Assert.Skip($"no tmpfs can be mounted here, which takes root: {said}");
        }
    }

    /// <summary>Where a coordinator's store goes.</summary>
    internal string Store => Path.Combine(folder, "store.db");

    private string Filler => Path.Combine(folder, "filler");

    /// <summary>Writes until nothing more fits.</summary>
    internal void Fill()
    {
        using var file = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                file.Write(new byte[4096]);
            }
        }
        catch (IOException)
        {
            // Full, as was to be.
        }
    }

    internal void MakeRoom() => File.Delete(Filler);

    public void Dispose()
    {
        var (code, said) = Run("umount", "-l", folder);
        Assert.True(code == 0, said);
        Directory.Delete(folder);
    }

    private static (int Code, string Said) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, said);
    }
}
