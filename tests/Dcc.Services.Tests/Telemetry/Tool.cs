using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;

namespace Dcc.Services.Tests.Telemetry;

/// <summary>Programs that tests start: the services as built, and Prometheus's tools where they are installed.</summary>
internal static class Tool
{
    internal sealed record Result(int ExitCode, string Output, string Error);

    internal static string DeployFolder => Path.GetFullPath(Metadata("DeployFolder"));

    /// <summary>Skips the test, saying why, where a tool is missing; .ci/run installs it.</summary>
    internal static void Require(string tool) => Assert.SkipUnless(
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, tool))),
        $"{tool} is not installed: apt-get install prometheus");

    internal static async Task<Result> Run(string tool, string? input, params string[] arguments)
    {
        Require(tool);
        using var process = Process.Start(new ProcessStartInfo(tool, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Result(process.ExitCode, await output, await error);
    }

    /// <summary>The file of Dcc.Coordinator or Dcc.Agent.</summary>
    internal static string Service(string service) => Path.Combine(Metadata("ServicesFolder"), service, service);

    /// <summary>Starts Dcc.Coordinator or Dcc.Agent.</summary>
    internal static Process StartService(string service, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        Start(Service(service), environment, arguments);

    /// <summary>Starts the dcc command.</summary>
    internal static Process StartCommand(params string[] arguments) =>
        Start(Path.Combine(Metadata("ServicesFolder"), "..", "dcc"), new Dictionary<string, string>(), arguments);

    private static Process Start(string program, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Reads output up to a line that contains a text.</summary>
    internal static async Task<string> Says(Process process, string text)
    {
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new Xunit.Sdk.XunitException(
            $"the process ended before it said '{text}': {await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)}");
    }

    /// <summary>Asks a service to stop, and waits until it has.</summary>
    internal static async Task<(int ExitCode, string Output)> Stop(Process process)
    {
        var rest = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await rest);
    }

    /// <summary>What other processes do has no event to wait for: they are asked again and again.</summary>
    internal static async Task Until(Func<Task<bool>> condition)
    {
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            await pause.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Metadata(string key) => typeof(Tool).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == key).Value!;
}
