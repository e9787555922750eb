using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Core.Policies;

namespace Dcc.Core.Tests.Engine;

public class DeviceSessionTests
{
    private static readonly Push First = new(0.1, 0.2, 1, 2);

    [Fact]
    public void Handle_PushesInAndOutOfOrder_LearnsEachOnce()
    {
        var solver = new Counting();
        var session = new DeviceSession(solver);
        Assert.Equal(-1, session.LastRoundHeld);
        Assert.Equal(PushOutcome.Gap, session.Handle(1, First));
        Assert.Equal(PushOutcome.Learned, session.Handle(0, First));
        Assert.Equal(PushOutcome.Repeated, session.Handle(0, First));
        Assert.Equal(PushOutcome.Conflict, session.Handle(0, First with { Price = 1.5 }));
        Assert.Equal(PushOutcome.Learned, session.Handle(1, First));
        Assert.Equal(PushOutcome.Stale, session.Handle(0, First));
        Assert.Equal(PushOutcome.Gap, session.Handle(3, First));
        Assert.Equal((1, 2), (session.LastRoundHeld, solver.Solved));
        Assert.Equal(2, session.LastReport.Cost);
    }

    private sealed class Counting : ILocalSolver
    {
        internal int Solved { get; private set; }

        public PolicyMixture Policy => throw new InvalidOperationException("There is no policy here.");

        public CurvePoint LastPoint => default;

        public EvaluationWatch? Watch { get; set; }

        public Report Solve(int round, Push push) => new(++Solved, 0, 0);
    }
}
