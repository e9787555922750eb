using System.Globalization;

namespace Dcc.Services.Tests.Telemetry;

/// <summary>The series of a text exposition.</summary>
internal sealed class Scrape
{
    private readonly Dictionary<string, double> values = [];

    internal Scrape(string text)
    {
        Text = text;
        foreach (var line in text.Split('\n').Where(line => line.Length > 0 && line[0] != '#'))
        {
            var space = line.LastIndexOf(' ');
            values.Add(line[..space], double.Parse(line[(space + 1)..], CultureInfo.InvariantCulture));
        }
    }

    internal string Text { get; }

    /// <summary>Names, those of a histogram with their suffixes.</summary>
    internal IEnumerable<string> Names => values.Keys.Select(series => series.Split('{')[0]).Distinct();

    /// <summary>A series as it is written, labels in the order of the instrument's tags.</summary>
    internal double this[string series] => values.TryGetValue(series, out var value)
        ? value
        : throw new Xunit.Sdk.XunitException($"{series} is not in the scrape:\n{Text}");

    internal bool Has(string name) => Names.Contains(name);

    internal IEnumerable<KeyValuePair<string, double>> Of(string name) => values.Where(value => value.Key.Split('{')[0] == name);

    /// <summary>Asks a server.</summary>
    internal static async Task<Scrape> At(string server)
    {
        using var client = new HttpClient();
        return new Scrape(await client.GetStringAsync(new Uri(server + "/metrics"), TestContext.Current.CancellationToken));
    }
}
