using System.Diagnostics;
using System.Globalization;
using Dcc.Cli.Emulation;

namespace Dcc.Cli.Load;

/// <summary>A process of a load run: what it prints is read line by line; it is killed with this one's measurement.</summary>
internal sealed class LoadProcess : IAsyncDisposable
{
    private readonly string name;
    private readonly Process process;
    private readonly Task<string> error;
    private Task unread = Task.CompletedTask;

    private LoadProcess(string name, ProcessStartInfo start)
    {
        this.name = name;
        process = Process.Start(start)!;
        error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Resident memory now, bytes.</summary>
    internal long ResidentBytes
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>User and system time so far.</summary>
    internal TimeSpan Cpu
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    internal static LoadProcess Service(string service, string[] arguments) =>
        new(service, ChildProcess.StartInfo(Path.Combine("services", service, service), [.. arguments, "--stop-with-stdin"]));

    /// <summary>This program, compiled as the coordinator is: what it is compared with must not win or lose by a setting of the runtime.</summary>
    internal static LoadProcess Dcc(string[] arguments)
    {
        var start = ChildProcess.StartInfo("dcc", arguments);
        start.Environment["DOTNET_TieredPGO"] = "0";
        return new LoadProcess(arguments[0], start);
    }

    /// <summary>Reads on to a line that holds a text.</summary>
    /// <exception cref="ChildFailedException">The process ended before.</exception>
    internal async Task<string> LineWith(string text, CancellationToken cancellation)
    {
        while (await process.StandardOutput.ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        var said = (await error.ConfigureAwait(false)).Trim().Replace("dcc: ", "", StringComparison.Ordinal);
        throw new ChildFailedException(string.Create(
            CultureInfo.InvariantCulture, $"{name} ended early with exit code {process.ExitCode}{(said.Length == 0 ? "" : ": " + said)}"));
    }

    /// <summary>Lets the process go on to its end.</summary>
    internal async Task Finish(CancellationToken cancellation)
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Keeps the pipe empty that nobody reads any more.</summary>
    internal void ReadOn() => unread = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        await unread.ConfigureAwait(false);
        process.Dispose();
    }
}
