using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Dcc.Journal;

namespace Dcc.Cli.Runs;

/// <summary>The journal in a run's output folder, as whoever comes after the run reads it.</summary>
internal static class RunJournal
{
    /// <summary>Opens the journal of an output folder.</summary>
    /// <exception cref="InvalidInputException">The folder is no run's.</exception>
    /// <exception cref="InvalidDataException">It is a run's, by its summary.json, and the journal is damaged.</exception>
    internal static SqliteJournal Open(string directory)
    {
        var file = Path.Combine(directory, "journal.db");
        if (!File.Exists(file))
        {
            throw new InvalidInputException("DIR", "the output folder of a run, with a journal.db", directory);
        }

        try
        {
            return SqliteJournal.OpenExisting(file);
        }
        catch (InvalidDataException exception) when (!File.Exists(Path.Combine(directory, "summary.json")))
        {
            throw new InvalidInputException("DIR", "the output folder of a run", exception.Message);
        }
    }

    /// <summary>Name of the one run that a journal holds.</summary>
    /// <exception cref="JournalException">It holds none, or several.</exception>
    internal static string SingleRun(IJournalStore journal)
    {
        var runs = journal.Runs();
        return runs.Count == 1
            ? runs[0]
            : throw new JournalException(0, string.Create(CultureInfo.InvariantCulture, $"the journal holds {runs.Count} runs in place of one"));
    }

    /// <summary>Requires that a summary is of the journal's run: a journal cut short after its end would go unnoticed otherwise.</summary>
    /// <exception cref="InvalidDataException">It states another digest.</exception>
    internal static void CheckDigest(byte[] summary, RoundEngine engine)
    {
        var stated = Digest(summary);
        if (stated != engine.Digest)
        {
            throw new InvalidDataException($"summary.json states digest {stated ?? "nothing"}, the journal gives {engine.Digest}");
        }
    }

    private static string? Digest(byte[] summary)
    {
        try
        {
            return JsonNode.Parse(summary)?["digest"]?.GetValue<string>();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
