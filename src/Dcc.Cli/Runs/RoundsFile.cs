using System.Globalization;
using Dcc.Protocol;

namespace Dcc.Cli.Runs;

/// <summary>rounds.csv: one row per device and round 0..R-1, with what was pushed and what was reported.</summary>
internal static class RoundsFile
{
    internal const string Header =
        "round,device,theta,epsilonOwn,epsilonOthers,price,j,jOwn,jOthers,reportBytes,roundTripMilliseconds";

    internal static void WriteHeader(StreamWriter writer) => writer.WriteLine(Header);

    /// <summary>Appends a round.</summary>
    /// <param name="writer">The file.</param>
    /// <param name="replayed">The round.</param>
    /// <param name="overNetwork">Whether its reports crossed a network; without one bytes and times are empty.</param>
    /// <param name="roundTrips">Milliseconds by device, negative where unknown; null where none is known.</param>
    internal static void WriteRound(StreamWriter writer, in RunReplay.ReplayedRound replayed, bool overNetwork, float[]? roundTrips)
    {
        for (var i = 0; i < replayed.Round.Pushes.Length; i++)
        {
            var push = replayed.Round.Pushes[i];
            var pushed = string.Create(
                CultureInfo.InvariantCulture,
                $"{replayed.Round.Round},{i},{push.Theta:R},{replayed.EpsilonOwn[i]:R},{replayed.EpsilonOthers[i]:R},{push.Price:R}");
            if (!replayed.Round.HasReport(i))
            {
                writer.WriteLine($"{pushed},,,,,");
                continue;
            }

            int? bytes = overNetwork ? Wire.ReportBytes(replayed.Round.Round, replayed.Round.Reports[i]) : null;
            float? roundTrip = roundTrips?[i] >= 0 ? roundTrips[i] : null;
            var report = replayed.Round.Reports[i];
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{pushed},{report.Cost:R},{report.Own:R},{report.Others:R},{bytes},{roundTrip}"));
        }
    }
}
