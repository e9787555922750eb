using System.Globalization;
using System.Text;
using Dcc.Core.Numerics;
using Dcc.Core.Randomness;
using Dcc.Links.Model;

namespace Dcc.Links.Tests.Traces;

/// <summary>Makes the traces that come along; see src/Dcc.Links/Traces/README.md.</summary>
internal static class TraceGenerator
{
    internal static string Steady3G() => Write(Enumerable.Range(1, 400).Select(k => (int)(7.5 * k)));

    internal static string DrivingLte()
    {
        var stream = RandomStream.For(seed: 1, StreamPurpose.Link, device: int.MaxValue);
        var times = new List<int>();
        double x = 0, credit = 0;
        for (var millisecond = 1; millisecond <= 20_000; millisecond++)
        {
            if (millisecond % 100 == 1)
            {
                x = (0.95 * x) + (0.8 * Math.Sqrt(1 - (0.95 * 0.95)) * NormalDistribution.Quantile(stream.NextUnit() + 1e-12));
            }

            var bitsPerSecond = millisecond is > 12_000 and <= 13_200 ? 0 : Math.Min(20e6, 4e6 * DeterministicMath.Exp(x));
            for (credit += bitsPerSecond / 8 / 1000 / PacketTrace.PacketBytes; credit >= 1; credit--)
            {
                times.Add(millisecond);
            }
        }

        return Write(times.Append(20_000));
    }

    private static string Write(IEnumerable<int> times) =>
        times.Aggregate(new StringBuilder(), (text, time) => text.Append(CultureInfo.InvariantCulture, $"{time}\n")).ToString();
}
