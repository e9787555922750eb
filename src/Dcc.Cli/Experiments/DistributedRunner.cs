using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Dcc.Cli.Runs;
using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Dcc.Experiments.Beyond;

namespace Dcc.Cli.Experiments;

/// <summary>Runs of real processes for an experiment: dcc emulate, as a user would type it.</summary>
internal static class DistributedRunner
{
    private const string Messages = "payload";
    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(5);

    internal static DistributedRun Run(RunParameters parameters, string profile, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("dcc-distributed-");
        try
        {
            Emulate(parameters, profile, folder.FullName, cancellation);
            var summary = RunSummary.FromJson(File.ReadAllBytes(Path.Combine(folder.FullName, "summary.json")));
            var bytes = summary.Bytes!;
            return new DistributedRun(summary.Digest, summary.WallSeconds!.Value, Each(bytes.Layers[Messages]), Each(bytes.Total));
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        static double Each(ByteCount count) => count.UpPerDeviceRound!.Value + count.DownPerDeviceRound!.Value;
    }

    private static void Emulate(RunParameters parameters, string profile, string folder, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardError = true, RedirectStandardOutput = true };
        var program = Assembly.GetExecutingAssembly().Location;
        foreach (var argument in (string[])
        [
            .. Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [program] : Array.Empty<string>(),
            "emulate", "--devices", Text(parameters.Devices), "--rounds", Text(parameters.Rounds), "--seed", Text(parameters.Seed),
            "--solver", KebabCase.Name(parameters.Solver), "--steps", Text(parameters.Steps), "--congestion", KebabCase.Name(parameters.Congestion),
            "--alpha", Text(parameters.Exponent), "--link", profile, "--output", folder, "--no-report", "--quiet",
        ])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(LongestRun);
        var output = process.StandardOutput.ReadToEndAsync(bound.Token);
        var errors = process.StandardError.ReadToEndAsync(bound.Token);
        try
        {
            process.WaitForExitAsync(bound.Token).GetAwaiter().GetResult();
            Task.WaitAll([output, errors], bound.Token);
        }
        catch (OperationCanceledException)
        {
            // Its children end with it: they stop when their standard input closes.
            process.Kill();
            process.WaitForExit();
            cancellation.ThrowIfCancellationRequested();
            throw new TimeoutException($"dcc emulate --link {profile} took longer than {LongestRun.TotalMinutes} minutes");
        }

        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"dcc emulate --link {profile} ended with {process.ExitCode}: {errors.Result.Trim()}");
        }
    }

    private static string Text<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
}
