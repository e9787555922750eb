using System.Buffers.Binary;
using Dcc.Core.Learning;

namespace Dcc.Core.Engine;

/// <summary>What one device's report did.</summary>
/// <param name="Device">Its index.</param>
/// <param name="Round">The device's own round, 0..R-1.</param>
/// <param name="Push">What it was pushed for that round.</param>
/// <param name="Report">What it reported.</param>
/// <param name="ThetaAfter">Its theta afterwards.</param>
public readonly record struct DeviceUpdate(int Device, int Round, Push Push, Report Report, double ThetaAfter);

/// <summary>
/// One commit of a run with asynchronous updates: the reports that moved theta together, each of its own device alone. Stored as little-endian:
/// device and round (int32), then 4 + 3 + 1 doubles, for each device in ascending order.
/// </summary>
/// <param name="Updates">By ascending device; one at least.</param>
public sealed record CommittedUpdate(DeviceUpdate[] Updates)
{
    private const int UpdateBytes = (2 * sizeof(int)) + (8 * sizeof(double));

    internal byte[] ToBytes()
    {
        var bytes = new byte[Updates.Length * UpdateBytes];
        var rest = bytes.AsSpan();
        foreach (var update in Updates)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, update.Device);
            BinaryPrimitives.WriteInt32LittleEndian(rest[sizeof(int)..], update.Round);
            rest = rest[(2 * sizeof(int))..];
            foreach (var value in (ReadOnlySpan<double>)
                [
                    update.Push.Theta, update.Push.ThetaOwn, update.Push.Price, update.Push.PriceOthers,
                    update.Report.Cost, update.Report.Own, update.Report.Others, update.ThetaAfter,
                ])
            {
                CommittedRound.Write(ref rest, value);
            }
        }

        return bytes;
    }

    /// <summary>Reads a stored commit.</summary>
    /// <param name="body">The record's body.</param>
    /// <param name="devices">N.</param>
    /// <exception cref="FormatException">It has no such length, or its devices are none of the run in ascending order.</exception>
    public static CommittedUpdate FromBytes(ReadOnlySpan<byte> body, int devices)
    {
        if (body.Length == 0 || body.Length % UpdateBytes != 0)
        {
            throw new FormatException($"An update cannot have {body.Length} bytes.");
        }

        var updates = new DeviceUpdate[body.Length / UpdateBytes];
        var before = -1;
        foreach (ref var update in updates.AsSpan())
        {
            var device = BinaryPrimitives.ReadInt32LittleEndian(body);
            var round = BinaryPrimitives.ReadInt32LittleEndian(body[sizeof(int)..]);
            if (device <= before || device >= devices)
            {
                throw new FormatException($"An update cannot have device {device} after device {before}.");
            }

            before = device;
            body = body[(2 * sizeof(int))..];
            update = new DeviceUpdate(
                device, round, new Push(Next(ref body), Next(ref body), Next(ref body), Next(ref body)),
                new Report(Next(ref body), Next(ref body), Next(ref body)), Next(ref body));
        }

        return new CommittedUpdate(updates);
    }

    private static double Next(ref ReadOnlySpan<byte> rest) => CommittedRound.Read(ref rest);
}
