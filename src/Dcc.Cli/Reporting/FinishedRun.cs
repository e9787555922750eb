using System.Globalization;
using System.Text;
using System.Text.Json;
using Dcc.Cli.Runs;
using Dcc.Cli.Scenarios.Yaml;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Evaluation;
using Dcc.Core.Validation;
using Dcc.Journal;

namespace Dcc.Cli.Reporting;

/// <summary>All that the files of a finished run say, read and checked against each other.</summary>
internal sealed class FinishedRun
{
    private const string Expected = "the output folder of a finished run";

    /// <summary>The folder as named by the user.</summary>
    internal required string Folder { get; init; }

    /// <summary>The folder's own name.</summary>
    internal string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder)));

    internal required RunSummary Summary { get; init; }

    internal required RunParameters Parameters { get; init; }

    /// <summary>Null for a run of a version that did not write run.json.</summary>
    internal required RunProvenance? Provenance { get; init; }

    /// <summary>The journal's rounds 0..R-1 and the last evaluation.</summary>
    internal required IReadOnlyList<CommittedRound> Rounds { get; init; }

    /// <summary>Exact decomposed cost per device and step at theta_0..theta_R; null where the devices' models are unknown.</summary>
    internal required double[]? ExactCost { get; init; }

    /// <summary>Milliseconds from push to report by round 0..R-1 and device, NaN where unknown.</summary>
    internal required double[][] RoundTrips { get; init; }

    /// <summary>Null where nothing crossed a socket.</summary>
    internal required CarriedBytes? Bytes { get; init; }

    internal required IReadOnlyList<RunEvent> Events { get; init; }

    internal int Devices => Parameters.Devices;

    /// <summary>Whether any round trip is known.</summary>
    internal bool HasTimes => Summary.RoundTripMilliseconds is not null;

    /// <summary>Whether every report was learned again in one process, by the run itself, for the digest that the journal gives now.</summary>
    internal bool Relearned => Provenance?.RelearnedDigest == Summary.Digest;

    /// <summary>theta_n of all devices, n in 0..R.</summary>
    internal double[] Theta(int round) => Array.ConvertAll(Rounds[round].Pushes, push => push.Theta);

    /// <summary>Mean over the devices of the J they reported, in round 0..R.</summary>
    internal double ReportedCost(int round) => Rounds[round].MeanCost;

    /// <summary>Reads and checks a run's files.</summary>
    /// <param name="folder">The output folder.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="InvalidInputException">No finished run, or a file that is not what a run writes.</exception>
    /// <exception cref="JournalException">The journal is damaged.</exception>
    /// <exception cref="InvalidDataException">The summary is not of the journal's run.</exception>
    internal static FinishedRun Read(string folder, CancellationToken cancellation)
    {
        using var journal = RunJournal.Open(folder);
        var rounds = new List<CommittedRound>();
        var engine = RunReplay.Replay(journal, RunJournal.SingleRun(journal), replayed =>
        {
            cancellation.ThrowIfCancellationRequested();
            rounds.Add(replayed.Round);
        });
        var parameters = engine.Parameters;
        if (!engine.Finished)
        {
            throw new InvalidInputException("DIR", Expected, string.Create(
                CultureInfo.InvariantCulture, $"{folder}, whose journal ends before round {engine.Round} of {parameters.Rounds} was committed"));
        }

        var text = ReadFile(folder, "summary.json");
        RunJournal.CheckDigest(text, engine);
        var summary = Parse("summary.json", text, RunSummary.FromJson);
        var provenance = File.Exists(Path.Combine(folder, RunProvenance.FileName))
            ? Parse(RunProvenance.FileName, ReadFile(folder, RunProvenance.FileName), RunProvenance.FromJson)
            : null;
        return new FinishedRun
        {
            Folder = folder,
            Summary = summary,
            Parameters = parameters,
            Provenance = provenance,
            Rounds = rounds,
            ExactCost = provenance is { ExactCost: var known } && known.Length == rounds.Count ? known : ExactCosts(parameters, rounds),
            RoundTrips = Reporting.RoundTrips.Read(Lines(folder, Reporting.RoundTrips.FileName), rounds),
            Bytes = summary.Bytes is null ? null : CarriedBytes.Read(Lines(folder, CarriedBytes.FileName), summary),
            Events = RunEvent.Read(Lines(folder, RunEvent.FileName)),
        };
    }

    private static double[]? ExactCosts(RunParameters parameters, List<CommittedRound> rounds)
    {
        if (parameters.EmulatedSystem is null)
        {
            return null;
        }

        var system = EdgeSystem.Parse(Encoding.UTF8.GetBytes(parameters.EmulatedSystem));
        var cost = new SystemCost(SystemCost.CurvesOf(system), parameters.CreateCongestion());
        return [.. rounds.Select(round => cost.PerDevice(Array.ConvertAll(round.Pushes, push => push.Theta)))];
    }

    private static T Parse<T>(string name, byte[] text, Func<ReadOnlySpan<byte>, T> parse)
    {
        try
        {
            return parse(text);
        }
        catch (JsonException exception)
        {
            throw new InvalidInputException(name, "what a finished run writes", YamlScalar.Shorten(exception.Message));
        }
    }

    private static byte[] ReadFile(string folder, string name) => Opened(folder, name, File.ReadAllBytes);

    private static IEnumerable<string> Lines(string folder, string name) => Opened(folder, name, File.ReadLines);

    private static T Opened<T>(string folder, string name, Func<string, T> read)
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path)
            ? read(path)
            : throw new InvalidInputException("DIR", Expected, $"{folder} without {name}");
    }
}
