using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace Dcc.Cli.Tests;

/// <summary>Runs the built dcc as a process of its own.</summary>
internal static class DccProcess
{
    private static readonly string Folder = typeof(DccProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "CommandFolder").Value!;

    /// <summary>The command's file.</summary>
    internal static string Command => Path.Combine(Folder, "dcc");

    internal sealed record Result(int ExitCode, string Output, string Error);

    internal static async Task<Result> Run(IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        using var process = Start(environment, arguments);
        return await Finish(process);
    }

    /// <summary>Reads what a process prints until it ends; one that does not end before the test is cancelled is killed with its children, and the test told what it said.</summary>
    internal static async Task<Result> Finish(Process process)
    {
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        catch (OperationCanceledException exception)
        {
            process.Kill(entireProcessTree: true);
            throw new Xunit.Sdk.XunitException($"it did not end, and had said:\n{await output}\n{await error}", exception);
        }

        return new Result(process.ExitCode, await output, await error);
    }

    internal static Task<Result> Run(params string[] arguments) => Run(null, arguments);

    internal static Process Start(IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        return StartProgram(Command, environment, arguments);
    }

    /// <summary>Starts Dcc.Coordinator or Dcc.Agent by itself, as a user would by hand.</summary>
    internal static Process StartService(string service, params string[] arguments) =>
        StartProgram(Path.Combine(Folder, "services", service, service), null, arguments);

    /// <summary>Starts any program with its output at hand.</summary>
    internal static Process StartProgram(string program, IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        // A test run started in the background ignores SIGINT, and its children would too.
        var start = new ProcessStartInfo("env") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("--default-signal=INT");
        start.ArgumentList.Add(program);
        arguments.ToList().ForEach(start.ArgumentList.Add);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Sends a signal to a process of the test's own.</summary>
    internal static void Signal(int process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Live processes that a process started, by name.</summary>
    internal static IReadOnlyList<int> Children(int parent, string name) => [.. Directory.GetDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), out var id) ? id : 0)
        .Where(id => id > 0 && Stat(id) is { } stat && stat.Parent == parent && stat.Name == name && stat.State != 'Z')];

    /// <summary>Whether a process is alive.</summary>
    internal static bool IsAlive(int process) => Stat(process) is { State: not 'Z' };

    // /proc/ID/stat: "ID (name) state parent ...".
    private static (string Name, char State, int Parent)? Stat(int process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            var end = text.LastIndexOf(')');
            var rest = text[(end + 2)..].Split(' ');
            return (text[(text.IndexOf('(', StringComparison.Ordinal) + 1)..end], rest[0][0], int.Parse(rest[1], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null;
        }
    }

    internal static string Golden(string name) => Path.Combine(AppContext.BaseDirectory, "golden", name);

    internal static JsonElement Summary(string folder)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "summary.json")));
        return document.RootElement.Clone();
    }
}

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    internal string Root { get; } = Directory.CreateTempSubdirectory("dcc-test-").FullName;

    internal string this[string name] => Path.Combine(Root, name);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
