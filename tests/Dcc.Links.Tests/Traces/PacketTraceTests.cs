using CsCheck;
using Dcc.Core.Validation;

namespace Dcc.Links.Tests.Traces;

public sealed class PacketTraceTests
{
    [Fact]
    public void BuiltIn_Each_IsWhatTheGeneratorMakes()
    {
        foreach (var (name, made) in new[] { ("steady-3g", TraceGenerator.Steady3G()), ("driving-lte", TraceGenerator.DrivingLte()) })
        {
            // REGENERATE_TRACES names the folder to write them to.
            if (Environment.GetEnvironmentVariable("REGENERATE_TRACES") is { } folder)
            {
                File.WriteAllText(Path.Combine(folder, $"{name}.trace"), made);
            }
            else
            {
                Assert.Equal(PacketTrace.Parse(made).Milliseconds, PacketTrace.BuiltIn(name)!.Milliseconds);
            }
        }

        Assert.Null(PacketTrace.BuiltIn("none"));
    }

    [Theory]
    [InlineData("", "trace")]
    [InlineData("0\n0", "trace")]
    [InlineData("5\n4", "trace line 2")]
    [InlineData("5\n\nx", "trace line 3")]
    [InlineData("-1", "trace line 1")]
    public void Parse_Broken_NamesTheLine(string text, string field) =>
        Assert.Equal(field, Assert.Throws<InvalidInputException>(() => PacketTrace.Parse(text)).Faults.Single().Field);

    [Fact]
    public void FirstOpportunity_AnyTime_IsTheOneALinearSearchFinds() =>
        Gen.Select(Gen.Int[0, 50].Array[1, 12], Gen.Int[1, 50], Gen.Int[0, 4_000_000]).Sample((times, last, ticks) =>
        {
            var sorted = times.Append(50 + last).Order();
            var trace = PacketTrace.Parse(string.Join('\n', sorted));
            var now = TimeSpan.FromTicks(ticks);
            long expected = 0;
            while (trace.OpportunityAt(expected) < now)
            {
                expected++;
            }

            return trace.FirstOpportunity(now) == expected;
        });
}
