using System.Globalization;
using System.Text;
using Dcc.Core.Validation;

namespace Dcc.Experiments.Units;

/// <summary>
/// The finished units of a results folder: samples.csv with what they found and units.csv with who was finished, how and when. A unit counts
/// when its row in units.csv is whole, which is written last, and all its samples are there; so whatever stops the program, or the machine, loses
/// only the units that were running.
/// </summary>
internal sealed class UnitStore : IDisposable
{
    private const string SamplesHeader = "unit,measure,x,value";
    private const string UnitsHeader = "unit,seed,samples,seconds,fault";

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
        ToDisk(samples);
        WriteEnd(unit, ends);
        ToDisk(ends);
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

            // A row that was cut off or damaged is missing from its unit, which is then left out below.
            if (Number(cells[2]) is { } x && Number(cells[3]) is { } value)
            {
                list.Add(new Sample(cells[1], x, value));
            }
        }

        foreach (var cells in Rows(unitsPath, UnitsHeader, 5))
        {
            var list = found.GetValueOrDefault(cells[0], []);
            if (ulong.TryParse(cells[1], CultureInfo.InvariantCulture, out var seed) && Number(cells[2]) == list.Count && Number(cells[3]) is { } seconds && cells[4] == "")
            {
                units[cells[0]] = new FinishedUnit(cells[0], seed, seconds, "", list);
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

    private static void ToDisk(StreamWriter file)
    {
        file.Flush();
        ((FileStream)file.BaseStream).Flush(flushToDisk: true);
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
        ends.Write(string.Create(CultureInfo.InvariantCulture, $"{unit.Name},{unit.Seed},{unit.Samples.Count},{unit.Seconds:F1},{unit.Fault}\n"));
}
