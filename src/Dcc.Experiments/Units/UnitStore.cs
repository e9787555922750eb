using System.Globalization;
using System.Text;
using Dcc.Core.Validation;

namespace Dcc.Experiments.Units;

/// <summary>
/// The finished units of a results folder: samples.csv with what they found and units.csv with who was finished, how and when. A unit counts
/// when its row in units.csv is whole, which is written last; so whatever stops the program loses only the units that were running.
/// </summary>
internal sealed class UnitStore : IDisposable
{
    private const string SamplesHeader = "unit,measure,x,value";
    private const string UnitsHeader = "unit,seed,seconds,fault";

    private readonly string samplesPath;
    private readonly string unitsPath;
    private readonly Dictionary<string, FinishedUnit> units = [];
    private StreamWriter samples;
    private StreamWriter ends;

    /// <summary>Opens the folder's units. Those that failed are forgotten: they will be tried again.</summary>
    /// <exception cref="InvalidInputException">What the files hold is not what <see cref="Add"/> wrote.</exception>
    internal UnitStore(string folder)
    {
        samplesPath = Path.Combine(folder, "samples.csv");
        unitsPath = Path.Combine(folder, "units.csv");
        if (File.Exists(unitsPath) && File.Exists(samplesPath))
        {
            Read();
        }

        (samples, ends) = Rewrite(units.Values);
    }

    internal IEnumerable<FinishedUnit> Units => units.Values;

    internal bool Holds(string unit) => units.ContainsKey(unit);

    /// <summary>Keeps a unit.</summary>
    internal void Add(FinishedUnit unit)
    {
        units[unit.Name] = unit;
        WriteSamples(unit, samples);
        samples.Flush();
        WriteEnd(unit, ends);
        ends.Flush();
    }

    /// <summary>Writes the files anew in a given order, so that they do not show which unit was finished first. The store takes no more units.</summary>
    internal void Sort(IEnumerable<string> order)
    {
        Dispose();
        (samples, ends) = Rewrite(order.Where(units.ContainsKey).Select(name => units[name]));
    }

    public void Dispose()
    {
        samples.Dispose();
        ends.Dispose();
    }

    private void Read()
    {
        var found = new Dictionary<string, List<Sample>>();
        foreach (var cells in Rows(samplesPath, SamplesHeader, 4))
        {
            if (!found.TryGetValue(cells[0], out var list))
            {
                found.Add(cells[0], list = []);
            }

            // The last row may be cut off; its unit has no end then, and is left out below.
            if (Number(cells[2]) is { } x && Number(cells[3]) is { } value)
            {
                list.Add(new Sample(cells[1], x, value));
            }
        }

        foreach (var cells in Rows(unitsPath, UnitsHeader, 4))
        {
            if (ulong.TryParse(cells[1], CultureInfo.InvariantCulture, out var seed) && Number(cells[2]) is { } seconds && cells[3] == "")
            {
                units[cells[0]] = new FinishedUnit(cells[0], seed, seconds, "", found.GetValueOrDefault(cells[0], []));
            }
        }
    }

    // Only whole lines: what has no line break was cut off.
    private static IEnumerable<string[]> Rows(string path, string header, int columns)
    {
        var text = File.ReadAllText(path);
        var whole = text[..(text.LastIndexOf('\n') + 1)];
        if (!whole.StartsWith(header + "\n", StringComparison.Ordinal))
        {
            throw new InvalidInputException("output", $"a {Path.GetFileName(path)} that begins with {header}", path);
        }

        return whole.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(',', columns)).Where(cells => cells.Length == columns);
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;

    private (StreamWriter Samples, StreamWriter Ends) Rewrite(IEnumerable<FinishedUnit> kept)
    {
        using (var newSamples = new StreamWriter(samplesPath + ".tmp"))
        using (var newEnds = new StreamWriter(unitsPath + ".tmp"))
        {
            newSamples.Write(SamplesHeader + "\n");
            newEnds.Write(UnitsHeader + "\n");
            foreach (var unit in kept)
            {
                WriteSamples(unit, newSamples);
                WriteEnd(unit, newEnds);
            }
        }

        File.Move(samplesPath + ".tmp", samplesPath, overwrite: true);
        File.Move(unitsPath + ".tmp", unitsPath, overwrite: true);
        return (new StreamWriter(samplesPath, append: true), new StreamWriter(unitsPath, append: true));
    }

    private static void WriteSamples(FinishedUnit unit, StreamWriter samples)
    {
        var text = new StringBuilder();
        foreach (var sample in unit.Samples)
        {
            text.Append(CultureInfo.InvariantCulture, $"{unit.Name},{sample.Measure},{sample.X:R},{sample.Value:R}\n");
        }

        samples.Write(text);
    }

    private static void WriteEnd(FinishedUnit unit, StreamWriter ends) =>
        ends.Write(string.Create(CultureInfo.InvariantCulture, $"{unit.Name},{unit.Seed},{unit.Seconds:F1},{unit.Fault}\n"));
}
