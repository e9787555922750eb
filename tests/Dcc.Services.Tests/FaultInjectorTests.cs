using Dcc.Cli.Emulation;
using Dcc.Cli.Scenarios;
using Dcc.Links;
using Dcc.Links.Ledger;

namespace Dcc.Services.Tests;

public sealed class FaultInjectorTests
{
    private readonly List<string> injected = [];

    [Fact]
    public void Seen_AnswerToldBeforeTheArrivalItAnswers_InjectsInTheOrderOfThePoints()
    {
        using var injector = Injector(Reset(ProtocolPoint.ReportSent), Reset(ProtocolPoint.PushArrived), Reset(ProtocolPoint.ReportArrived));

        injector.Seen(0, LinkDirection.Up, TapMoment.Sent, new MessageInfo(MessageKind.Report, 1));
        injector.Seen(0, LinkDirection.Down, TapMoment.Delivered, new MessageInfo(MessageKind.Push, 1));

        Assert.Equal(["PushArrived", "ReportSent"], injected);
    }

    [Fact]
    public void Seen_NextRoundOpensBeforeAnArrivalIsTold_InjectsItFirst()
    {
        using var injector = Injector(Reset(ProtocolPoint.PushSent, round: 2), Reset(ProtocolPoint.ReportArrived), Reset(ProtocolPoint.ReportSent));

        injector.Seen(0, LinkDirection.Down, TapMoment.Sent, new MessageInfo(MessageKind.Push, 2));

        Assert.Equal(["ReportSent", "ReportArrived", "PushSent"], injected);
    }

    [Fact]
    public void Seen_PointOfAnotherDeviceOrRound_InjectsNothing()
    {
        using var injector = Injector(Reset(ProtocolPoint.PushSent));

        injector.Seen(1, LinkDirection.Down, TapMoment.Sent, new MessageInfo(MessageKind.Push, 1));
        injector.Seen(0, LinkDirection.Down, TapMoment.Sent, new MessageInfo(MessageKind.Push, 0));
        injector.Seen(0, LinkDirection.Down, TapMoment.Sent, new MessageInfo(MessageKind.Heartbeat, 1));

        Assert.Empty(injected);
    }

    private static TimelineFault Reset(ProtocolPoint point, int round = 1) =>
        new(new AtPoint(point, 0, round), new ResetConnections([0]), 1, "timeline[0]");

    private FaultInjector Injector(params TimelineFault[] timeline) => new(
        new Scenario("test", [LinkSettings.None, LinkSettings.None], [DeviceClass.Unlimited, DeviceClass.Unlimited], timeline, null), new Nowhere(), (_, _) => { },
        (_, fault) => injected.Add(((AtPoint)fault.Trigger).Point.ToString()));

    private sealed class Nowhere : IFaultTarget
    {
        public void Partition(int device, bool up, bool down)
        {
        }

        public void Change(int device, LinkSettings settings)
        {
        }

        public void Refuse(int device, bool refuse)
        {
        }

        public void Reset(int device)
        {
        }

        public void Limit(int device, LinkDirection direction, int bytes)
        {
        }

        public void SlowClose(int device, TimeSpan time)
        {
        }

        public void KillAgents(IReadOnlyList<int> devices, TimeSpan restartAfter)
        {
        }

        public void PauseAgents(IReadOnlyList<int> devices, bool pause)
        {
        }

        public void EndCoordinator(bool kill, TimeSpan restartAfter)
        {
        }

        public void PauseCoordinator(bool pause)
        {
        }
    }
}
