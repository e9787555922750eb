using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Dcc.Cli.Runs;

/// <summary>run.json: how a run was made, for whoever wants to make it again or to know when its rounds ended.</summary>
/// <param name="Command">The command line as typed, without the program.</param>
/// <param name="Scenario">Name of the scenario, null where the run knew no network.</param>
/// <param name="Version">Version of dcc with the commit it was built from.</param>
/// <param name="Runtime">Name and version of the runtime.</param>
/// <param name="OperatingSystem">Name and version of the operating system.</param>
/// <param name="Architecture">Of the processor, as this process sees it.</param>
/// <param name="Processors">Processors that this process could use.</param>
/// <param name="RelearnedDigest">
/// The digest for which every stored report was learned again in one process when the run had ended, and was the same; null where the run itself
/// was in one process.
/// </param>
/// <param name="RoundEndSeconds">
/// When each round and the last evaluation were committed, since the start; virtual in a simulation, null where unknown.
/// </param>
/// <param name="ExactCost">
/// Exact decomposed cost per device and step at theta_0..theta_R: the devices' curves, which take their time, were at hand when the run ended.
/// </param>
internal sealed record RunProvenance(
    string[] Command,
    string? Scenario,
    string Version,
    string Runtime,
    string OperatingSystem,
    string Architecture,
    int Processors,
    string? RelearnedDigest,
    double?[] RoundEndSeconds,
    double[] ExactCost)
{
    internal const string FileName = "run.json";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>What this process knows of the run that it made.</summary>
    internal static RunProvenance OfThisProcess(string? scenario, string? relearnedDigest, double?[] roundEndSeconds, double[] exactCost) => new(
        Environment.GetCommandLineArgs()[1..], scenario, ThisVersion, RuntimeInformation.FrameworkDescription, RuntimeInformation.OSDescription,
        RuntimeInformation.ProcessArchitecture.ToString(), Environment.ProcessorCount, relearnedDigest, roundEndSeconds, exactCost);

    /// <summary>The version of this program.</summary>
    internal static string ThisVersion =>
        typeof(RunProvenance).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="JsonException">Not such a text.</exception>
    internal static RunProvenance FromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<RunProvenance>(json, Options) ?? throw new JsonException("null is not a run.");

    internal void Write(StreamWriter writer) => writer.WriteLine(JsonSerializer.Serialize(this, Options));
}
