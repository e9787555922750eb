using Dcc.Core.Randomness;

namespace Dcc.Links.Model;

/// <summary>
/// Which segments are lost: independently, or in bursts by a Gilbert-Elliott channel (Gilbert 1960, Elliott 1963) that starts in the good state.
/// Each transmission draws a loss in the present state and then moves the chain, so a bad state lasts 1 / ToGood transmissions on average and
/// holds a share ToBad / (ToBad + ToGood) of them.
/// </summary>
internal struct LossProcess
{
    private bool bad;

    /// <summary>Whether the next transmission is lost.</summary>
    internal bool Next(DirectionSettings settings, ref RandomStream stream)
    {
        if (settings.Burst is not { } burst)
        {
            return settings.Loss > 0 && stream.NextUnit() < settings.Loss;
        }

        var lost = stream.NextUnit() < (bad ? burst.LossInBad : settings.Loss);
        bad = stream.NextUnit() < (bad ? 1 - burst.ToGood : burst.ToBad);
        return lost;
    }
}
