using System.CommandLine;
using System.Globalization;
using Dcc.Cli.Load;
using Dcc.Cli.Terminal;
using Dcc.Core.Engine;
using Dcc.Core.Validation;

namespace Dcc.Cli.Commands;

/// <summary>dcc load: what a coordinator bears, beside a bare stream.</summary>
internal static class LoadCommand
{
    private const string DefaultDevices = "10,200";
    private const int MostProcesses = 64;
    private const int MostStreams = 10_000;

    private static readonly string[] PlanOptions = ["--devices", "--warm-up", "--rounds", "--processes", "--streams-per-connection"];

    internal static Command Create()
    {
        var devices = new Option<string?>("--devices") { Description = $"Numbers of devices, separated by commas [{DefaultDevices}].", HelpName = "N,..." };
        var rounds = Inputs.Number<int>("--rounds", "Rounds to measure, after a quarter as many to warm up [some 100000 device-rounds].", "R");
        var processes = Inputs.Number<int>("--processes", $"Processes that host the devices, up to {MostProcesses} [2].", "P");
        var streams = Inputs.Number<int>("--streams-per-connection", $"Devices that share a connection, up to {MostStreams} [1].", "K");
        var memory = new Option<bool>("--memory") { Description = "Journal in memory in place of a SQLite file." };
        var bare = new Option<bool>("--no-metrics") { Description = "Coordinator without its HTTP side and metrics." };
        var display = new DisplayOptions();
        var command = new DccCommand("load", "Load a real coordinator with thousands of scripted devices.")
        {
            Purpose = "Loads a coordinator's process with devices that keep to the protocol and answer at once, hosted in a few processes: rounds "
                + "per second, CPU on both sides, memory per stream, latency. Beside it a bare gRPC stream with messages of the same sizes, as the floor.",
            Examples =
            [
                ("dcc load", "10 and 200 devices"),
                ("dcc load --devices 2000,10000 --json", "one object for programs"),
            ],
        };
        command.Add("Load", devices, rounds, processes, streams, memory, bare);
        command.Add("Output", [.. display.All]);
        command.SetAction(async (parsed, cancellation) =>
        {
            await Task.Yield();
            var hosts = Whole("processes", parsed.GetValue(processes) ?? 2, MostProcesses);
            var shared = Whole("streams-per-connection", parsed.GetValue(streams) ?? 1, MostStreams);
            int? measured = parsed.GetValue(rounds) is { } given ? Whole("rounds", given, RunParameters.MaxRounds / 2) : null;
            var plans = Numbers(parsed.GetValue(devices) ?? DefaultDevices).Select(count => LoadPlan.For(count, measured, hosts, shared)).ToList();
            var report = await ProgressDisplay.Run(
                "load",
                progress => new LoadMeasurement(plans, !parsed.GetValue(memory), !parsed.GetValue(bare), progress).Execute(cancellation),
                display.Quiet(parsed)).ConfigureAwait(false);
            display.Print(parsed, report.ToJson, () => LoadTable.Write(report));
            return Program.Done;
        });
        return command;
    }

    /// <summary>The processes of a load run; not for people.</summary>
    internal static IEnumerable<Command> CreateProcesses()
    {
        Option<int>[] plan = [.. PlanOptions.Select(name => new Option<int>(name) { Required = true })];
        var process = new Option<int>("--process") { Required = true };
        var coordinator = new Option<string>("--coordinator") { Required = true };
        var hosting = new Command("load-devices") { Hidden = true };
        var floor = new Command("load-floor") { Hidden = true };
        Array.ForEach(plan, hosting.Add);
        Array.ForEach(plan, floor.Add);
        hosting.Add(process);
        hosting.Add(coordinator);
        hosting.SetAction(async (parsed, cancellation) =>
        {
            await new LoadHost(Plan(parsed), parsed.GetValue(process)).Execute(parsed.GetRequiredValue(coordinator), cancellation).ConfigureAwait(false);
            return Program.Done;
        });
        floor.SetAction(async (parsed, cancellation) =>
        {
            await FloorServer.Serve(Plan(parsed), cancellation).ConfigureAwait(false);
            return Program.Done;
        });
        return [hosting, floor];

        LoadPlan Plan(ParseResult parsed) => new(
            parsed.GetValue(plan[0]), parsed.GetValue(plan[1]), parsed.GetValue(plan[2]), parsed.GetValue(plan[3]), parsed.GetValue(plan[4]));
    }

    private static List<int> Numbers(string text)
    {
        var numbers = new List<int>();
        foreach (var part in text.Split(','))
        {
            numbers.Add(int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= RunParameters.MaxDevices
                ? count
                : throw new InvalidInputException("devices", $"whole numbers from 1 to {RunParameters.MaxDevices}, separated by commas", text.Length == 0 ? "nothing" : text));
        }

        return numbers;
    }

    private static int Whole(string field, int value, int most) => value >= 1 && value <= most
        ? value
        : throw new InvalidInputException(
            field, string.Create(CultureInfo.InvariantCulture, $"a whole number from 1 to {most}"), value.ToString(CultureInfo.InvariantCulture));
}
