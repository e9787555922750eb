using System.Globalization;
using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Dcc.Hosting;
using Dcc.Hosting.Telemetry;
using Microsoft.Extensions.Options;

namespace Dcc.Agent;

/// <summary>Which devices an agent process is, and whom it talks to; section Agent.</summary>
internal sealed class AgentOptions
{
    internal const string Section = "Agent";

    /// <summary>No listener.</summary>
    internal const string None = "none";

    /// <summary>The coordinator's address; or one per device, separated by commas, where each reaches it over a link of its own.</summary>
    public string Coordinator { get; set; } = "http://127.0.0.1:5080";

    /// <summary>Name of the run to take part in.</summary>
    public string Run { get; set; } = "run";

    /// <summary>A device index or a range of them, such as 3 or 0-4.</summary>
    public string Devices { get; set; } = "0";

    /// <summary>System file that describes the devices; without one they are sampled by the run's seed (Appendix F).</summary>
    public string? System { get; set; }

    /// <summary>Address to serve /metrics on, or "none".</summary>
    public string Metrics { get; set; } = None;

    /// <summary>Whether a stop leaves the run on purpose, so that nobody waits for these devices and their theta is released at once.</summary>
    public bool LeaveOnStop { get; set; }

    internal static readonly CommandLineFlags Flags = new(
        """
        Dcc.Agent: one or more devices that learn locally and take part in a run over gRPC.

        It keeps trying until the coordinator answers, resumes after any interruption, and exits 0 when the run has ended.
        """,
        [
            new("--coordinator", "Agent:Coordinator", "URL[,URL...]", "Coordinator's address, one for all devices or one each [http://127.0.0.1:5080]."),
            new("--run", "Agent:Run", "NAME", "Run to take part in [run]."),
            new("--devices", "Agent:Devices", "I|I-J", "Device index, or a range of indices, each with a stream of its own [0]."),
            new("--system", "Agent:System", "FILE", "System file that describes the devices [sampled by the run's seed]."),
            new("--leave-on-stop", "Agent:LeaveOnStop", "", "When stopped, leave the run on purpose; needs a run with a quorum."),
            new("--metrics", "Agent:Metrics", "URL|none", "Serve /metrics here, such as http://127.0.0.1:9101 [none]."),
            ServiceProgram.LogFormat,
            ServiceProgram.StopWithParent,
        ]);

    /// <summary>The indices that <see cref="Devices"/> names.</summary>
    /// <exception cref="InvalidInputException">It names none.</exception>
    internal IReadOnlyList<int> DeviceIndices()
    {
        var parts = Devices.Split('-');
        if (parts.Length <= 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            && first <= last
            && last < RunParameters.MaxDevices)
        {
            return [.. Enumerable.Range(first, last - first + 1)];
        }

        throw new InvalidInputException("devices", "an index such as 3 or a range such as 0-4", Devices);
    }

    /// <summary>Where the n-th device of the process connects to.</summary>
    internal string Address(int position)
    {
        var addresses = Coordinator.Split(',');
        return addresses[addresses.Length == 1 ? 0 : position];
    }
}

/// <summary>Checks the options at start.</summary>
internal sealed class AgentOptionsValidator : IValidateOptions<AgentOptions>
{
    private static readonly string[] Schemes = ["http", "https"];

    public ValidateOptionsResult Validate(string? name, AgentOptions options)
    {
        var faults = new List<InputFault>();
        var addresses = options.Coordinator.Split(',');
        Array.ForEach(addresses, address => OptionInputs.CheckAddress("coordinator", address, Schemes, faults));
        if (options.Run.Length == 0)
        {
            faults.Add(new InputFault("run", "a name", "nothing"));
        }

        var devices = options.DeviceIndices().Count;
        if (addresses.Length > 1 && addresses.Length != devices)
        {
            faults.Add(new InputFault("coordinator", $"one address, or {devices}, one per device", $"{addresses.Length}"));
        }

        if (options.Metrics != AgentOptions.None)
        {
            MetricsListener.CheckAddress("metrics", options.Metrics, faults);
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(string.Join("; ", faults));
    }
}
