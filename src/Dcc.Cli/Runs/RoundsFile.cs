using System.Globalization;

namespace Dcc.Cli.Runs;

/// <summary>rounds.csv: one row per device and round 0..R-1, with what was pushed and what was reported.</summary>
internal static class RoundsFile
{
    private const string Header =
        "round,device,theta,epsilonOwn,epsilonOthers,price,j,jOwn,jOthers,reportBytes,roundTripMilliseconds";

    internal static void WriteHeader(StreamWriter writer) => writer.WriteLine(Header);

    /// <summary>Appends a round. Bytes and times are empty where nothing crossed a network.</summary>
    internal static void WriteRound(StreamWriter writer, in RunReplay.ReplayedRound replayed)
    {
        for (var i = 0; i < replayed.Round.Pushes.Length; i++)
        {
            var push = replayed.Round.Pushes[i];
            var report = replayed.Round.Reports[i];
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{replayed.Round.Round},{i},{push.Theta:R},{replayed.EpsilonOwn[i]:R},{replayed.EpsilonOthers[i]:R},{push.Price:R},{report.Cost:R},{report.Own:R},{report.Others:R},,"));
        }
    }
}
