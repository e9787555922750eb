using System.Diagnostics.CodeAnalysis;
using Dcc.Core.Learning;

namespace Dcc.Core.Engine;

/// <summary>
/// Asynchronous updates, the paper's future work: a device's report moves that device's theta as soon as it is there, along the gradient that its own
/// push's perturbations and the others' last reports give, and the device is pushed anew. How old a push may get is bounded by
/// <see cref="RunParameters.Staleness"/>. What theta becomes depends on the order in which reports come, so the journal records every commit.
/// </summary>
public sealed partial class RoundEngine
{
    // Null where rounds are in step.
    private readonly OwnRounds? own;
    private readonly RoundAssembly assembly;

    // The last evaluation is of all devices together.
    [MemberNotNullWhen(true, nameof(own))]
    private bool IsAsynchronous => own is not null && Round < parameters.Rounds;

    /// <summary>Commits that moved theta so far: rounds, or with asynchronous updates what the reports that were there moved at once.</summary>
    public long Commits => own?.Commits ?? Math.Min(Round, parameters.Rounds);

    /// <summary>The round that a device has to report next, R where it waits for the last evaluation, R + 1 once finished.</summary>
    public int RoundOf(int device) => IsAsynchronous ? own.Rounds[device] : Round;

    /// <summary>What a device was pushed for a round that it has made and others have not, so that it was not published yet.</summary>
    /// <param name="device">Its index.</param>
    /// <param name="round">From the open round to the one before the device's own.</param>
    public Push PushAhead(int device, int round) => assembly.PushOf(device, round);

    private int LastPushed(int device) =>
        IsAsynchronous && own.IsDone(device) ? parameters.Rounds - 1 : Math.Min(RoundOf(device), parameters.Rounds);

    private void Queue(int device)
    {
        own!.Take(device);
        if (own.Rounds[device] == Round)
        {
            roll.TakeReport(device);
        }
    }

    private void CommitWaiting(List<RoundEffect> effects)
    {
        if (!own!.MayCommit())
        {
            return;
        }

        var (updates, whole) = Move();
        foreach (var update in updates)
        {
            Counters.Clipped += this.update.Clipped[update.Device] ? 1 : 0;
        }

        last = JournalRecord.After(last, JournalRecordKind.Update, new CommittedUpdate(updates).ToBytes());
        effects.Add(new RoundEffect(RoundEffectKind.Persist, Record: last));
        if (whole is not null)
        {
            effects.Add(new RoundEffect(RoundEffectKind.Publish, Round: whole.Round, Committed: whole));
            if (draining)
            {
                Cancel(effects);
            }
        }

        foreach (var device in IsAsynchronous ? updates.Select(update => update.Device) : Enumerable.Range(0, parameters.Devices))
        {
            if (roll.IsConnected(device))
            {
                SendCurrent(device, effects);
            }
        }
    }

    // Moves theta by the reports that wait, and their devices on to their next rounds.
    private (DeviceUpdate[] Updates, CommittedRound? Whole) Move()
    {
        var before = own!.Rounds.ToArray();
        var devices = own.Commit();
        update.Apply(devices, before, reports);
        digest.Append(own.Commits, update.Theta);
        var updates = new DeviceUpdate[devices.Length];
        for (var i = 0; i < updates.Length; i++)
        {
            var device = devices[i];
            updates[i] = new DeviceUpdate(device, before[device], pushes[device], reports[device], update.Theta[device]);
            assembly.Add(updates[i], update.EpsilonOwn[device], update.EpsilonOthers[device]);
            reports[device] = default;
        }

        update.Prepare(Array.FindAll(devices, device => !own.IsDone(device)), own.Rounds, pushes);
        var whole = assembly.TakeWhole();
        if (whole is not null)
        {
            OpenNext();
        }

        return (updates, whole);
    }

    private void OpenNext()
    {
        Round++;
        roll.Close([], finished: false);
        if (!IsAsynchronous)
        {
            update.Prepare(Round, pushes);
            return;
        }

        for (var device = 0; device < parameters.Devices; device++)
        {
            // Reports that wait were all committed just now.
            if (own.Rounds[device] > Round)
            {
                roll.TakeReport(device);
            }
        }
    }

    private CommittedRound? ReplayUpdate(JournalRecord record)
    {
        CommittedUpdate stored;
        try
        {
            stored = CommittedUpdate.FromBytes(record.Body, parameters.Devices);
        }
        catch (FormatException exception)
        {
            throw new JournalException(record.Sequence, exception.Message);
        }

        foreach (var (device, round, push, report, _) in stored.Updates)
        {
            if (own!.IsDone(device) || round != own.Rounds[device] || !SameBits([push], [pushes[device]]))
            {
                throw new JournalException(record.Sequence, $"its push is not that of round {RoundOf(device)} of device {device}");
            }

            if (!report.IsWithin(parameters.ReportLimit))
            {
                throw new JournalException(record.Sequence, "it holds a report that no run takes");
            }

            reports[device] = report;
            Queue(device);
        }

        if (!own!.MayCommit())
        {
            throw new JournalException(record.Sequence, "it leaves a push older than the run's staleness");
        }

        var (updates, whole) = Move();
        if (!SameBits<DeviceUpdate>(updates, stored.Updates))
        {
            throw new JournalException(record.Sequence, "its theta does not follow from its reports");
        }

        last = record;
        return whole;
    }
}
