using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dcc.Cli.Control;
using Dcc.Cli.Scenarios;
using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Dcc.Hosting.Telemetry;
using Dcc.Links;
using Dcc.Links.Proxy;

namespace Dcc.Cli.Commands;

/// <summary>dcc link: one link alone, as a sidecar or on a host between, until it is told to stop.</summary>
internal static class LinkCommand
{
    // Together below the second that a stop may take. What is left then is closed by the end of the process.
    private static readonly TimeSpan ControlStop = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LinkStop = TimeSpan.FromMilliseconds(500);

    internal static Command Create()
    {
        var listen = Address("--listen", "Where devices connect to; port 0 takes a free one.", required: true);
        var upstream = Address("--upstream", "Where their connections go; a name is resolved at each connection.", required: true);
        var control = Address("--control", "Serve the HTTP API that changes the link at run time here [nowhere].", required: false);
        var anywhere = new Option<bool>("--control-anywhere")
        {
            Description = "Let --control be other than loopback. It has no authentication: whoever reaches it controls the link.",
        };
        var seed = Inputs.Number<ulong>("--seed", "Of loss and jitter [1].", "S");
        var scenario = new Option<string?>("--scenario") { Description = "The link that a scenario gives --device, in place of a profile.", HelpName = "NAME|FILE" };
        var device = Inputs.Number<int>("--device", "Whose link of --scenario.", "I");
        Inputs.Complete(scenario, BuiltInScenarios.Names);
        var link = new LinkOptions();
        var command = new DccCommand("link", "Run one emulated link alone, as a TCP proxy.")
        {
            Purpose = "Runs until SIGTERM or SIGINT, as a sidecar or on a host between. The link's fields are written as in scenario files; each also "
                + "exists for one direction, as --up-latency or --down-loss. Up is from the devices to upstream.",
            Examples =
            [
                ("dcc link --listen 127.0.0.1:6000 --upstream edge.example:5080 --profile lte", "a device's modem"),
            ],
            ExitCodes = "0 stopped as asked, 1 failed, 2 bad input (one line on stderr).",
        };
        command.Add("Addresses", listen, upstream, control, anywhere);
        command.Add("Link", [.. link.All, seed, scenario, device]);

        command.SetAction(async (parsed, cancellation) =>
        {
            // Signals are handled only from here on: nothing may be started before.
            await Task.Yield();
            var faults = new List<InputFault>();
            var from = HostAndPort.ReadLocal("listen", parsed.GetValue(listen)!, faults);
            var to = HostAndPort.ReadRemote("upstream", parsed.GetValue(upstream)!, faults);
            var api = parsed.GetValue(control) is { } text ? HostAndPort.ReadLocal("control", text, faults) : null;
            if (api is not null && !IPAddress.IsLoopback(api.Address) && !parsed.GetValue(anywhere))
            {
                faults.Add(new InputFault("control", "a loopback address, or --control-anywhere beside it", api.ToString()));
            }

            if (from is not null && to is IPEndPoint self && from.Port == self.Port
                && (from.Address.Equals(self.Address) || (from.Address.Equals(IPAddress.Any) && IPAddress.IsLoopback(self.Address))))
            {
                faults.Add(new InputFault("upstream", "another address than --listen", self.ToString()));
            }

            var settings = link.Read(parsed, faults);
            var (name, index) = (parsed.GetValue(scenario), parsed.GetValue(device));
            if ((name is null) != (index is null) || (name is not null && link.All.Any(option => parsed.GetResult(option) is not null)))
            {
                faults.Add(new InputFault("scenario", "--device beside it, and no field of a link", "something else"));
            }

            if (faults.Count > 0)
            {
                throw new InvalidInputException(faults);
            }

            var drawn = RunParameters.DefaultSeed;
            if (name is not null)
            {
                (settings, drawn) = OfScenario(ScenarioFile.Open(name), index!.Value);
            }

            await Serve(from!, to!, api, settings, parsed.GetValue(seed) ?? drawn, index ?? 0, cancellation).ConfigureAwait(false);
            return Program.Done;
        });
        return command;
    }

    // Index and seed are what dcc emulate has, so that the link draws the same losses and delays.
    private static (LinkSettings Link, ulong Seed) OfScenario(ScenarioFile file, int device)
    {
        var (scenario, devices, _) = file.ForItself();
        return device >= 0 && device < devices
            ? (scenario.LinkOf(device), file.Run.Parameters().Seed)
            : throw new InvalidInputException(
                "device", string.Create(CultureInfo.InvariantCulture, $"an index from 0 to {devices - 1}"), device.ToString(CultureInfo.InvariantCulture));
    }

    private static async Task Serve(
        IPEndPoint listen, EndPoint upstream, IPEndPoint? control, LinkSettings settings, ulong seed, int index, CancellationToken cancellation)
    {
        using var instruments = new LinkInstruments();
        using var bridge = new PrometheusBridge(instruments.Meter);
        var proxy = Open(listen, upstream, settings, seed, index, instruments);
        try
        {
            using var faults = new LinkFaults(proxy, TimeProvider.System);
            await using var server = control is null ? null
                : await ControlServer.Start(
                    control, new LinkApi(proxy, faults, instruments, Shown(upstream), seed), bridge.Registry, ControlStop, cancellation)
                    .ConfigureAwait(false);
            await Console.Error.WriteLineAsync(
                $"dcc link: listening on {proxy.Address}, upstream {Shown(upstream)}" + (server is null ? "" : $", control on http://{server.Address}"))
                .ConfigureAwait(false);
            await Task.Delay(Timeout.Infinite, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            // A name that is being resolved cannot be interrupted.
            await proxy.DisposeAsync().AsTask().WaitAsync(LinkStop, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static LinkProxy Open(IPEndPoint listen, EndPoint upstream, LinkSettings settings, ulong seed, int index, LinkInstruments instruments)
    {
        try
        {
            // The link's own sockets share their port, so two links would too, and each would get half of the connections.
            using (var probe = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp))
            {
                probe.Bind(listen);
            }

            return LinkProxy.Start(listen, upstream, settings, seed, index, tap: null, instruments);
        }
        catch (SocketException exception)
        {
            throw new InvalidInputException("listen", "an address that can be listened on", $"{listen} ({exception.Message})");
        }
    }

    private static string Shown(EndPoint upstream) => upstream is DnsEndPoint name ? $"{name.Host}:{name.Port}" : upstream.ToString()!;

    private static Option<string?> Address(string name, string description, bool required) => new(name)
    {
        Description = description,
        HelpName = "HOST:PORT",
        Required = required,
    };
}
