using System.Globalization;
using Dcc.Core.Validation;
using Dcc.Links;
using Dcc.Links.Ledger;

namespace Dcc.Cli.Runs;

/// <summary>Bytes up and down of one kind, in all and per device and round.</summary>
internal sealed record ByteCount(long Up, long Down, double? UpPerDeviceRound, double? DownPerDeviceRound);

/// <summary>
/// What a run's network carried, counted at the devices' sockets. The layers add up to <see cref="Total"/>, and so do the causes; TCP/IP headers lie
/// below them and come from the kernel's segment counts at 52 bytes each.
/// </summary>
internal sealed record ByteSummary(
    Dictionary<string, ByteCount> Layers,
    Dictionary<string, ByteCount> Causes,
    ByteCount Total,
    ByteCount CrossedTheSocket,
    bool AddsUp,
    ByteCount TcpIpHeadersOfDataSegments,
    ByteCount TcpIpHeadersOfBareSegments,
    long DeviceRounds,
    double? IpBytesPerDeviceRound,
    long ConnectionsWithoutSegments)
{
    internal static ByteSummary Of(LedgerTotals totals)
    {
        return new ByteSummary(
            Enum.GetValues<LedgerLayer>().ToDictionary(layer => CamelCase(layer.ToString()), layer => Count(way => totals.Bytes(way, layer))),
            Enum.GetValues<LedgerCause>().ToDictionary(cause => CamelCase(cause.ToString()), cause => Count(way => totals.Bytes(way, cause))),
            Count(totals.TotalBytes),
            Count(totals.RawBytes),
            totals.AddsUp,
            Count(totals.DataSegmentHeaderBytes),
            Count(totals.BareSegmentHeaderBytes),
            totals.DeviceRounds,
            totals.IpBytesPerDeviceRound,
            totals.ConnectionsWithoutSegments);

        ByteCount Count(Func<LinkDirection, long> bytes)
        {
            var (up, down) = (bytes(LinkDirection.Up), bytes(LinkDirection.Down));
            return new ByteCount(up, down, Per(up), Per(down));
        }

        double? Per(long bytes) => totals.DeviceRounds == 0 ? null : (double)bytes / totals.DeviceRounds;
    }

    private static string CamelCase(string name) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(name);
}

/// <summary>
/// bytes.csv: one row per device, direction, round, cause and layer that carried bytes. Below the layers of the device's socket stand the TCP/IP
/// headers of segments with data and of those without.
/// </summary>
internal static class BytesFile
{
    internal const string Header = "device,direction,round,cause,layer,bytes";
    internal const string DataHeaders = "tcp-ip-headers";
    internal const string BareHeaders = "tcp-ip-headers-of-bare-segments";

    internal static void Write(StreamWriter writer, IReadOnlyList<DeviceLedger> ledgers)
    {
        writer.WriteLine(Header);
        foreach (var row in ledgers.SelectMany(ledger => ledger.Rows()))
        {
            Write(writer, row.Device, row.Direction, row.Round, row.Cause, KebabCase.Name(row.Layer), row.Bytes);
        }

        foreach (var row in ledgers.SelectMany(ledger => ledger.Segments()))
        {
            Write(writer, row.Device, row.Direction, row.Round, row.Cause, DataHeaders, row.Data * LedgerTotals.SegmentHeaderBytes);
            Write(writer, row.Device, row.Direction, row.Round, row.Cause, BareHeaders, row.Bare * LedgerTotals.SegmentHeaderBytes);
        }
    }

    private static void Write(StreamWriter writer, int device, LinkDirection direction, int round, LedgerCause cause, string layer, long bytes)
    {
        if (bytes > 0)
        {
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{device},{KebabCase.Name(direction)},{round},{KebabCase.Name(cause)},{layer},{bytes}"));
        }
    }
}
