using System.Diagnostics;
using System.Globalization;
using Dcc.Coordinator.Runs;
using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Journal;
using Microsoft.Extensions.DependencyInjection;

namespace Dcc.Benchmarks;

/// <summary>
/// How long a coordinator takes to recover one large run: it writes the journal of a run with scripted reports (the engine's own records, as big as
/// real ones), then recovers it as a starting coordinator does, from a file that is in the page cache and, where the kernel may be told so, from
/// one that is not.
/// </summary>
internal static class Recovery
{
    private const string Run = "recovery";

    internal static async Task Print(int devices, int rounds)
    {
        var folder = Directory.CreateTempSubdirectory("dcc-recovery-").FullName;
        try
        {
            var store = Path.Combine(folder, "store.db");
            var parts = Write(store, devices, rounds);
            Say($"{devices} devices, {rounds} rounds: {new FileInfo(store).Length / 1e6:F0} MB");
            Parts(store, parts);
            for (var attempt = 0; attempt < 3; attempt++)
            {
                await Recover(store, "cached");
            }

            if (DropCache())
            {
                await Recover(store, "not cached");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Write(string store, int devices, int rounds)
    {
        var parameters = new RunParameters { Devices = devices, Rounds = rounds, Seed = 1, InitialTheta = new double[devices] };
        var effects = new List<RoundEffect>();
        var engine = RoundEngine.Create(parameters, effects);
        for (var device = 0; device < devices; device++)
        {
            engine.Handle(RoundEvent.Joined(device, 1, -1), effects);
        }

        using var journal = SqliteJournal.Open(store);
        var random = new Random(1);
        while (!engine.Finished)
        {
            Persist();
            var round = engine.Round;
            for (var device = 0; device < devices; device++)
            {
                var cost = 2 + random.NextDouble();
                engine.Handle(RoundEvent.Reported(device, 1, round, new Report(cost, cost - 0.01 + (0.02 * random.NextDouble()), cost + 0.01)), effects);
            }
        }

        Persist();
        return engine.Digest;

        void Persist()
        {
            foreach (var effect in effects.Where(effect => effect.Kind == RoundEffectKind.Persist))
            {
                journal.Append(Run, effect.Record!);
            }

            effects.Clear();
        }
    }

    // Where the time goes: reading, then the chain's hashes, then all of it.
    private static void Parts(string store, string digest)
    {
        using var journal = SqliteJournal.OpenExisting(store);
        Time("reading alone", () => journal.Read(Run).Sum(record => (long)record.Body.Length));
        Time("reading and hashing", () =>
        {
            JournalRecord? last = null;
            foreach (var record in journal.Read(Run))
            {
                _ = record.Follows(last) ? 0 : throw new InvalidOperationException("the journal is damaged");
                last = record;
            }

            return 0;
        });
        Time("reading, hashing and replaying", () =>
        {
            RoundEngine? engine = null;
            foreach (var record in journal.Read(Run))
            {
                if (engine is null)
                {
                    engine = RoundEngine.Recover(record);
                }
                else
                {
                    engine.Replay(record);
                }
            }

            return engine!.Digest == digest ? 0 : throw new InvalidOperationException("another digest");
        });
    }

    private static async Task Recover(string store, string how)
    {
        await using var app = Coordinator.Program.Build(new Dictionary<string, string?>
        {
            ["Coordinator:Store"] = store, ["Coordinator:Http"] = "none", ["Coordinator:Listen"] = "http://127.0.0.1:0",
        });
        var clock = Stopwatch.StartNew();
        await app.Services.GetRequiredService<RunRegistry>().Recover().ConfigureAwait(false);
        Say($"opening and recovery by a coordinator, {how}: {clock.Elapsed.TotalSeconds:F2} s, {GC.GetTotalMemory(forceFullCollection: true) / 1e6:F0} MB on the heap after it");
    }

    private static void Time<T>(string what, Func<T> work)
    {
        var clock = Stopwatch.StartNew();
        work();
        Say($"{what}: {clock.Elapsed.TotalSeconds:F2} s");
    }

    private static bool DropCache()
    {
        try
        {
            using (var sync = Process.Start("sync"))
            {
                sync.WaitForExit();
            }

            File.WriteAllText("/proc/sys/vm/drop_caches", "1");
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
