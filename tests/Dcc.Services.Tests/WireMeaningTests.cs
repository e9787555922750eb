using Dcc.Protocol;
using Dcc.Protocol.V1;
using Google.Protobuf;

namespace Dcc.Services.Tests;

public class WireMeaningTests
{
    private static readonly DeviceMessage[] FromDevice =
    [
        Talker.Hello(3), Talker.Report(0), Talker.Report(1), Talker.Report(300), Talker.Report(int.MaxValue), Talker.Report(uint.MaxValue, 0, 0, 0),
        new() { Report = new Report() }, new() { Heartbeat = new Heartbeat() }, new() { Leave = new Leave() }, new(),
    ];

    private static readonly CoordinatorMessage[] FromCoordinator =
    [
        new() { Welcome = new Welcome { Solver = new string('x', 300) } }, new() { Push = new Push { Theta = 1 } }, new() { Push = new Push { Round = 128 } },
        new() { Push = new Push { Round = 9, PriceOthers = double.NaN } }, new() { Replay = new Replay { FirstRound = 4, Scalars = { new double[480] } } },
        new() { End = new End { Theta = 0.5 } }, new() { End = new End() }, new() { Heartbeat = new Heartbeat() }, new(),
    ];

    [Fact]
    public void Of_EveryDeviceMessage_IsItsContentAndRound()
    {
        foreach (var message in FromDevice)
        {
            var round = message.Report is { } report ? (int)Math.Min(report.Round, int.MaxValue) : -1;
            Assert.Equal(new WireMeaning(Kind(message.ContentCase), round), WireMeaning.Of(message.ToByteArray(), fromDevice: true));
        }

        Assert.Equal(Enum.GetValues<DeviceMessage.ContentOneofCase>().Order(), FromDevice.Select(message => message.ContentCase).Distinct().Order());
    }

    [Fact]
    public void Of_EveryCoordinatorMessage_IsItsContentAndRound()
    {
        foreach (var message in FromCoordinator)
        {
            var round = message.Push is { } push ? (int)push.Round : -1;
            Assert.Equal(new WireMeaning(Kind(message.ContentCase), round), WireMeaning.Of(message.ToByteArray(), fromDevice: false));
        }

        Assert.Equal(
            Enum.GetValues<CoordinatorMessage.ContentOneofCase>().Order(), FromCoordinator.Select(message => message.ContentCase).Distinct().Order());
    }

    [Fact]
    public void RoundField_OfPushAndReport_IsTheFirst()
    {
        Assert.Equal(1, Push.RoundFieldNumber);
        Assert.Equal(Push.RoundFieldNumber, Report.RoundFieldNumber);
    }

    [Fact]
    public void Of_OnlyTheHeadOfAMessage_IsTheSame()
    {
        var replay = FromCoordinator.Single(message => message.Replay is not null).ToByteArray();

        Assert.Equal(WireKind.Replay, WireMeaning.Of(replay.AsSpan(..10), fromDevice: false).Kind);
    }

    [Fact]
    public void Of_AnyBytes_NeverThrows()
    {
        var random = new Random(1);
        var bytes = new byte[12];
        for (var i = 0; i < 100_000; i++)
        {
            random.NextBytes(bytes);
            var message = bytes.AsSpan(..random.Next(bytes.Length));
            Assert.True(WireMeaning.Of(message, fromDevice: true).Round >= -1);
            Assert.True(WireMeaning.Of(message, fromDevice: false).Round >= -1);
        }
    }

    [Fact]
    public void Of_PushReportAndHeartbeat_AllocatesNothing()
    {
        var push = new CoordinatorMessage { Push = new Push { Round = 5, Theta = 1 } }.ToByteArray();
        var report = Talker.Report(5).ToByteArray();
        var heartbeat = new DeviceMessage { Heartbeat = new Heartbeat() }.ToByteArray();
        WireMeaning.Of(push, fromDevice: false);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            WireMeaning.Of(push, fromDevice: false);
            WireMeaning.Of(report, fromDevice: true);
            WireMeaning.Of(heartbeat, fromDevice: true);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static WireKind Kind<T>(T content)
        where T : struct, Enum => Enum.TryParse<WireKind>(content.ToString(), out var kind) ? kind : WireKind.Other;
}
