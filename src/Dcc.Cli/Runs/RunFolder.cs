using System.Globalization;
using Dcc.Core.Validation;

namespace Dcc.Cli.Runs;

/// <summary>
/// A run's output folder, held exclusively while the run lasts: a second run in the same folder, at the same time or later, is refused.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    internal const string LockName = ".lock";

    private static readonly string[] RunFiles = ["journal.db", "journal.db-wal", "journal.db-shm", "summary.json", "rounds.csv", "bytes.csv", "events.jsonl", "report.html", "run.json", "system.json", "overhead.json", "overhead.csv"];

    // Of what these hold, files of other kinds are somebody else's.
    private static readonly string[] RunPatterns = ["logs/*.log", "plots/*.svg", "plots/*.png", "plots/*.csv"];

    private readonly Hold hold;

    private RunFolder(string path, Hold hold)
    {
        DirectoryPath = path;
        this.hold = hold;
    }

    /// <summary>Takes a folder for a new run.</summary>
    /// <param name="path">The folder, or null for a new one under ./runs.</param>
    /// <param name="name">What a new folder's name starts with.</param>
    /// <param name="force">Whether an earlier run's files there may be deleted.</param>
    /// <param name="now">For a new folder's name.</param>
    /// <exception cref="InvalidInputException">The folder cannot be written, is in use, or holds another run.</exception>
    internal static RunFolder Claim(string? path, string name, bool force, DateTimeOffset now)
    {
        try
        {
            return path is null ? ClaimNew(name, now) : ClaimGiven(path, force);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InvalidInputException("output", "a folder that can be written", $"{path ?? "runs"} ({exception.Message})");
        }
    }

    internal string DirectoryPath { get; }

    internal string Journal => File("journal.db");

    internal string File(string name) => Path.Combine(DirectoryPath, name);

    /// <summary>Writes a file whole or not at all.</summary>
    internal void Write(string name, Action<StreamWriter> write)
    {
        var temporary = File(name + ".tmp");
        using (var writer = new StreamWriter(temporary))
        {
            write(writer);
        }

        System.IO.File.Move(temporary, File(name), overwrite: true);
    }

    public void Dispose() => hold.Dispose();

    /// <summary>A folder that no other process can take while this lasts.</summary>
    internal sealed class Hold(FileStream file) : IDisposable
    {
        public void Dispose()
        {
            System.IO.File.Delete(file.Name);
            file.Dispose();
        }
    }

    /// <summary>Makes and takes a new folder under ./runs, named for the time.</summary>
    internal static (string Path, Hold Hold) HoldNew(string name, DateTimeOffset now)
    {
        var stamp = $"{name}-{now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}";
        for (var attempt = 1; ; attempt++)
        {
            var path = Path.Combine("runs", attempt == 1 ? stamp : string.Create(CultureInfo.InvariantCulture, $"{stamp}-{attempt}"));
            if (!Directory.Exists(path) && TryHold(path) is { } hold)
            {
                return (path, hold);
            }
        }
    }

    private static RunFolder ClaimNew(string name, DateTimeOffset now)
    {
        var (path, hold) = HoldNew(name, now);
        return new RunFolder(path, hold);
    }

    private static RunFolder ClaimGiven(string path, bool force)
    {
        var hold = TryHold(path)
            ?? throw new InvalidInputException("output", "a folder that no other run is using (name another with --output)", path);
        var present = RunFiles.Where(file => System.IO.File.Exists(Path.Combine(path, file))).ToList();
        present.AddRange(RunPatterns.Select(pattern => Path.Combine(path, pattern)).Where(pattern => Directory.Exists(Path.GetDirectoryName(pattern)))
            .SelectMany(pattern => Directory.EnumerateFiles(Path.GetDirectoryName(pattern)!, Path.GetFileName(pattern)))
            .Select(file => Path.GetRelativePath(path, file)));
        if (present.Count > 0 && !force)
        {
            hold.Dispose();
            throw new InvalidInputException("output", "an empty folder (name another, or replace the run in it with --force)", $"{path} with {present[0]}");
        }

        present.ForEach(file => System.IO.File.Delete(Path.Combine(path, file)));
        return new RunFolder(path, hold);
    }

    /// <summary>Makes and takes a folder; null when another process holds it.</summary>
    internal static Hold? TryHold(string path)
    {
        Directory.CreateDirectory(path);
        var file = Path.Combine(path, LockName);
        try
        {
            return new Hold(new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException) when (System.IO.File.Exists(file))
        {
            return null;
        }
    }
}
