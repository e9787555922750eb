namespace Dcc.Links.Proxy;

/// <summary>What a link did since its start.</summary>
public readonly record struct LinkCounts
{
    /// <summary>Connections accepted from the device.</summary>
    public long Connections { get; init; }

    /// <summary>Connections that are open now.</summary>
    public int Open { get; init; }

    /// <summary>Connections that ended by a reset, whoever caused it.</summary>
    public long Resets { get; init; }

    /// <summary>Bytes delivered to the coordinator.</summary>
    public long UpBytes { get; init; }

    /// <summary>Bytes delivered to the device.</summary>
    public long DownBytes { get; init; }

    /// <summary>Sum over chunks written to the coordinator of the time since their last byte was read.</summary>
    public TimeSpan UpDelay { get; init; }

    /// <summary>Sum over chunks written to the device of the time since their last byte was read.</summary>
    public TimeSpan DownDelay { get; init; }

    /// <summary>Transmissions that the model lost on the way up, partitions included.</summary>
    public long UpLosses { get; init; }

    /// <summary>Transmissions that the model lost on the way down, partitions included.</summary>
    public long DownLosses { get; init; }
}
