using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Dcc.Cli.Emulation;

/// <summary>
/// A service started by emulate: its output in a log file, restarted with the same arguments when it is killed after it joined. It stops when its
/// standard input closes, so it does not outlive this process however that ends; one that a fault has paused does so when it is resumed.
/// </summary>
internal sealed partial class ChildProcess : IDisposable
{
    private const int MaxRestarts = 10;
    private const int ShownLogLines = 10;
    private const string BeyondMemory = "beyond the memory of its device class";
    private static readonly string[] ServiceSections = ["Run", "Coordinator", "Agent", "Process"];

    // Ten restarts must outlast what goes away by itself, such as a port that is still in use.
    private static readonly TimeSpan RestartDelay = TimeSpan.FromMilliseconds(200);

    private readonly string service;
    private readonly string[] arguments;
    private readonly AgentCgroup? cgroup;
    private readonly Action<string, string?> report;
    private readonly Lock gate = new();
    private Process? process;
    private TimeSpan? plannedRestart;
    private bool stopping;
    private TextWriter log = TextWriter.Null;

    // As Linux numbers them.
    private enum Signal
    {
        Kill = 9,
        Terminate = 15,
        Continue = 18,
        Stop = 19,
    }

    /// <summary>Describes a child; nothing is started yet.</summary>
    /// <param name="service">Dcc.Coordinator or Dcc.Agent.</param>
    /// <param name="name">What events and the log file call it.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="logFolder">Where its log file goes.</param>
    /// <param name="cgroup">Where it runs, null for where this process does.</param>
    /// <param name="report">Told "started", "killed", "exited", "restarted", and why where that is known.</param>
    internal ChildProcess(
        string service, string name, string[] arguments, string logFolder, AgentCgroup? cgroup, Action<string, string?> report)
    {
        this.service = service;
        this.arguments = [.. arguments, "--stop-with-stdin"];
        this.cgroup = cgroup;
        this.report = report;
        Name = name;
        LogPath = Path.Combine(logFolder, name + ".log");
    }

    internal string Name { get; }

    internal string LogPath { get; }

    /// <summary>Set once the child took part: from then on it is restarted when it ends early.</summary>
    internal bool Joined { get; set; }

    internal int Restarts { get; private set; }

    /// <summary>Ends the child by SIGKILL, to be started again after a while whether or not it had joined.</summary>
    internal void Kill(TimeSpan restartAfter) => Plan(Signal.Kill, restartAfter);

    /// <summary>Asks the child to end (SIGTERM), to be started again after a while whether or not it had joined.</summary>
    internal void Terminate(TimeSpan restartAfter) => Plan(Signal.Terminate, restartAfter);

    /// <summary>Stops the child where it is (SIGSTOP).</summary>
    internal void Pause() => Send(Signal.Stop);

    /// <summary>Lets a stopped child go on (SIGCONT).</summary>
    internal void Resume() => Send(Signal.Continue);

    /// <summary>Starts the child and keeps it running until the run is over.</summary>
    /// <param name="finished">Whether the run has ended, asked when the child ends without a fault: it may know before this process does.</param>
    /// <param name="over">Cancelled when the child is no longer needed; it then ends on its own or is stopped by <see cref="Stop"/>.</param>
    /// <exception cref="ChildFailedException">It ended before it joined, or too often.</exception>
    internal async Task KeepRunning(Func<Task<bool>> finished, CancellationToken over)
    {
        var what = "started";
        var unplanned = 0;
        var killedForMemory = 0;
        while (Start(what) is { } running)
        {
            await running.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            if (over.IsCancellationRequested || (running.ExitCode == 0 && await finished().ConfigureAwait(false)))
            {
                return;
            }

            var killedBefore = killedForMemory;
            killedForMemory = cgroup?.KilledForMemory ?? 0;
            var beyondMemory = killedForMemory > killedBefore;

            // 128 + signal is how the platform reports a killed process.
            var fate = running.ExitCode > 128
                ? string.Create(CultureInfo.InvariantCulture, $"killed by signal {running.ExitCode - 128}{(beyondMemory ? $", {BeyondMemory}" : "")}")
                : string.Create(CultureInfo.InvariantCulture, $"exit code {running.ExitCode}");
            report(running.ExitCode > 128 ? "killed" : "exited", beyondMemory ? BeyondMemory : null);
            TimeSpan? planned;
            lock (gate)
            {
                (planned, plannedRestart) = (plannedRestart, null);
            }

            if (planned is null && !Joined)
            {
                throw new ChildFailedException($"{Name} ended before it joined ({fate}); its last log lines:\n{LastLogLines()}");
            }

            if (planned is null && ++unplanned > MaxRestarts)
            {
                throw new ChildFailedException($"{Name} ended more than {MaxRestarts} times ({fate}); its last log lines:\n{LastLogLines()}");
            }

            await Task.Delay(planned ?? RestartDelay, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (over.IsCancellationRequested)
            {
                return;
            }

            Restarts++;
            what = "restarted";
        }
    }

    /// <summary>Ends the child: politely, and after the grace period for good.</summary>
    internal async Task Stop(TimeSpan grace)
    {
        Process? running;
        lock (gate)
        {
            // From here on nothing is started again.
            stopping = true;
            running = process;
        }

        if (running is null || running.HasExited)
        {
            return;
        }

        Resume();
        running.StandardInput.Close();
        if (!await WaitForEnd(grace).ConfigureAwait(false))
        {
            running.Kill();
            await running.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for the child to end by itself.</summary>
    /// <returns>Whether it did in time.</returns>
    internal async Task<bool> WaitForEnd(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await (process?.WaitForExitAsync(limit.Token) ?? Task.CompletedTask).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        process?.Dispose();
        process = null;
        log.Dispose();
    }

    /// <summary>How a program of this build is started, with its three streams redirected.</summary>
    /// <param name="program">Relative to this program.</param>
    /// <param name="arguments">Its command line.</param>
    internal static ProcessStartInfo StartInfo(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, program))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        arguments.ToList().ForEach(start.ArgumentList.Add);

        // What is set for services that are run by hand is not meant for these.
        foreach (var setting in start.Environment.Keys.Where(IsServiceSetting).ToList())
        {
            start.Environment.Remove(setting);
        }

        // The program must find the runtime that runs this process, wherever it is installed.
        start.Environment.TryAdd("DOTNET_ROOT", Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")));
        return start;
    }

    // Null when the child is not to be started any more.
    private Process? Start(string what)
    {
        var start = StartInfo(Path.Combine("services", service, service), arguments);
        cgroup?.Take(start);
        lock (gate)
        {
            if (stopping)
            {
                return null;
            }

            Dispose();
            log = TextWriter.Synchronized(new StreamWriter(LogPath, append: true) { AutoFlush = true });
            try
            {
                process = Process.Start(start)!;
            }
            catch (Win32Exception exception)
            {
                throw new ChildFailedException($"{Name} cannot be started: {exception.Message}");
            }

            process.OutputDataReceived += (_, line) => Write(line.Data);
            process.ErrorDataReceived += (_, line) => Write(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        report(what, null);
        return process;
    }

    private static bool IsServiceSetting(string variable) => Array.Exists(
        ServiceSections, section => variable.StartsWith(section + "__", StringComparison.OrdinalIgnoreCase)
            || variable.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase));

    private void Plan(Signal signal, TimeSpan restartAfter)
    {
        lock (gate)
        {
            if (process is { HasExited: false })
            {
                plannedRestart = restartAfter;
                Send(signal);
            }
        }
    }

    private void Send(Signal signal)
    {
        lock (gate)
        {
            if (process is { HasExited: false } running)
            {
                _ = Kill(running.Id, (int)signal);
            }
        }
    }

    // The runtime offers SIGKILL only. What fails, fails because the child has just ended.
    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    private void Write(string? line)
    {
        if (line is null)
        {
            return;
        }

        try
        {
            log.WriteLine(line);
        }
        catch (IOException)
        {
            // The disk is full. A log line may be lost; whether the run can go on is for those who write its journal to say.
        }
    }

    private string LastLogLines() => File.Exists(LogPath) && new FileInfo(LogPath).Length > 0
        ? string.Join('\n', File.ReadLines(LogPath).TakeLast(ShownLogLines))
        : "(nothing was logged)";
}

/// <summary>A service that emulate started did not do its part.</summary>
internal sealed class ChildFailedException(string message) : Exception(message);
