using Dcc.Core.Engine;
using Dcc.Core.Learning;

namespace Dcc.Core.Tests.Engine;

public class AbsentDevicesTests
{
    [Fact]
    public void Absent_IsWhoNeitherReportedNorIsConnected()
    {
        var effects = new List<RoundEffect>();
        var engine = RoundEngine.Create(new RunParameters { Devices = 3, Rounds = 1, Seed = 1, InitialTheta = new double[3] }, effects);
        Check(missing: 3, absent: 3);
        engine.Handle(RoundEvent.Joined(0, 1, -1), effects);
        engine.Handle(RoundEvent.Joined(1, 2, -1), effects);
        Check(missing: 3, absent: 1);
        engine.Handle(RoundEvent.Joined(1, 3, -1), effects);
        Check(missing: 3, absent: 1);
        engine.Handle(RoundEvent.Reported(0, 1, 0, default), effects);
        Check(missing: 2, absent: 1);

        // Who has reported may go, until the next round wants something of it.
        engine.Handle(RoundEvent.Left(0, 1), effects);
        Check(missing: 2, absent: 1);
        engine.Handle(RoundEvent.Left(1, 2), effects);
        Check(missing: 2, absent: 1);
        engine.Handle(RoundEvent.Left(1, 3), effects);
        Check(missing: 2, absent: 2);
        engine.Handle(RoundEvent.Joined(1, 4, -1), effects);
        engine.Handle(RoundEvent.Joined(2, 5, -1), effects);
        engine.Handle(RoundEvent.Reported(1, 4, 0, default), effects);
        engine.Handle(RoundEvent.Reported(2, 5, 0, default), effects);
        Assert.Equal(1, engine.Round);
        Check(missing: 3, absent: 1);
        engine.Handle(RoundEvent.Reported(1, 4, 1, new Report(double.NaN, 0, 0)), effects);
        Check(missing: 3, absent: 2);
        engine.Cancel(effects);
        Check(missing: 3, absent: 3);

        void Check(int missing, int absent) => Assert.Equal((missing, absent), (engine.Missing, engine.Absent));
    }

    [Fact]
    public void Absent_OfAFinishedRun_IsNobody()
    {
        var effects = new List<RoundEffect>();
        var engine = RoundEngine.Create(new RunParameters { Devices = 1, Rounds = 1, Seed = 1, InitialTheta = new double[1] }, effects);
        engine.Handle(RoundEvent.Joined(0, 1, -1), effects);
        engine.Handle(RoundEvent.Reported(0, 1, 0, default), effects);
        engine.Handle(RoundEvent.Reported(0, 1, 1, default), effects);
        engine.Handle(RoundEvent.Left(0, 1), effects);
        Assert.Equal((true, 0), (engine.Finished, engine.Absent));
    }
}
