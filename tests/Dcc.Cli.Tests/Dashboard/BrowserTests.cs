using System.Diagnostics;
using System.Reflection;

namespace Dcc.Cli.Tests.Dashboard;

/// <summary>The live page in a real browser, with real processes behind it: each story is one of tests/browser.</summary>
public sealed class BrowserTests
{
    private const string Chromium = "/usr/bin/chromium";

    private static readonly string Folder = Metadata("BrowserFolder");

    [Theory]
    [InlineData("live-run")]
    [InlineData("coordinator-restart")]
    [InlineData("hostile-names")]
    [InlineData("many-devices")]
    public async Task Page_InABrowser_TellsTheStory(string story)
    {
        var missing = Missing();
        Assert.SkipWhen(missing is not null, $"needs {missing}");
        using var folder = new TemporaryFolder();
        var start = new ProcessStartInfo("node", [Path.Combine(Folder, "tell.mjs"), story])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder.Root,
        };
        start.Environment["DCC_FOLDER"] = Metadata("CommandFolder");
        start.Environment["CHROMIUM"] = Chromium;
        using var node = Process.Start(start)!;
        var told = await DccProcess.Finish(node);
        Assert.True(told.ExitCode == 0, $"{told.Output}\n{told.Error}");
    }

    private static string? Missing() =>
        !File.Exists(Chromium) ? "Debian's package chromium"
        : !Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(path => File.Exists(Path.Combine(path, "node"))) ? "node"
        : !Directory.Exists(Path.Combine(Folder, "node_modules")) ? $"npm ci in {Path.GetFullPath(Folder)}"
        : null;

    private static string Metadata(string key) => typeof(BrowserTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == key).Value!;
}
