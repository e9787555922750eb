using System.Diagnostics;
using System.Reflection;
using Dcc.Cli.Tests;

namespace Dcc.Deploy.Tests;

/// <summary>Files that are deployed, and programs that read them.</summary>
internal static class Repository
{
    internal static string Folder { get; } = Path.GetFullPath(Metadata("RepositoryFolder"));

    internal static string Version { get; } = Metadata("Version");

    internal static string File(params string[] path) => Path.Combine([Folder, .. path]);

    /// <summary>Skips the test, saying why, where a tool is missing; .ci/run installs it.</summary>
    internal static void Require(string tool, string source) => Assert.SkipUnless(
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => System.IO.File.Exists(Path.Combine(folder, tool))),
        $"{tool} is not installed: {source}");

    internal static Task<DccProcess.Result> Run(string program, params string[] arguments) => Run(program, new Dictionary<string, string>(), arguments);

    internal static async Task<DccProcess.Result> Run(string program, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using var process = DccProcess.StartProgram(program, environment, arguments);
        process.StandardInput.Close();
        return await End(process);
    }

    /// <summary>What a process said, when it has ended.</summary>
    internal static async Task<DccProcess.Result> End(Process process)
    {
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new DccProcess.Result(process.ExitCode, await output, await error);
    }

    /// <summary>A service as dcc emulate starts it.</summary>
    internal static string Service(string name) => Path.Combine(Path.GetDirectoryName(DccProcess.Command)!, "services", name, name);

    /// <summary>The first line on a process's standard output with a text in it.</summary>
    internal static async Task<string> Says(Process process, string text)
    {
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new Xunit.Sdk.XunitException($"it never said '{text}': {await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)}");
    }

    private static string Metadata(string key) => typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == key).Value!;
}
