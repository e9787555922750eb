namespace Dcc.Core.Evaluation;

/// <summary>
/// The best theta that can be found for a system: coordinate descent on the exact cost from several starts. The objective is not convex, so
/// the result is an upper bound on the true optimum.
/// </summary>
public sealed class Optimum
{
    // A coordinate is first searched over the whole interval, then by ever shorter steps.
    private const int ScanPoints = 33;
    private const double FirstStep = 0.04;
    private const double LastStep = 0.0002;

    // Sums of theta to start from, spread evenly, besides theta = 0.
    private static readonly double[] StartSums = [0.5, 1, 2, 4];

    private readonly SystemCost objective;
    private readonly double[] theta;
    private readonly double[] costs;
    private double total;
    private long readings;

    private Optimum(SystemCost objective)
    {
        this.objective = objective;
        theta = new double[objective.Curves.Length];
        costs = new double[theta.Length];
    }

    /// <summary>Searches.</summary>
    /// <param name="objective">The system's exact cost.</param>
    /// <param name="readings">
    /// Curve readings after which no further start is tried and the current one is not refined further: about 10 million a second.
    /// </param>
    /// <param name="starts">Further starting points, such as the theta a run ended with.</param>
    /// <param name="progress">Told the fraction done, from 0 to 1.</param>
    /// <param name="cancellation">Ends the search.</param>
    public static (double[] Theta, double CostPerDevice) Find(
        SystemCost objective, long readings, IEnumerable<double[]> starts, Action<double>? progress, CancellationToken cancellation)
    {
        var devices = objective.Curves.Length;
        var candidates = new List<double[]> { new double[devices] };
        foreach (var sum in StartSums)
        {
            var start = new double[devices];
            Array.Fill(start, Math.Min(1, sum / devices));
            candidates.Add(start);
        }

        candidates.InsertRange(0, starts);
        var search = new Optimum(objective) { readings = readings };
        var (best, least) = (candidates[0], double.PositiveInfinity);
        foreach (var candidate in candidates)
        {
            // A start counts as it is, too, should the readings not last until its turn.
            var cost = objective.PerDevice(candidate);
            (best, least) = cost < least ? (candidate, cost) : (best, least);
        }

        for (var i = 0; i < candidates.Count && search.readings > 0; i++)
        {
            progress?.Invoke((double)i / candidates.Count);
            search.Descend(candidates[i], cancellation);
            var cost = objective.PerDevice(search.theta);
            if (cost < least)
            {
                least = cost;
                best = (double[])search.theta.Clone();
            }
        }

        progress?.Invoke(1);
        return (best, least);
    }

    private void Descend(double[] start, CancellationToken cancellation)
    {
        start.CopyTo(theta, 0);
        Recount();
        var moved = true;
        for (var sweep = 0; moved && sweep < 3; sweep++)
        {
            moved = Sweep(Scan, cancellation);
        }

        for (var step = FirstStep; step >= LastStep && readings > 0; step /= 2)
        {
            while (readings > 0 && Sweep(i => Walk(i, step), cancellation))
            {
            }
        }
    }

    private bool Sweep(Func<int, bool> move, CancellationToken cancellation)
    {
        var moved = false;
        for (var i = 0; i < theta.Length && readings > 0; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            moved |= move(i);
        }

        Recount();
        return moved;
    }

    private bool Scan(int i)
    {
        var moved = false;
        for (var point = 0; point < ScanPoints; point++)
        {
            moved |= TryMove(i, (double)point / (ScanPoints - 1));
        }

        return moved;
    }

    private bool Walk(int i, double step)
    {
        var moved = false;
        while (TryMove(i, theta[i] + step))
        {
            moved = true;
        }

        while (!moved && TryMove(i, theta[i] - step))
        {
            while (TryMove(i, theta[i] - step))
            {
            }

            moved = true;
        }

        return moved;
    }

    // Moves one coordinate if the whole system's cost falls.
    private bool TryMove(int i, double value)
    {
        value = Math.Clamp(value, 0, 1);
        if (value == theta[i])
        {
            return false;
        }

        readings -= theta.Length;
        var moved = total - theta[i] + value;
        var change = objective.Curves[i].Read(value, objective.Price(moved - value)).Cost - costs[i];
        for (var j = 0; j < theta.Length; j++)
        {
            if (j != i)
            {
                change += objective.Curves[j].Read(theta[j], objective.Price(moved - theta[j])).Cost - costs[j];
            }
        }

        if (change >= -1e-10)
        {
            return false;
        }

        theta[i] = value;
        Recount();
        return true;
    }

    private void Recount()
    {
        total = 0;
        foreach (var value in theta)
        {
            total += value;
        }

        for (var j = 0; j < theta.Length; j++)
        {
            costs[j] = objective.Curves[j].Read(theta[j], objective.Price(total - theta[j])).Cost;
        }
    }
}
