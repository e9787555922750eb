using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Dcc.Coordinator.Telemetry;

/// <summary>
/// Gives a span an id that was derived. .NET draws span ids at random when an Activity starts and has no way to say otherwise, but the agent must
/// know the id of its parent, and nothing about traces travels. Rejected: sending traceparent (bytes on every stream, which the ledger would have to
/// explain), links instead of parents (viewers show them as separate traces), an id generator of OpenTelemetry's (.NET has none), a second OTLP writer
/// of our own. The field is private: a test fails where a runtime renames it or keeps a copy of the id elsewhere.
/// </summary>
internal static class DerivedSpanId
{
    /// <summary>Replaces the id of a span that was just started and of which nobody has seen the id.</summary>
    internal static void Give(Activity span, ActivitySpanId id) => IdOf(span) = id.ToHexString();

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_spanId")]
    private static extern ref string? IdOf(Activity span);
}
