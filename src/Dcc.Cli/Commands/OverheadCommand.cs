using System.CommandLine;
using System.Globalization;
using Dcc.Cli.Overhead;
using Dcc.Cli.Terminal;
using Dcc.Core.Devices;
using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Dcc.Links;

namespace Dcc.Cli.Commands;

/// <summary>dcc overhead: what this protocol's rounds cost on the network, beside those of other ways to learn together.</summary>
internal static class OverheadCommand
{
    private const string AllLinks = "all";
    private const string DefaultLinks = "wifi,lte";

    // Two sockets and a client each, all in one process; and rounds whose number takes at most two bytes on the wire.
    private const int MostDevices = 500;
    private const int MostRounds = 1000;
    private const int MostSteps = 1_000_000;

    internal static Command Create()
    {
        var devices = Inputs.Number<int>("--devices", $"Number of devices, up to {MostDevices} [10, or as in the system file].", "N");
        var rounds = Inputs.Number<int>("--rounds", $"Rounds to measure, up to {MostRounds} [5].", "R");
        var seed = Inputs.Number<ulong>("--seed", "Seed of devices, contents and links, from 0 to 2^64-1 [1].", "S");
        var system = Inputs.SystemFile(required: false);
        var steps = Inputs.Number<int>(
            "--steps", "Learning steps of a device's round: centralised training ships them, the algorithm learns from them [100000].", "STEPS");
        var link = new Option<string?>("--link")
        {
            Description = $"Profiles to time on real sockets, separated by commas, or {AllLinks}; others in virtual time [{DefaultLinks}].",
            HelpName = "PROFILE,...",
        };
        var limit = Inputs.Number<double>(
            "--time-limit", "Seconds that an exchange's rounds may take on real sockets; beyond it, virtual time [10].", "SECONDS");
        var output = new OutputOptions();
        Inputs.Complete(link, [AllLinks, .. LinkProfile.All.Select(profile => profile.Name)]);
        var display = new DisplayOptions();
        var command = new DccCommand("overhead", "Measure what a round costs, beside three other ways to learn together.")
        {
            Purpose = "Measures a round's bytes and time over one gRPC stack and the same links: this protocol, exchanging Q-tables, shipping "
                + "experience to a central learner, and averaging network weights. The parties are scripted and compute nothing.",
            Examples =
            [
                ("dcc overhead", "ten devices, timed over wifi and lte"),
                ("dcc overhead --devices 100 --link all --output out/o", "every profile on real sockets"),
            ],
        };
        command.Add("Measurement", devices, rounds, seed, system, steps, link, limit);
        command.Add("Output", [.. output.All, .. display.All]);

        command.SetAction(async (parsed, cancellation) =>
        {
            // Signals are handled only from here on: nothing may be started before.
            await Task.Yield();
            var described = parsed.GetValue(system) is { } path ? Inputs.ReadSystem(path) : null;
            var parameters = Parameters(
                parsed.GetValue(devices), parsed.GetValue(rounds), parsed.GetValue(steps), parsed.GetValue(seed), described);
            var profiles = Profiles(parsed.GetValue(link) ?? DefaultLinks);
            var seconds = Inputs.Within("time-limit", parsed.GetValue(limit) ?? 10, 0, 86_400);
            using var folder = output.Claim(parsed, "overhead");
            var devicesMeasured = described ?? EdgeSystem.Sample(parameters.Devices, parameters.Seed);
            var report = await ProgressDisplay.Run("overhead", progress =>
                new OverheadMeasurement(parameters, devicesMeasured, profiles, TimeSpan.FromSeconds(seconds), progress).Execute(cancellation), display.Quiet(parsed))
                .ConfigureAwait(false);
            folder.Write("overhead.json", report.WriteJson);
            folder.Write("overhead.csv", report.WriteCsv);
            display.Print(parsed, () => report.ToJsonLine(folder.DirectoryPath), () => OverheadTable.Write(report, folder.DirectoryPath));
            return Program.Done;
        });
        return command;
    }

    private static RunParameters Parameters(int? devices, int? rounds, int? steps, ulong? seed, EdgeSystem? system)
    {
        var faults = new List<InputFault>();
        var count = devices ?? system?.Devices.Length ?? RunParameters.DefaultDevices;
        Check("devices", count, MostDevices);
        Check("rounds", rounds ?? RunParameters.DefaultRounds, MostRounds);
        Check("steps", steps ?? 1, MostSteps);
        if (system is not null && count != system.Devices.Length)
        {
            faults.Add(new InputFault("devices", $"{system.Devices.Length}, the number in the system file", $"{count}"));
        }

        if (faults.Count > 0)
        {
            throw new InvalidInputException(faults);
        }

        var parameters = new RunParameters
        {
            Devices = count,
            Rounds = rounds ?? RunParameters.DefaultRounds,
            Seed = seed ?? RunParameters.DefaultSeed,
            InitialTheta = new double[count],
            Exponent = system?.Exponent ?? 1,
        };
        parameters = parameters with { Steps = steps ?? parameters.Steps };
        parameters.Validate();
        return parameters;

        void Check(string field, int value, int most)
        {
            if (value < 1 || value > most)
            {
                faults.Add(new InputFault(
                    field, string.Create(CultureInfo.InvariantCulture, $"a whole number from 1 to {most}"),
                    value.ToString(CultureInfo.InvariantCulture)));
            }
        }
    }

    private static LinkProfile[] Profiles(string names) => names == AllLinks
        ? [.. LinkProfile.All]
        : [.. names.Split(',').Distinct().Select(name => LinkProfile.Find(name) ?? throw new InvalidInputException(
            "link", $"{AllLinks} or any of {string.Join('|', LinkProfile.All.Select(profile => profile.Name))}, separated by commas",
            name.Length == 0 ? "an empty name" : name))];
}
