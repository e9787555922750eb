using System.Globalization;
using Dcc.Coordinator.Security;
using Dcc.Core.Validation;
using Dcc.Hosting;
using Dcc.Hosting.Supervision;
using Dcc.Journal;
using Dcc.Protocol;
using Microsoft.Extensions.Options;
using RunParameters = Dcc.Core.Engine.RunParameters;

namespace Dcc.Coordinator;

/// <summary>How the coordinator serves; section Coordinator.</summary>
internal sealed class CoordinatorOptions
{
    internal const string Section = "Coordinator";

    /// <summary>No listener.</summary>
    internal const string None = "none";

    private const double DefaultLeaseSeconds = 10;
    private static readonly TimeSpan DefaultHeartbeat = TimeSpan.FromSeconds(10);

    /// <summary>Address to serve HTTP/2 on, by TLS if it is https. Port 0 takes a free one.</summary>
    public string Listen { get; set; } = "http://127.0.0.1:5080";

    /// <summary>Address to serve HTTP/1.1 on, for browsers and monitoring, or "none". Port 0 takes a free one.</summary>
    public string Http { get; set; } = "http://127.0.0.1:5081";

    /// <summary>Where every run is kept: the path of a SQLite file, a PostgreSQL address or "memory". May hold a password: show its StoreLocation.</summary>
    public string Store { get; set; } = "dcc-coordinator.db";

    /// <summary>Whether several coordinators share the store, a PostgreSQL one: one of them leads, the others stand by.</summary>
    public bool HighAvailability { get; set; }

    /// <summary>With high availability: how long a leader that is not heard of any more keeps the others waiting. Seconds; 10 by default.</summary>
    public double? LeaseSeconds { get; set; }

    /// <summary>
    /// Each side of a stream sends at least this often, and takes the other for dead after three times it. Seconds; by default 10, with high availability
    /// a third of the lease, so that devices leave a leader that has fallen silent when it has lost the lease.
    /// </summary>
    public double? HeartbeatSeconds { get; set; }

    /// <summary>Devices whose theta and cost are metrics of their own: those with an index below. 0 to 1000.</summary>
    public int DeviceSeries { get; set; }

    public SecurityOptions Security { get; set; } = new();

    public LimitOptions Limits { get; set; } = new();

    internal TimeSpan Lease => TimeSpan.FromSeconds(LeaseSeconds ?? DefaultLeaseSeconds);

    internal TimeSpan Heartbeat => HeartbeatSeconds is { } given ? TimeSpan.FromSeconds(given) : HighAvailability ? Lease / 3 : DefaultHeartbeat;

    internal static readonly CommandLineFlags Flags = new(
        """
        Dcc.Coordinator: serves runs to device agents and operators over gRPC. It resumes every unfinished run of its store.

        With --run it creates that run, or resumes it with the same parameters.
        """,
        [
            new("--listen", "Coordinator:Listen", "URL", "Address to listen on, http or https [http://127.0.0.1:5080]."),
            new("--http", "Coordinator:Http", "URL|none", "Address of the HTTP/1.1 side, for browsers and monitoring [http://127.0.0.1:5081]."),
            new("--store", "Coordinator:Store", "FILE|URL|memory", "SQLite file or postgres://USER@HOST/DATABASE that keeps the runs [dcc-coordinator.db]; a password comes from PGPASSWORD, PGPASSFILE or Coordinator__Store."),
            new("--heartbeat", "Coordinator:HeartbeatSeconds", "SECONDS", "Longest silence on a stream; after three of them a peer is dead [10, or a third of the lease]."),
            new("--high-availability", "Coordinator:HighAvailability", "", "Stand by until no other coordinator on this PostgreSQL store leads, then lead."),
            new("--lease", "Coordinator:LeaseSeconds", "SECONDS", "With it: how long a leader that fell silent keeps the others waiting, 1 to 3600 [10]."),
            .. SecurityOptions.Flags,
            .. LimitOptions.Flags,
            new("--device-series", "Coordinator:DeviceSeries", "N", "Show theta and cost of the first N devices as metrics of their own, up to 1000 [0]."),
            new("--run", "Run:Name", "NAME", "Run to create or resume [none]."),
            new("--devices", "Run:Devices", "N", "Number of devices [10, or as in the system file]."),
            new("--rounds", "Run:Rounds", "R", "Rounds; one more evaluation follows [5]."),
            new("--seed", "Run:Seed", "S", "Seed of all randomness [1]."),
            new("--solver", "Run:Solver", "NAME", "q-learning, price-q, exact, dqn or ppo [price-q]."),
            new("--steps", "Run:Steps", "STEPS", "Learning steps [100000]."),
            new("--criterion", "Run:Criterion", "NAME", "discounted or average [discounted]."),
            new("--gradient", "Run:Gradient", "NAME", "finite-difference or exact-multiplier [finite-difference]."),
            new("--perturbation", "Run:Perturbation", "NAME", "sign or gaussian [sign]."),
            new("--perturbation-size", "Run:PerturbationSize", "C", "Perturbation c, in [1e-12, 0.5] [0.03]."),
            new("--step-rule", "Run:StepRule", "NAME", "rprop, trust-region or robbins-monro [rprop]."),
            new("--congestion", "Run:Congestion", "NAME", "mean-field or poisson [poisson]."),
            new("--congestion-form", "Run:CongestionForm", "NAME", "shifted or plain [shifted]."),
            new("--alpha", "Run:Alpha", "A", "Congestion exponent [1, or as in the system file]."),
            new("--robust", "Run:Robust", "NAME", "none, or clip: bounds what one lying device does to the others [none]."),
            new("--report-limit", "Run:ReportLimit", "X", "Refuse reports with a number beyond X [1e60]."),
            new("--quorum", "Run:Quorum", "Q", "Reports that close a round after its deadline [none: wait for everybody]."),
            new("--round-deadline", "Run:RoundDeadlineSeconds", "SECONDS", "With a quorum: how long a round waits for everybody [10]."),
            new("--most-absences", "Run:MostAbsences", "K", "With a quorum: rounds in a row a device may miss before its theta is released [3]."),
            new("--staleness", "Run:Staleness", "S", "Commit each report at once, unless a push would become over S commits old [none: rounds in step]."),
            new("--initial-theta", "Run:InitialTheta", "X", "theta_0 of every device [0]."),
            new("--system", "Run:System", "FILE", "System file of emulated devices, kept for verify --relearn."),
            HealthQuery.Flag,
            ServiceProgram.LogFormat,
            ServiceProgram.StopWithParent,
        ]);
}

/// <summary>Checks the options at start.</summary>
internal sealed class CoordinatorOptionsValidator : IValidateOptions<CoordinatorOptions>
{
    private const int MostDeviceSeries = 1000;
    private static readonly string[] Schemes = ["http", "https"];

    public ValidateOptionsResult Validate(string? name, CoordinatorOptions options)
    {
        var faults = new List<InputFault>();
        OptionInputs.CheckListenAddress("listen", options.Listen, Schemes, faults);
        if (options.Http != CoordinatorOptions.None)
        {
            OptionInputs.CheckListenAddress("http", options.Http, Schemes, faults);
        }

        options.Security.Check(options.Listen, options.Http, faults);
        options.Limits.Check(faults);

        if (options.LeaseSeconds is { } lease && (!options.HighAvailability || !(lease is >= 1 and <= 3600)))
        {
            faults.Add(new InputFault("lease", "1 to 3600 seconds, with high-availability", lease.ToString("R", CultureInfo.InvariantCulture)));
        }

        try
        {
            var store = StoreLocation.Parse(options.Store);
            if (options.HighAvailability && !store.IsServer)
            {
                faults.Add(new InputFault("high-availability", "a PostgreSQL store", store.ToString()));
            }
        }
        catch (InvalidInputException exception)
        {
            faults.AddRange(exception.Faults);
        }

        if (options.HeartbeatSeconds is { } heartbeat && !(heartbeat is >= 0.05 and <= 3600))
        {
            faults.Add(new InputFault("heartbeat", "0.05 to 3600 seconds", heartbeat.ToString("R", CultureInfo.InvariantCulture)));
        }

        if (options.DeviceSeries is < 0 or > MostDeviceSeries)
        {
            faults.Add(new InputFault(
                "device-series", string.Create(CultureInfo.InvariantCulture, $"a whole number from 0 to {MostDeviceSeries}"),
                options.DeviceSeries.ToString(CultureInfo.InvariantCulture)));
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(string.Join("; ", faults));
    }
}

/// <summary>The run to create at start; section Run. Absent settings have the run's own defaults.</summary>
internal sealed class RunOptions
{
    internal const string Section = "Run";

    /// <summary>Name of the run; without one none is created.</summary>
    public string? Name { get; set; }

    public uint? Devices { get; set; }

    public uint Rounds { get; set; } = 5;

    public ulong? Seed { get; set; }

    public string? Solver { get; set; }

    public uint? Steps { get; set; }

    public string? Criterion { get; set; }

    public string? Gradient { get; set; }

    public string? Perturbation { get; set; }

    public double? PerturbationSize { get; set; }

    public string? StepRule { get; set; }

    public string? Congestion { get; set; }

    public string? CongestionForm { get; set; }

    public double? Alpha { get; set; }

    public double? InitialTheta { get; set; }

    public string? Robust { get; set; }

    public double? ReportLimit { get; set; }

    public uint? Quorum { get; set; }

    public double? RoundDeadlineSeconds { get; set; }

    public uint? MostAbsences { get; set; }

    public uint? Staleness { get; set; }

    public string? System { get; set; }

    /// <summary>The run's parameters.</summary>
    /// <exception cref="InvalidInputException">Every fault found.</exception>
    internal RunParameters ToParameters()
    {
        const uint DefaultDevices = 10;
        var described = OptionInputs.ReadSystem(System);
        var devices = Devices ?? (uint?)described?.Devices.Length ?? DefaultDevices;
        if (described is not null && described.Devices.Length != devices)
        {
            throw new InvalidInputException("devices", $"{described.Devices.Length}, the number in the system file", $"{devices}");
        }

        var message = new Dcc.Protocol.V1.RunParameters { Devices = devices, Rounds = Rounds };
        Set(Seed, value => message.Seed = value);
        Set(Steps, value => message.Steps = value);
        Set(PerturbationSize, value => message.PerturbationSize = value);
        Set(Alpha ?? described?.Exponent, value => message.Alpha = value);
        Set(InitialTheta, value => message.InitialTheta.Add(value));
        Set(Robust, value => message.Robust = value);
        Set(ReportLimit, value => message.ReportLimit = value);
        Set(Quorum, value => message.Quorum = value);
        Set(RoundDeadlineSeconds, value => message.RoundDeadlineSeconds = value);
        Set(MostAbsences, value => message.MostAbsences = value);
        Set(Staleness, value => message.Staleness = value);
        Set(Solver, value => message.Solver = value);
        Set(Criterion, value => message.Criterion = value);
        Set(Gradient, value => message.Gradient = value);
        Set(Perturbation, value => message.Perturbation = value);
        Set(StepRule, value => message.StepRule = value);
        Set(Congestion, value => message.Congestion = value);
        Set(CongestionForm, value => message.CongestionForm = value);
        Set(described is null ? null : (described with { Exponent = Alpha ?? described.Exponent }).ToJson(), value => message.EmulatedSystem = value);
        return Wire.ToParameters(message);
    }

    private static void Set<T>(T? value, Action<T> assign)
        where T : struct
    {
        if (value is { } given)
        {
            assign(given);
        }
    }

    private static void Set(string? value, Action<string> assign)
    {
        if (value is not null)
        {
            assign(value);
        }
    }
}
