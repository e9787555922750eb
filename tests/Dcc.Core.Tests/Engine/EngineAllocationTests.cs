using Dcc.Core.Engine;
using Dcc.Core.Learning;

namespace Dcc.Core.Tests.Engine;

public class EngineAllocationTests
{
    [Fact]
    public void Report_ThatDoesNotCloseTheRound_AllocatesNothing()
    {
        const int Devices = 1_000;
        var effects = new List<RoundEffect>(4 * Devices);
        var engine = RoundEngine.Create(
            new RunParameters { Devices = Devices, Rounds = 3, Seed = 1, InitialTheta = new double[Devices] }, effects);
        for (var device = 0; device < Devices; device++)
        {
            engine.Handle(RoundEvent.Joined(device, 1, -1), effects);
        }

        // The first round compiles what is measured in the second.
        ReportAll(engine, effects, Devices);
        var before = GC.GetAllocatedBytesForCurrentThread();
        ReportAll(engine, effects, Devices - 1);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(1, engine.Missing);
    }

    private static void ReportAll(RoundEngine engine, List<RoundEffect> effects, int devices)
    {
        var round = engine.Round;
        for (var device = 0; device < devices; device++)
        {
            engine.Handle(RoundEvent.Reported(device, 1, round, new Report(device, device - 0.1, device + 0.1)), effects);
        }
    }
}
