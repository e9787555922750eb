using System.Globalization;
using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Dcc.Hosting;
using Dcc.Hosting.Security;
using Dcc.Hosting.Supervision;
using Dcc.Hosting.Telemetry;
using Microsoft.Extensions.Options;

namespace Dcc.Agent;

/// <summary>Which devices an agent process is, and whom it talks to; section Agent.</summary>
internal sealed class AgentOptions
{
    internal const string Section = "Agent";

    /// <summary>No listener.</summary>
    internal const string None = "none";

    /// <summary>
    /// The coordinator's address; or one per device, separated by commas, where each reaches it over a link of its own. An address may be several with
    /// "|" between them, of coordinators of which one leads; so may be what its name resolves to.
    /// </summary>
    public string Coordinator { get; set; } = "http://127.0.0.1:5080";

    /// <summary>The longest pause between two attempts to reach the coordinator. Seconds, 0.1 to 300.</summary>
    public double LongestRetrySeconds { get; set; } = 5;

    /// <summary>Name of the run to take part in.</summary>
    public string Run { get; set; } = "run";

    /// <summary>A device index or a range of them, such as 3 or 0-4.</summary>
    public string Devices { get; set; } = "0";

    /// <summary>Which part of the devices this process is, as INDEX/PARTS: part 0/4 of 0-9 is 0-1, part 3/4 is 7-9; null for all of them.</summary>
    public string? Shard { get; set; }

    /// <summary>System file that describes the devices; without one they are sampled by the run's seed (Appendix F).</summary>
    public string? System { get; set; }

    /// <summary>Address to serve /metrics on, or "none".</summary>
    public string Metrics { get; set; } = None;

    /// <summary>Whether a stop leaves the run on purpose, so that nobody waits for these devices and their theta is released at once.</summary>
    public bool LeaveOnStop { get; set; }

    /// <summary>PEM file of the authorities that may have issued the coordinator's certificate; without one the system's.</summary>
    public string? Ca { get; set; }

    /// <summary>PEM file of the certificate that names the run and the devices.</summary>
    public string? Certificate { get; set; }

    /// <summary>PEM file of its key.</summary>
    public string? Key { get; set; }

    /// <summary>File with a token that lets the devices join.</summary>
    public string? TokenFile { get; set; }

    /// <summary>The token itself: for the environment only, a command line is readable by everybody.</summary>
    public string? Token { get; set; }

    /// <summary>Sends a token even where others can read it on the way.</summary>
    public bool Insecure { get; set; }

    internal ClientSecurity Security => new()
    {
        Authorities = Ca, Certificate = Certificate, Key = Key, TokenFile = TokenFile, Token = Token, IsInsecure = Insecure,
    };

    internal static readonly CommandLineFlags Flags = new(
        """
        Dcc.Agent: one or more devices that learn locally and take part in a run over gRPC.

        It keeps trying until the coordinator answers, resumes after any interruption, and exits 0 when the run has ended.
        """,
        [
            new("--coordinator", "Agent:Coordinator", "URL[,URL...]", "Coordinator's address, one for all devices or one each; URL|URL where either may lead [http://127.0.0.1:5080]."),
            new("--longest-retry", "Agent:LongestRetrySeconds", "SECONDS", "Longest pause between two attempts to reach it [5]."),
            new("--run", "Agent:Run", "NAME", "Run to take part in [run]."),
            new("--devices", "Agent:Devices", "I|I-J", "Device index, or a range of indices, each with a stream of its own [0]."),
            new("--shard", "Agent:Shard", "INDEX/PARTS", "This part of the devices only, such as 0/4 of 0-9: for replicas that know their index [all]."),
            new("--system", "Agent:System", "FILE", "System file that describes the devices [sampled by the run's seed]."),
            new("--leave-on-stop", "Agent:LeaveOnStop", "", "When stopped, leave the run on purpose; needs a run with a quorum."),
            new("--metrics", "Agent:Metrics", "URL|none", "Serve /metrics here, such as http://127.0.0.1:9101 [none]."),
            new("--ca", "Agent:Ca", "FILE", "Authorities that may have issued an https coordinator's certificate (PEM) [the system's]."),
            new("--certificate", "Agent:Certificate", "FILE", "Certificate that names the run and the devices, for mutual TLS (PEM) [none]."),
            new("--key", "Agent:Key", "FILE", "Its private key (PEM, mode 600)."),
            new("--token-file", "Agent:TokenFile", "FILE", "Token of dcc certs token (mode 600), or Agent__Token in the environment [none]."),
            new("--insecure", "Agent:Insecure", "", "Send the token without TLS beyond loopback too, where others can read it."),
            HealthQuery.Flag,
            ServiceProgram.LogFormat,
            ServiceProgram.StopWithParent,
        ]);

    /// <summary>The indices that <see cref="Devices"/> names.</summary>
    /// <exception cref="InvalidInputException">It names none, or there is no such part of them.</exception>
    internal IReadOnlyList<int> DeviceIndices()
    {
        if (DeviceRange.Parse(Devices) is var (first, last) && last < RunParameters.MaxDevices)
        {
            var (from, to) = Part(last - first + 1);
            return [.. Enumerable.Range(first + from, to - from)];
        }

        throw new InvalidInputException("devices", "an index such as 3 or a range such as 0-4", Devices);
    }

    // Parts differ by at most one device, and every device is in exactly one.
    private (int From, int To) Part(int devices)
    {
        if (Shard is null)
        {
            return (0, devices);
        }

        return Shard.Split('/') is [var index, var parts]
            && int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var part)
            && int.TryParse(parts, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && part < count && count <= devices
                ? ((int)((long)devices * part / count), (int)((long)devices * (part + 1) / count))
                : throw new InvalidInputException(
                    "shard", string.Create(CultureInfo.InvariantCulture, $"INDEX/PARTS with INDEX below PARTS, and at most {devices} parts of devices {Devices}"),
                    Shard);
    }

    /// <summary>The same of one address.</summary>
    internal AgentOptions At(string address)
    {
        var copy = (AgentOptions)MemberwiseClone();
        copy.Coordinator = address;
        return copy;
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
        var alternatives = options.Coordinator.Split(',', FailoverHandler.Separator);
        Array.ForEach(alternatives, address => OptionInputs.CheckAddress("coordinator", address, Schemes, faults));
        if (Array.Exists(addresses, address => address.Split(FailoverHandler.Separator).Select(one => one.Split(':')[0]).Distinct().Count() > 1))
        {
            faults.Add(new InputFault("coordinator", "http or https throughout an address", options.Coordinator));
        }

        if (options.Run.Length == 0)
        {
            faults.Add(new InputFault("run", "a name", "nothing"));
        }

        var devices = options.DeviceIndices().Count;
        if (addresses.Length > 1 && addresses.Length != devices)
        {
            faults.Add(new InputFault("coordinator", $"one address, or {devices}, one per device", $"{addresses.Length}"));
        }

        if (!(options.LongestRetrySeconds is >= 0.1 and <= 300))
        {
            faults.Add(new InputFault("longest-retry", "0.1 to 300 seconds", options.LongestRetrySeconds.ToString("R", CultureInfo.InvariantCulture)));
        }

        options.Security.Check("coordinator", alternatives, faults);
        if (options.Metrics != AgentOptions.None)
        {
            MetricsListener.CheckAddress("metrics", options.Metrics, faults);
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(string.Join("; ", faults));
    }
}
