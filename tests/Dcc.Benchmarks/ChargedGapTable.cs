using System.Globalization;
using System.Text.Json;
using Dcc.Core.Devices;
using Dcc.Core.Learning;

namespace Dcc.Benchmarks;

/// <summary>
/// How far the learners are from the exact optimum: (J + lambda* max(0, f - theta)) / J* - 1, mean over five seeds, for every golden case with
/// theta of at least 0.1; 100 000 learning steps.
/// </summary>
internal static class ChargedGapTable
{
    private const int Steps = 100_000;
    private const int Seeds = 5;

    private static readonly SolverKind[] Kinds = [SolverKind.PriceQ, SolverKind.QLearning, SolverKind.Dqn, SolverKind.Ppo];

    private sealed record Case(DeviceParameters Device, double Theta, double Price, double Cost, double Multiplier);

    internal static void Print()
    {
        var cases = Read().Where(golden => golden.Theta >= 0.1).ToList();
        var gaps = Kinds.Select(kind => Gaps(kind, cases)).ToList();
        Write($"{"device",-14} {"theta",6} {"price",6} {"exact J",9} {string.Concat(Kinds.Select(kind => $"{kind,12}"))}");
        for (var i = 0; i < cases.Count; i++)
        {
            var golden = cases[i];
            var name = $"H{golden.Device.MinHarvest}..{golden.Device.MaxHarvest} C{golden.Device.MinCost}..{golden.Device.MaxCost}";
            Write($"{name,-14} {golden.Theta,6:F2} {golden.Price,6:F2} {golden.Cost,9:F4} {Row(gaps.Select(column => column[i]))}");
        }

        Write($"{"mean",-14} {"",6} {"",6} {"",9} {Row(gaps.Select(column => column.Average()))}");
        Write($"{"worst",-14} {"",6} {"",6} {"",9} {Row(gaps.Select(column => column.Max()))}");
    }

    private static string Row(IEnumerable<double> gaps) =>
        string.Concat(gaps.Select(gap => string.Create(CultureInfo.InvariantCulture, $"{100 * gap,10:F2} %")));

    private static double[] Gaps(SolverKind kind, List<Case> cases)
    {
        var gaps = new double[cases.Count];
        Parallel.For(0, cases.Count, i => gaps[i] = Enumerable.Range(1, Seeds).Average(seed => Gap(kind, cases[i], (ulong)seed)));
        return gaps;
    }

    private static double Gap(SolverKind kind, Case golden, ulong seed)
    {
        var settings = new SolverSettings(kind, Steps, 0.95, Criterion.Discounted, GradientKind.ExactMultiplier, seed);
        var report = LocalSolvers.Create(settings, new EdgeDevice(golden.Device, 15, 15), 0)
            .Solve(0, new Push(golden.Theta, golden.Theta, golden.Price, golden.Price));
        return ((report.Cost + (golden.Multiplier * Math.Max(0, report.Others - golden.Theta))) / golden.Cost) - 1;
    }

    private static List<Case> Read()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "golden", "cmdp.json")));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(golden =>
        {
            int Whole(string name) => golden.GetProperty(name).GetInt32();
            double Number(string name) => golden.GetProperty(name).GetDouble();
            return new Case(
                new DeviceParameters(Whole("minHarvest"), Whole("maxHarvest"), Whole("minCost"), Whole("maxCost")),
                Number("theta"), Number("price"), Number("J"), Number("multiplier"));
        })];
    }

    private static void Write(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
