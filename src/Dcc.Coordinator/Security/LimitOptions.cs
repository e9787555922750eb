using System.Globalization;
using Dcc.Core.Engine;
using Dcc.Core.Validation;
using Dcc.Hosting;

namespace Dcc.Coordinator.Security;

/// <summary>
/// What one peer may take of the coordinator; section Coordinator:Limits. The defaults let a gateway of ten thousand devices pass, which have one
/// address together; where devices have addresses of their own, lower the first two. A message has at most 4 KiB in any case.
/// </summary>
internal sealed class LimitOptions
{
    /// <summary>Open connections from one IP address (of IPv6, from one /64 network) to the gRPC port; further ones are closed.</summary>
    public int ConnectionsPerPeer { get; set; } = 12_000;

    /// <summary>Open streams of devices and of health probes from one such address; further ones are refused.</summary>
    public int StreamsPerPeer { get; set; } = 12_000;

    /// <summary>Runs of the coordinator, whatever their state; operators can create no more.</summary>
    public int Runs { get; set; } = 1000;

    /// <summary>Devices of a run that an operator creates.</summary>
    public int DevicesPerRun { get; set; } = 20_000;

    /// <summary>Messages a second on one device's stream. An honest one sends a report for each push, and heartbeats when idle.</summary>
    public int MessagesPerSecond { get; set; } = 10_000;

    /// <summary>From a connection to the end of its TLS handshake. Seconds.</summary>
    public double HandshakeSeconds { get; set; } = 10;

    /// <summary>From a stream to its hello. Seconds.</summary>
    public double HelloSeconds { get; set; } = 10;

    /// <summary>How long a connection may be open without a stream. Seconds. A stream that is silent ends after three heartbeats.</summary>
    public double IdleSeconds { get; set; } = 60;

    internal static readonly CommandLineFlag[] Flags =
    [
        new("--max-connections-per-peer", "Coordinator:Limits:ConnectionsPerPeer", "N", "Open connections from one address [12000]."),
        new("--max-streams-per-peer", "Coordinator:Limits:StreamsPerPeer", "N", "Open device streams from one address [12000]."),
        new("--max-runs", "Coordinator:Limits:Runs", "N", "Runs that the coordinator keeps [1000]."),
        new("--max-devices", "Coordinator:Limits:DevicesPerRun", "N", "Devices of a run that an operator creates [20000]."),
        new("--max-messages", "Coordinator:Limits:MessagesPerSecond", "N", "Messages a second on one device's stream [10000]."),
        new("--handshake-timeout", "Coordinator:Limits:HandshakeSeconds", "SECONDS", "From a connection to the end of its TLS handshake [10]."),
        new("--hello-timeout", "Coordinator:Limits:HelloSeconds", "SECONDS", "From a stream to its hello [10]."),
        new("--idle-timeout", "Coordinator:Limits:IdleSeconds", "SECONDS", "Longest time of a connection without a stream [60]."),
    ];

    internal void Check(List<InputFault> faults)
    {
        Whole("max-connections-per-peer", ConnectionsPerPeer, int.MaxValue, faults);
        Whole("max-streams-per-peer", StreamsPerPeer, int.MaxValue, faults);
        Whole("max-runs", Runs, int.MaxValue, faults);
        Whole("max-devices", DevicesPerRun, RunParameters.MaxDevices, faults);
        Whole("max-messages", MessagesPerSecond, int.MaxValue, faults);
        Seconds("handshake-timeout", HandshakeSeconds, faults);
        Seconds("hello-timeout", HelloSeconds, faults);
        Seconds("idle-timeout", IdleSeconds, faults);
    }

    private static void Whole(string field, int value, int most, List<InputFault> faults)
    {
        if (value < 1 || value > most)
        {
            faults.Add(new InputFault(
                field, string.Create(CultureInfo.InvariantCulture, $"a whole number from 1 to {most}"), value.ToString(CultureInfo.InvariantCulture)));
        }
    }

    private static void Seconds(string field, double value, List<InputFault> faults)
    {
        if (!(value is >= 0.1 and <= 3600))
        {
            faults.Add(new InputFault(field, "0.1 to 3600 seconds", value.ToString("R", CultureInfo.InvariantCulture)));
        }
    }
}
