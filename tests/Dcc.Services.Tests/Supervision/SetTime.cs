namespace Dcc.Services.Tests.Supervision;

/// <summary>A clock that the test sets. Its timers are the system's.</summary>
internal sealed class SetTime : TimeProvider
{
    private long ticks;

    internal DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    internal void Advance(TimeSpan by) => ticks += by.Ticks;

    public override long GetTimestamp() => ticks;

    public override DateTimeOffset GetUtcNow() => Now;
}
