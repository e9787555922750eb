using System.Text.RegularExpressions;

namespace Dcc.Cli.Tests.Dashboard;

/// <summary>A crash of the coordinator where a user looks: on the page's event stream, in the metrics and in the report of one run.</summary>
public sealed partial class CoordinatorCrashTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Emulate_CoordinatorCrash_ShowsOnThePageInMetricsAndInTheReport()
    {
        var address = $"http://127.0.0.1:{FreePort()}";
        var emulate = DccProcess.Run(
            "emulate", "coordinator-crash", "--devices", "3", "--rounds", "12", "--steps", "500000", "--http", address, "--output", folder["e"]);
        using var http = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(5) };
        var (page, metrics) = (false, false);
        while (!emulate.IsCompleted && !(page && metrics))
        {
            try
            {
                page |= Killed().IsMatch(await FirstEvent(http));
                metrics |= Resumed().IsMatch(await http.GetStringAsync(new Uri("metrics", UriKind.Relative), TestContext.Current.CancellationToken));
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or TaskCanceledException)
            {
                // That is the crash.
            }
        }

        var result = await emulate;
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.True(page, "no killed coordinator on the page's event stream");
        Assert.True(metrics, "no resumed stream in the metrics");
        var report = await File.ReadAllTextAsync(Path.Combine(folder["e"], "report.html"), TestContext.Current.CancellationToken);
        Assert.Matches(@"<td>killed</td>\s*<td>coordinator</td>", report);
    }

    // What the page is told when it comes (back): everything so far.
    private static async Task<string> FirstEvent(HttpClient http)
    {
        using var response = await http.GetAsync(
            new Uri("api/runs/run/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.StartsWith("data:", StringComparison.Ordinal))
            {
                return line;
            }
        }

        return "";
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("\"kind\":\"killed\"[^}]*\"process\":\"coordinator\"|\"process\":\"coordinator\"[^}]*\"kind\":\"killed\"")]
    private static partial Regex Killed();

    [GeneratedRegex("""dcc_streams_total\{run="run",kind="resumed"\} [1-9]""")]
    private static partial Regex Resumed();
}
