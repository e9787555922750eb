using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Dcc.Protocol;

/// <summary>
/// Ids of a round's trace, derived on both sides from what both know, so that nothing travels. A round's trace id is the first 16 bytes of
/// SHA-256("round" NUL run NUL round), its root span's id the 8 bytes after; a push's span id the first 8 bytes of SHA-256("push" NUL run NUL round
/// NUL device). Text is UTF-8, numbers are decimal: <c>printf 'round\0hand\0003' | sha256sum</c>.
/// </summary>
public static class RoundTraceIds
{
    /// <summary>The trace of a round, with its root span.</summary>
    public static ActivityContext OfRound(string run, int round)
    {
        ReadOnlySpan<byte> hash = Hash(string.Create(CultureInfo.InvariantCulture, $"round\0{run}\0{round}"));
        return new ActivityContext(
            ActivityTraceId.CreateFromBytes(hash[..16]), ActivitySpanId.CreateFromBytes(hash[16..24]), ActivityTraceFlags.Recorded);
    }

    /// <summary>The span from a device's push to its report, in the trace of the round.</summary>
    public static ActivityContext OfPush(string run, int round, int device)
    {
        ReadOnlySpan<byte> hash = Hash(string.Create(CultureInfo.InvariantCulture, $"push\0{run}\0{round}\0{device}"));
        return new ActivityContext(
            OfRound(run, round).TraceId, ActivitySpanId.CreateFromBytes(hash[..8]), ActivityTraceFlags.Recorded);
    }

    private static byte[] Hash(string text) => PlainSha256.Hash(Encoding.UTF8.GetBytes(text));
}
