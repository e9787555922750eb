using System.Globalization;

namespace Dcc.Cli.Terminal;

/// <summary>A committed round, as a row of the table that grows while a run goes on.</summary>
/// <param name="Round">From 0 to R; round R is the last evaluation.</param>
/// <param name="Rounds">R.</param>
/// <param name="MeanTheta">Of what the round was pushed with.</param>
/// <param name="LeastTheta">Of the devices.</param>
/// <param name="MostTheta">Of the devices.</param>
/// <param name="MeanCost">Mean of the reported J.</param>
/// <param name="Time">How long the round took, null where unknown.</param>
/// <param name="Connected">Devices connected, null where there is nothing to connect to.</param>
internal sealed record RoundRow(
    int Round, int Rounds, double MeanTheta, double LeastTheta, double MostTheta, double MeanCost, TimeSpan? Time, int? Connected)
{
    internal static string Header => Line("round", "mean theta", "min", "max", "mean J", "round time", "connected");

    /// <summary>Done so far, 0 to 1.</summary>
    internal double Fraction => (Round + 1.0) / (Rounds + 1);

    /// <summary>What goes on after this round.</summary>
    internal string Next => Round >= Rounds ? "all rounds done"
        : string.Create(CultureInfo.InvariantCulture, $"round {Round + 1} of {Rounds}, mean J {MeanCost:F4}");

    /// <summary>The row, 79 characters.</summary>
    public override string ToString() => Line(
        Whole(Round), Number(MeanTheta), Number(LeastTheta), Number(MostTheta), Number(MeanCost), Time is { } time ? Duration(time) : "", Whole(Connected));

    /// <summary>The row as part of a line.</summary>
    internal string Short() => string.Create(
        CultureInfo.InvariantCulture, $"round {Round}, theta {MeanTheta:F3} ({LeastTheta:F3}-{MostTheta:F3}), J {MeanCost:F3}");

    private static string Line(string round, string mean, string least, string most, string cost, string time, string connected) =>
        $"{round,6} {mean,11} {least,9} {most,9} {cost,11} {time,12} {connected,11}";

    private static string Number(double value) => value.ToString("F4", CultureInfo.InvariantCulture);

    private static string Whole(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Duration(TimeSpan time) => time.TotalSeconds < 10
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:F0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s");
}
