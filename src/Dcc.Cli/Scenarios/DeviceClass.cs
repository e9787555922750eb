using System.Globalization;

namespace Dcc.Cli.Scenarios;

/// <summary>What an agent's host is taken to be.</summary>
/// <param name="Name">As options and scenarios spell it.</param>
/// <param name="Board">What it has; null for whatever this machine has.</param>
internal sealed record DeviceClass(string Name, Board? Board)
{
    /// <summary>No limits: the class where none is named.</summary>
    internal static DeviceClass Unlimited { get; } = new("unlimited", null);

    /// <summary>Every class, from the smallest board up. All boards have four cores.</summary>
    internal static IReadOnlyList<DeviceClass> All { get; } =
    [
        new("pi-zero-2", new(838, 4, 512, "Raspberry Pi Zero 2 at 1 GHz, sbc-bench result 3E85; 512 MB")),
        new("pi-3", new(977, 4, 1024, "Raspberry Pi 3 B at 1.2 GHz, sbc-bench result 4hOP; 1 GB")),
        new("pi-4", new(1769, 4, 4096, "Raspberry Pi 4 B at 1.8 GHz, 64-bit Raspberry Pi OS, sbc-bench result 3OBF; the board of 4 GB")),
        new("pi-5", new(2967, 4, 8192, "Raspberry Pi 5 B at 2.4 GHz, sbc-bench result 4JAv; the board of 8 GB")),
        Unlimited,
    ];

    internal static IEnumerable<string> Names => All.Select(known => known.Name);

    /// <summary>The class of a name, null where there is none.</summary>
    internal static DeviceClass? Find(string name) => All.FirstOrDefault(known => known.Name == name);
}

/// <summary>
/// A board by its single-threaded speed, as a share of one core of this machine, and its memory: cited, not measured here. Speeds are single-threaded
/// 7-zip MIPS from one collection, sbc-bench (github.com/ThomasKaiser/sbc-bench: results/Sorted-Results.md, for the Pi 5
/// results/reviews/RPi-5B-Rev1.0.md), and so is the reference. A share says how much slower than on the reference a board computes; where this
/// machine's cores are faster or slower than the reference, the emulated board is by as much. Caches, instruction sets, memory bandwidth, SD cards
/// and heat are not emulated.
/// </summary>
/// <param name="SingleThreadedMips">Of one core.</param>
/// <param name="Cores">Cores.</param>
/// <param name="MemoryMebibytes">All of its memory: what its system takes for itself is not taken off.</param>
/// <param name="Source">The source of its numbers.</param>
internal sealed record Board(double SingleThreadedMips, int Cores, int MemoryMebibytes, string Source)
{
    /// <summary>A core of an Intel Pentium G4600 at 3.6 GHz (Kaby Lake), sbc-bench result 2jVw: the reference host.</summary>
    internal const double ReferenceMips = 4448;

    /// <summary>The speed of one core, as a share of a core of the reference.</summary>
    internal double CoreShare => SingleThreadedMips / ReferenceMips;

    internal long MemoryBytes => MemoryMebibytes * 1024L * 1024;

    /// <summary>
    /// The processor time per second of a process on this board, in cores of this machine. A device learns on one thread: one device has one core
    /// of the board, and more devices as many as there are. What the runtime does beside learning has no other core here, but has one on a board.
    /// </summary>
    /// <param name="devices">Devices in the process, at least 1.</param>
    internal double ProcessorShare(int devices) => CoreShare * Math.Min(devices, Cores);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{CoreShare:F3} of a core of this machine, {MemoryMebibytes} MiB");
}
