namespace Dcc.Links.Ledger;

/// <summary>The streams of one direction of a connection that have carried DATA and have not ended.</summary>
internal sealed class GrpcStreams(IHttp2Listener listener)
{
    // A device has one stream at a time; a peer that opens streams and never ends them must not cost memory for ever.
    private const int MaxStreams = 128;

    private readonly List<GrpcStream> streams = [];

    /// <summary>The stream of a number, a new one where there is none; beyond the maximum the oldest is given up.</summary>
    internal GrpcStream Find(int id)
    {
        foreach (var open in streams)
        {
            if (open.Id == id)
            {
                return open;
            }
        }

        if (streams.Count == MaxStreams)
        {
            EndAt(0);
        }

        var opened = new GrpcStream(id);
        streams.Add(opened);
        return opened;
    }

    internal void End(int id)
    {
        for (var i = 0; i < streams.Count; i++)
        {
            if (streams[i].Id == id)
            {
                EndAt(i);
                return;
            }
        }
    }

    internal void EndAll()
    {
        while (streams.Count > 0)
        {
            EndAt(streams.Count - 1);
        }
    }

    private void EndAt(int index)
    {
        streams[index].End(listener);
        streams.RemoveAt(index);
    }
}
