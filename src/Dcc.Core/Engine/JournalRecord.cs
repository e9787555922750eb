using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Dcc.Core.Learning;

namespace Dcc.Core.Engine;

/// <summary>What a journal record holds. The numbers are stored.</summary>
public enum JournalRecordKind
{
    /// <summary>The run's parameters as JSON; always the first record.</summary>
    Parameters = 1,

    /// <summary>A committed round.</summary>
    Round = 2,

    /// <summary>An operator ended the run before its last round; always the last record, with an empty body.</summary>
    Cancelled = 3,

    /// <summary>A device left on purpose, in a run with a quorum: its index as int32.</summary>
    Withdrawn = 4,

    /// <summary>A <see cref="CommittedUpdate"/>, in a run with asynchronous updates.</summary>
    Update = 5,
}

/// <summary>
/// One record of a run's journal, chained to the one before: Hash = SHA-256(previous hash || sequence || kind || body). A change to any stored
/// record therefore shows.
/// </summary>
/// <param name="Sequence">0 for the parameters, then counting on; 1 + n for round n of a run that waits for everybody.</param>
/// <param name="Kind">What the body is.</param>
/// <param name="Body">The content.</param>
/// <param name="Hash">32 bytes.</param>
public sealed record JournalRecord(long Sequence, JournalRecordKind Kind, byte[] Body, byte[] Hash)
{
    /// <summary>Chains a new record to the last one.</summary>
    /// <param name="previous">The last record, or null for the first.</param>
    /// <param name="kind">What the body is.</param>
    /// <param name="body">The content.</param>
    public static JournalRecord After(JournalRecord? previous, JournalRecordKind kind, byte[] body)
    {
        var sequence = previous is null ? 0 : previous.Sequence + 1;
        return new JournalRecord(sequence, kind, body, HashOf(previous?.Hash, sequence, kind, body));
    }

    /// <summary>Whether this record is the unchanged successor of another.</summary>
    public bool Follows(JournalRecord? previous) =>
        Sequence == (previous is null ? 0 : previous.Sequence + 1)
        && Hash.AsSpan().SequenceEqual(HashOf(previous?.Hash, Sequence, Kind, Body));

    private static byte[] HashOf(byte[]? previous, long sequence, JournalRecordKind kind, byte[] body)
    {
        Span<byte> header = stackalloc byte[sizeof(long) + sizeof(int)];
        BinaryPrimitives.WriteInt64LittleEndian(header, sequence);
        BinaryPrimitives.WriteInt32LittleEndian(header[sizeof(long)..], (int)kind);
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(previous ?? new byte[SHA256.HashSizeInBytes]);
        sha.AppendData(header);
        sha.AppendData(body);
        return sha.GetHashAndReset();
    }
}

/// <summary>
/// A committed round: the pushes, the reports it used and, but for the last evaluation, theta afterwards. Stored as little-endian: round
/// (int32), then per device 4 + 3 doubles, then N doubles; in a run with a quorum then N bytes, who was there.
/// </summary>
/// <param name="Round">Round n.</param>
/// <param name="Pushes">By device.</param>
/// <param name="Reports">By device; zeros where there is none.</param>
/// <param name="ThetaAfter">theta_(n+1) by device; empty for the last evaluation.</param>
/// <param name="Attendance">By device; empty where everybody reported because the run waits for everybody.</param>
/// <remarks>
/// With asynchronous updates rounds are the devices' own, and this is what they make together once the last device has made its round n: of each
/// device its push, its report and its theta after it. Such a round is not stored; its updates are.
/// </remarks>
public sealed record CommittedRound(int Round, Push[] Pushes, Report[] Reports, double[] ThetaAfter, Attendance[] Attendance)
{
    private const int DeviceBytes = 7 * sizeof(double);

    /// <summary>
    /// With asynchronous updates: eps_i and eps'_i by device, which lie further back than the last push once the round is whole. Else empty.
    /// </summary>
    public (double Own, double Others)[] Epsilons { get; init; } = [];

    internal byte[] ToBytes()
    {
        var bytes = new byte[sizeof(int) + (Pushes.Length * DeviceBytes) + (ThetaAfter.Length * sizeof(double)) + Attendance.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Round);
        var rest = bytes.AsSpan(sizeof(int));
        for (var i = 0; i < Pushes.Length; i++)
        {
            Write(ref rest, Pushes[i].Theta);
            Write(ref rest, Pushes[i].ThetaOwn);
            Write(ref rest, Pushes[i].Price);
            Write(ref rest, Pushes[i].PriceOthers);
            Write(ref rest, Reports[i].Cost);
            Write(ref rest, Reports[i].Own);
            Write(ref rest, Reports[i].Others);
        }

        foreach (var theta in ThetaAfter)
        {
            Write(ref rest, theta);
        }

        MemoryMarshal.AsBytes<Attendance>(Attendance).CopyTo(rest);
        return bytes;
    }

    /// <summary>Reads a stored round.</summary>
    /// <param name="body">The record's body.</param>
    /// <param name="parameters">Of its run.</param>
    /// <exception cref="FormatException">The length is impossible.</exception>
    public static CommittedRound FromBytes(ReadOnlySpan<byte> body, RunParameters parameters)
    {
        var devices = parameters.Devices;
        var attendance = new Attendance[parameters.Quorum is null ? 0 : devices];
        var withoutTheta = sizeof(int) + ((long)devices * DeviceBytes) + attendance.Length;
        if (body.Length != withoutTheta && body.Length != withoutTheta + ((long)devices * sizeof(double)))
        {
            throw new FormatException($"A round of {devices} devices cannot have {body.Length} bytes.");
        }

        var round = BinaryPrimitives.ReadInt32LittleEndian(body);
        var theta = new double[body.Length == withoutTheta ? 0 : devices];
        var pushes = new Push[devices];
        var reports = new Report[devices];
        var rest = body[sizeof(int)..];
        for (var i = 0; i < devices; i++)
        {
            pushes[i] = new Push(Read(ref rest), Read(ref rest), Read(ref rest), Read(ref rest));
            reports[i] = new Report(Read(ref rest), Read(ref rest), Read(ref rest));
        }

        for (var i = 0; i < theta.Length; i++)
        {
            theta[i] = Read(ref rest);
        }

        rest.CopyTo(MemoryMarshal.AsBytes(attendance.AsSpan()));
        return new CommittedRound(round, pushes, reports, theta, attendance);
    }

    /// <summary>Mean J of those that reported.</summary>
    public double MeanCost
    {
        get
        {
            var (sum, count) = (0.0, 0);
            for (var i = 0; i < Reports.Length; i++)
            {
                sum += Reports[i].Cost;
                count += HasReport(i) ? 1 : 0;
            }

            return sum / count;
        }
    }

    /// <summary>Whether a device's report is part of the round.</summary>
    public bool HasReport(int device) => ((ReadOnlySpan<Attendance>)Attendance).HasReport(device);

    internal static void Write(ref Span<byte> rest, double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(rest, value);
        rest = rest[sizeof(double)..];
    }

    internal static double Read(ref ReadOnlySpan<byte> rest)
    {
        var value = BinaryPrimitives.ReadDoubleLittleEndian(rest);
        rest = rest[sizeof(double)..];
        return value;
    }
}

/// <summary>A stored journal that is not what a run wrote.</summary>
public sealed class JournalException(long sequence, string reason)
    : Exception($"journal record {sequence} is damaged: {reason}")
{
    /// <summary>The first bad record.</summary>
    public long Sequence { get; } = sequence;
}
