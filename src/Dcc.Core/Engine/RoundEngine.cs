using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Dcc.Core.Coordination;
using Dcc.Core.Learning;
using Dcc.Core.Validation;

namespace Dcc.Core.Engine;

/// <summary>
/// The coordinator's run as a state machine without I/O (design.md section 3): events in, effects out, executed in order by whoever owns it.
/// A round is open from its push until every device's report for it has come, or after its deadline a quorum of them; then it is committed: the
/// record is persisted before the next round's pushes, so the next push is the acknowledgement. Not thread-safe: one loop owns it.
/// </summary>
/// <remarks>
/// Rounds 0..R-1 move theta; round R is the last evaluation at theta_R. The run is then finished, and whoever joins is told so.
/// <para>
/// With asynchronous updates rounds 0..R-1 are each device's own, and a commit is of the reports that are there. A round is published, and the next
/// one is the open round, when the last device has made it. Whoever has made its R rounds waits for the last evaluation, which is of all again.
/// </para>
/// </remarks>
public sealed partial class RoundEngine
{
    private readonly RunParameters parameters;
    private readonly ConstraintUpdate update;
    private readonly ThetaDigest digest;
    private readonly Push[] pushes;
    private readonly Report[] reports;
    private readonly Roll roll;
    private readonly int quorum;
    private bool deadlineAwaited;
    private bool deadlineReached;
    private bool draining;
    private JournalRecord last;

    private RoundEngine(RunParameters parameters, JournalRecord first)
    {
        this.parameters = parameters;
        last = first;
        update = new ConstraintUpdate(parameters);
        digest = new ThetaDigest(parameters.InitialTheta);
        pushes = new Push[parameters.Devices];
        reports = new Report[parameters.Devices];
        roll = new Roll(parameters.Devices, parameters.MostAbsences);
        quorum = parameters.Quorum ?? parameters.Devices;
        own = parameters.Staleness is { } staleness ? new OwnRounds(parameters.Devices, parameters.Rounds, staleness) : null;
        assembly = new RoundAssembly(parameters.Devices);
        update.Prepare(Round, pushes);
    }

    /// <summary>Creates a run.</summary>
    /// <param name="parameters">Valid parameters.</param>
    /// <param name="effects">Receives the first effect: persist the parameters.</param>
    public static RoundEngine Create(RunParameters parameters, List<RoundEffect> effects)
    {
        var record = JournalRecord.After(null, JournalRecordKind.Parameters, parameters.ToJson());
        effects.Add(new RoundEffect(RoundEffectKind.Persist, Record: record));
        return new RoundEngine(parameters, record);
    }

    /// <summary>Rebuilds a run from its first record; then <see cref="Replay"/> the others in order.</summary>
    /// <exception cref="JournalException">The record is not the unchanged start of a journal.</exception>
    public static RoundEngine Recover(JournalRecord first)
    {
        if (first.Kind != JournalRecordKind.Parameters || !first.Follows(null))
        {
            throw new JournalException(first.Sequence, "its hash does not match its content");
        }

        try
        {
            var parameters = RunParameters.FromJson(first.Body);
            parameters.Validate();
            return new RoundEngine(parameters, first);
        }
        catch (Exception exception) when (exception is JsonException or InvalidInputException)
        {
            throw new JournalException(first.Sequence, $"its parameters are none of this version ({exception.Message})");
        }
    }

    /// <summary>The run's parameters.</summary>
    public RunParameters Parameters => parameters;

    /// <summary>The open round, with asynchronous updates that of the slowest device; R + 1 once finished.</summary>
    public int Round { get; private set; }

    /// <summary>Whether the last evaluation was committed.</summary>
    public bool Finished => Round > parameters.Rounds;

    /// <summary>Whether an operator ended the run.</summary>
    public bool Cancelled { get; private set; }

    /// <summary>The current theta.</summary>
    public ReadOnlySpan<double> Theta => update.Theta;

    /// <summary>The digest over all thetas so far.</summary>
    public string Digest => digest.ToString();

    /// <summary>Records of the journal so far, which is the sequence of the next.</summary>
    public long Records => last.Sequence + 1;

    /// <summary>Reports still missing in the open round. With asynchronous updates many more may be on their way for later rounds of their devices.</summary>
    public int Missing => roll.Missing;

    /// <summary>Devices without a stream whose report is missing in the open round.</summary>
    public int Absent => roll.Absent;

    /// <summary>Devices that have reported in the open round; 0 once finished.</summary>
    public int Reported => roll.Reported;

    /// <summary>Devices that are waited for or have reported in the open round; 0 once finished.</summary>
    public int Members => roll.Members;

    /// <summary>Whether the open round has waited for everybody that it waits for, and lacks a quorum.</summary>
    public bool LacksQuorum => !Finished && !Cancelled && roll.Reported < quorum && (roll.Missing == 0 || deadlineReached);

    /// <summary>The algorithm's state, for observers.</summary>
    public ConstraintUpdate Update => update;

    /// <summary>What was taken and what was turned away.</summary>
    public EngineCounters Counters { get; } = new();

    /// <summary>Takes one event and appends what must be done.</summary>
    public void Handle(in RoundEvent input, List<RoundEffect> effects)
    {
        if (input.Kind == RoundEventKind.DeadlineReached)
        {
            deadlineReached |= input.Round == Round;
            CommitIfComplete(effects);
            return;
        }

        if ((uint)input.Device >= (uint)parameters.Devices)
        {
            if (input.Kind != RoundEventKind.Left)
            {
                Refuse(input, Refusal.UnknownDevice, effects);
            }

            return;
        }

        switch (input.Kind)
        {
            case RoundEventKind.Joined:
                Join(input, effects);
                break;
            case RoundEventKind.Left:
                Leave(input);
                break;
            case RoundEventKind.Reported:
                TakeReport(input, effects);
                break;
            case RoundEventKind.Withdrew:
                Withdraw(input, effects);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(input), input.Kind, "Unknown event.");
        }
    }

    /// <summary>Ends an unfinished run for good: every device is told, whoever joins later too.</summary>
    public void Cancel(List<RoundEffect> effects)
    {
        if (Finished || Cancelled)
        {
            return;
        }

        Cancelled = true;
        last = JournalRecord.After(last, JournalRecordKind.Cancelled, []);
        effects.Add(new RoundEffect(RoundEffectKind.Persist, Record: last));
        for (var device = 0; device < parameters.Devices; device++)
        {
            if (roll.IsConnected(device))
            {
                effects.Add(new RoundEffect(
                    RoundEffectKind.Disconnect, device, roll.Stream(device), Round, Refusal: Refusal.RunCancelled));
                roll.Disconnect(device);
            }
        }
    }

    /// <summary>
    /// Cancels the run as soon as the open round is committed, so that no report is lost; at once where nothing but newcomers could close it. A
    /// restarted coordinator must be asked again.
    /// </summary>
    public void Drain(List<RoundEffect> effects)
    {
        draining = !Finished && !Cancelled;
        CommitIfComplete(effects);
    }

    /// <summary>
    /// Takes the next stored record. Of a round it recomputes the pushes and the theta from the stored reports and compares, without effects.
    /// </summary>
    /// <returns>The round, for whoever wants to look at it; null for another record.</returns>
    /// <exception cref="JournalException">The record was changed, or is not what this run would have written.</exception>
    public CommittedRound? Replay(JournalRecord record)
    {
        if (!record.Follows(last))
        {
            throw new JournalException(record.Sequence, "its hash does not match its content and the record before it");
        }

        if (Finished || Cancelled)
        {
            throw new JournalException(record.Sequence, "it follows the end of the run");
        }

        if (record.Kind == JournalRecordKind.Cancelled)
        {
            Cancelled = true;
            last = record;
            return null;
        }

        if (record.Kind == JournalRecordKind.Withdrawn)
        {
            if (parameters.Quorum is null || record.Body.Length != sizeof(int)
                || (uint)BinaryPrimitives.ReadInt32LittleEndian(record.Body) >= (uint)parameters.Devices)
            {
                throw new JournalException(record.Sequence, "nobody can have left so");
            }

            roll.Leave(BinaryPrimitives.ReadInt32LittleEndian(record.Body));
            last = record;
            return null;
        }

        if (record.Kind == JournalRecordKind.Update && IsAsynchronous)
        {
            return ReplayUpdate(record);
        }

        if (record.Kind != JournalRecordKind.Round || IsAsynchronous)
        {
            throw new JournalException(record.Sequence, "it is no round");
        }

        CommittedRound round;
        try
        {
            round = CommittedRound.FromBytes(record.Body, parameters);
        }
        catch (FormatException exception)
        {
            throw new JournalException(record.Sequence, exception.Message);
        }

        if (round.Round != Round || !SameBits(round.Pushes, pushes))
        {
            throw new JournalException(record.Sequence, $"its pushes are not those of round {Round}");
        }

        if (!Array.TrueForAll(round.Reports, report => report.IsWithin(parameters.ReportLimit)))
        {
            throw new JournalException(record.Sequence, "it holds a report that no run takes");
        }

        if (!CanHave(round))
        {
            throw new JournalException(record.Sequence, "the devices it counts are not those that it can have counted");
        }

        round.Reports.CopyTo(reports, 0);
        Advance(round.Attendance);
        if (!SameBits(round.ThetaAfter, Finished ? [] : update.Theta))
        {
            throw new JournalException(record.Sequence, "its theta does not follow from its reports");
        }

        last = record;
        Open(round.Attendance);
        return round;
    }

    private void Join(in RoundEvent input, List<RoundEffect> effects)
    {
        if (Cancelled)
        {
            Refuse(input, Refusal.RunCancelled, effects);
            return;
        }

        var replaced = roll.Stream(input.Device);
        var isOlder = input.ProcessStarted != roll.ProcessStarted(input.Device)
            ? input.ProcessStarted < roll.ProcessStarted(input.Device)
            : input.Incarnation < replaced;
        if (roll.IsConnected(input.Device) && isOlder)
        {
            Refuse(input, Refusal.OlderProcess, effects);
            return;
        }

        if (input.Round > LastPushed(input.Device) || input.Round < -1)
        {
            Refuse(input, Refusal.AheadOfRun, effects);
            return;
        }

        if (roll.IsConnected(input.Device))
        {
            Refuse(input with { Incarnation = replaced }, Refusal.Replaced, effects);
        }

        roll.Connect(input.Device, input.Incarnation, input.ProcessStarted);
        roll.Admit(input.Device);
        var open = RoundOf(input.Device);
        if (input.Round + 1 < open)
        {
            effects.Add(new RoundEffect(
                RoundEffectKind.Replay, input.Device, input.Incarnation, Round: input.Round + 1, LastRound: open - 1));
        }

        SendCurrent(input.Device, effects);
    }

    private void Leave(in RoundEvent input)
    {
        if (roll.IsStream(input.Device, input.Incarnation))
        {
            roll.Disconnect(input.Device);
        }
    }

    private void Withdraw(in RoundEvent input, List<RoundEffect> effects)
    {
        if (!roll.IsStream(input.Device, input.Incarnation))
        {
            Counters.Fenced++;
        }
        else if (parameters.Quorum is null)
        {
            RefuseReport(input, Refusal.CannotLeave, effects);
        }
        else
        {
            if (!Finished)
            {
                var body = new byte[sizeof(int)];
                BinaryPrimitives.WriteInt32LittleEndian(body, input.Device);
                last = JournalRecord.After(last, JournalRecordKind.Withdrawn, body);
                effects.Add(new RoundEffect(RoundEffectKind.Persist, Record: last));
            }

            effects.Add(new RoundEffect(RoundEffectKind.Farewell, input.Device, input.Incarnation, Round));
            roll.Leave(input.Device);
            roll.Disconnect(input.Device);
            CommitIfComplete(effects);
        }
    }

    private void TakeReport(in RoundEvent input, List<RoundEffect> effects)
    {
        var device = input.Device;
        if (!roll.IsStream(device, input.Incarnation))
        {
            Counters.Fenced++;
        }
        else if (input.Round < 0 || input.Round > LastPushed(device))
        {
            RefuseReport(input, Refusal.WrongRound, effects);
        }
        else if (!input.Report.IsWithin(parameters.ReportLimit))
        {
            RefuseReport(input, input.Report.IsWithin(double.MaxValue) ? Refusal.Implausible : Refusal.NotFinite, effects);
        }
        else if (input.Round < RoundOf(device))
        {
            // Late by one is there: from now on it is waited for again. Whoever is further behind would only be waited for in vain.
            if (input.Round == RoundOf(device) - 1)
            {
                roll.Admit(device);
            }

            Counters.Stale++;
        }
        else if (IsAsynchronous ? !own.HasReported(device) : !roll.HasReported(device))
        {
            reports[device] = input.Report;
            Counters.Accepted++;
            if (IsAsynchronous)
            {
                Queue(device);
                CommitWaiting(effects);
            }
            else
            {
                roll.Admit(device);
                roll.TakeReport(device);
                CommitIfComplete(effects);
            }
        }
        else if (SameBits([input.Report], [reports[device]]))
        {
            Counters.Duplicate++;
        }
        else
        {
            RefuseReport(input, Refusal.ConflictingReport, effects);
        }
    }

    private void CommitIfComplete(List<RoundEffect> effects)
    {
        if (LacksQuorum)
        {
            if (draining)
            {
                Cancel(effects);
            }
        }
        else if (!Finished && !Cancelled && !IsAsynchronous && (roll.Missing == 0 || deadlineReached))
        {
            Commit(effects);
        }
    }

    private void Commit(List<RoundEffect> effects)
    {
        var round = Round;
        var used = (Push[])pushes.Clone();
        Attendance[] attendance = parameters.Quorum is null ? [] : roll.Attendance(isLast: Round == parameters.Rounds);
        Advance(attendance);
        Counters.Clipped += Finished ? 0 : update.Clipped.Count(true);
        var committed = new CommittedRound(
            round, used, (Report[])reports.Clone(), Finished ? [] : update.Theta.ToArray(), attendance);
        last = JournalRecord.After(last, JournalRecordKind.Round, committed.ToBytes());
        effects.Add(new RoundEffect(RoundEffectKind.Persist, Record: last));
        effects.Add(new RoundEffect(RoundEffectKind.Publish, Round: round, Committed: committed));
        Open(attendance);
        if (draining)
        {
            Cancel(effects);
        }

        for (var device = 0; device < parameters.Devices; device++)
        {
            if (roll.IsConnected(device))
            {
                SendCurrent(device, effects);
            }
        }
    }

    // Closes the open round: theta moves, except after the last evaluation.
    private void Advance(Attendance[] attendance)
    {
        if (Round < parameters.Rounds)
        {
            update.Apply(Round, reports, attendance);
            digest.Append(Round + 1, update.Theta);
        }

        Round++;
    }

    private void Open(Attendance[] attendance)
    {
        roll.Close(attendance, Finished);
        (deadlineAwaited, deadlineReached) = (false, false);
        Array.Clear(reports);
        if (!Finished)
        {
            update.Prepare(Round, pushes);
        }
    }

    private bool CanHave(CommittedRound round)
    {
        var counted = 0;
        for (var device = 0; device < parameters.Devices; device++)
        {
            if (round.HasReport(device))
            {
                counted++;
            }
            else if (!SameBits([round.Reports[device]], [default(Report)]))
            {
                return false;
            }
        }

        return counted >= quorum && roll.CanHave(round.Attendance, isLast: Round == parameters.Rounds);
    }

    private void SendCurrent(int device, List<RoundEffect> effects)
    {
        if (IsAsynchronous && own.IsDone(device))
        {
            return;
        }

        if (parameters.Quorum is not null && !Finished && !deadlineAwaited)
        {
            deadlineAwaited = true;
            effects.Add(new RoundEffect(RoundEffectKind.AwaitDeadline, Round: Round));
        }

        effects.Add(new RoundEffect(
            Finished ? RoundEffectKind.End : RoundEffectKind.Push, device, roll.Stream(device), RoundOf(device), Push: pushes[device]));
    }

    private void RefuseReport(in RoundEvent input, Refusal refusal, List<RoundEffect> effects)
    {
        Refuse(input, refusal, effects);
        Leave(input);
    }

    private void Refuse(in RoundEvent input, Refusal refusal, List<RoundEffect> effects)
    {
        Counters.Refuse(refusal);
        effects.Add(new RoundEffect(
            RoundEffectKind.Disconnect, input.Device, input.Incarnation, input.Round, Refusal: refusal));
    }

    private static bool SameBits<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b)
        where T : unmanaged => MemoryMarshal.AsBytes(a)
            .SequenceEqual(MemoryMarshal.AsBytes(b));
}
