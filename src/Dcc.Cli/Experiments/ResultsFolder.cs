using System.Text.Encodings.Web;
using System.Text.Json;
using Dcc.Cli.Reporting;
using Dcc.Cli.Runs;
using Dcc.Core.Validation;
using Dcc.Experiments;

namespace Dcc.Cli.Experiments;

/// <summary>experiment.json: what a results folder holds.</summary>
/// <param name="Experiment">Names with spaces between, or "all".</param>
/// <param name="Budget">quick or paper.</param>
/// <param name="Runs">Runs that were asked for in place of the budget's; null for the budget's.</param>
/// <param name="Version">Version of dcc that began it, with its commit, and those that went on with it.</param>
internal sealed record ResultsManifest(string Experiment, string Budget, int? Runs, string Version)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectRequiredConstructorParameters = true,
    };

    internal static ResultsManifest FromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<ResultsManifest>(json, Options) ?? throw new JsonException("null is not a manifest.");

    internal string ToJson() => JsonSerializer.Serialize(this, Options) + "\n";
}

/// <summary>The output folder of dcc experiment, held exclusively while it works.</summary>
internal sealed class ResultsFolder : IDisposable
{
    private const string ManifestName = "experiment.json";

    private readonly RunFolder.Hold hold;

    private ResultsFolder(string path, RunFolder.Hold hold, ResultsManifest manifest)
    {
        DirectoryPath = path;
        this.hold = hold;
        Manifest = manifest;
    }

    internal string DirectoryPath { get; }

    internal ResultsManifest Manifest { get; }

    internal string File(string name) => Path.Combine(DirectoryPath, name);

    /// <summary>Takes a folder for new results, or, to go on, one with results of the same experiment, budget and runs.</summary>
    /// <param name="given">The folder; null for a new one under ./runs.</param>
    /// <param name="name">What a new folder's name starts with.</param>
    /// <param name="resume">Whether to go on with what it holds.</param>
    /// <param name="wanted">What it is for.</param>
    /// <param name="now">For a new folder's name.</param>
    /// <exception cref="InvalidInputException">It cannot be used for that.</exception>
    internal static ResultsFolder Claim(string? given, string name, bool resume, ResultsManifest wanted, DateTimeOffset now)
    {
        try
        {
            var (path, hold) = given is null ? RunFolder.HoldNew(name, now) : (given, RunFolder.TryHold(given)
                ?? throw new InvalidInputException("output", "a folder that no other run is using (name another with --output)", given));
            try
            {
                var manifest = Agree(path, resume, wanted);
                WholeFile.Write(Path.Combine(path, ManifestName), manifest.ToJson());
                return new ResultsFolder(path, hold, manifest);
            }
            catch
            {
                hold.Dispose();
                throw;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InvalidInputException("output", "a folder that can be written", $"{given ?? "runs"} ({exception.Message})");
        }
    }

    public void Dispose() => hold.Dispose();

    private static ResultsManifest Agree(string path, bool resume, ResultsManifest wanted)
    {
        var file = Path.Combine(path, ManifestName);
        if (!System.IO.File.Exists(file))
        {
            var other = Directory.EnumerateFileSystemEntries(path).Select(Path.GetFileName).FirstOrDefault(name => name != RunFolder.LockName);
            return other is null ? wanted : throw new InvalidInputException(
                "output", resume ? "a folder with results to go on with" : "an empty folder", $"{path} with {other}");
        }

        ResultsManifest found;
        try
        {
            found = ResultsManifest.FromJson(System.IO.File.ReadAllBytes(file));
        }
        catch (JsonException exception)
        {
            throw new InvalidInputException("output", $"a readable {ManifestName}", $"{file} ({exception.Message})");
        }

        if (found with { Version = wanted.Version } != wanted)
        {
            throw new InvalidInputException("output", $"a folder of {Words(wanted)}", $"{path} with {Words(found)}");
        }

        var versions = found.Version.Contains(wanted.Version, StringComparison.Ordinal) ? found.Version : $"{found.Version}, then {wanted.Version}";
        return resume ? found with { Version = versions } : throw new InvalidInputException("output", "an empty folder, or --resume to go on", $"{path} with {Words(found)}");
    }

    private static string Words(ResultsManifest manifest) =>
        FormattableString.Invariant($"experiment {manifest.Experiment}, budget {manifest.Budget}") + (manifest.Runs is { } runs ? FormattableString.Invariant($", {runs} runs") : "");
}
