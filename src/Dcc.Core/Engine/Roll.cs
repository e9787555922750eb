namespace Dcc.Core.Engine;

/// <summary>Who is connected, who is a member and who has reported in the open round, with the counts that decide when it closes.</summary>
/// <remarks>At first everybody is a member. Who is no member is admitted when it is heard of, to the round that is open then.</remarks>
internal sealed class Roll(int devices, int mostAbsences)
{
    private const long NotConnected = 0;

    private readonly Seat[] seats = NewSeats(devices);

    /// <summary>Members whose report is missing in the open round.</summary>
    internal int Missing { get; private set; } = devices;

    /// <summary>Those of them that have no stream.</summary>
    internal int Absent { get; private set; } = devices;

    /// <summary>Devices that have reported in the open round.</summary>
    internal int Reported { get; private set; }

    /// <summary>Devices that are waited for or have reported in the open round.</summary>
    internal int Members { get; private set; } = devices;

    internal bool IsConnected(int device) => seats[device].Stream != NotConnected;

    internal bool IsStream(int device, long stream) => seats[device].Stream == stream;

    internal long Stream(int device) => seats[device].Stream;

    /// <summary>When the connected process of a device started, by its own clock.</summary>
    internal long ProcessStarted(int device) => seats[device].ProcessStarted;

    internal bool IsMember(int device) => seats[device].IsMember;

    internal bool HasReported(int device) => seats[device].HasReported;

    internal void Connect(int device, long stream, long processStarted) =>
        Change(device, seats[device] with { Stream = stream, ProcessStarted = processStarted });

    internal void Disconnect(int device) => Change(device, seats[device] with { Stream = NotConnected });

    /// <summary>The device is there: it is waited for from now on.</summary>
    internal void Admit(int device) => Change(device, seats[device] with { IsMember = true, IsLeaving = false });

    /// <summary>The device leaves on purpose: it is waited for no more, and released when the round closes.</summary>
    internal void Leave(int device) => Change(device, seats[device] with { IsMember = true, IsLeaving = true });

    internal void TakeReport(int device) => Change(device, seats[device] with { HasReported = true });

    /// <summary>What the open round's attendance is if it closes now.</summary>
    /// <param name="isLast">Whether it is the last evaluation, after which nobody's theta is released any more.</param>
    internal Attendance[] Attendance(bool isLast)
    {
        var attendance = new Attendance[seats.Length];
        for (var i = 0; i < attendance.Length; i++)
        {
            ref readonly var seat = ref seats[i];
            attendance[i] = !seat.IsMember ? Engine.Attendance.Outside
                : Engine.Attendance.Member
                | (seat.HasReported ? Engine.Attendance.Reported : 0)
                | (!isLast && (seat.IsLeaving || IsTooOften(seat)) ? Engine.Attendance.Released : 0);
        }

        return attendance;
    }

    /// <summary>Whether a stored round can have closed with this attendance.</summary>
    internal bool CanHave(ReadOnlySpan<Attendance> attendance, bool isLast)
    {
        const Attendance Any = Engine.Attendance.Member | Engine.Attendance.Reported | Engine.Attendance.Released;
        for (var i = 0; i < attendance.Length; i++)
        {
            var isMember = (attendance[i] & Engine.Attendance.Member) != 0;
            if ((attendance[i] & ~Any) != 0
                || (!isMember && (attendance[i] != Engine.Attendance.Outside || seats[i].IsMember))
                || (attendance.IsReleased(i) && (isLast || !(seats[i].IsLeaving || (!attendance.HasReport(i) && IsTooOften(seats[i])))))
                || (!isLast && isMember && !attendance.HasReport(i) && IsTooOften(seats[i]) && !attendance.IsReleased(i)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Closes the open round and opens the next.</summary>
    /// <param name="attendance">Of the round that closes; empty where everybody reported.</param>
    /// <param name="finished">Whether no round follows, so that nobody is waited for.</param>
    internal void Close(ReadOnlySpan<Attendance> attendance, bool finished)
    {
        (Missing, Absent, Reported, Members) = (0, 0, 0, 0);
        for (var i = 0; i < seats.Length; i++)
        {
            var isMember = attendance.IsEmpty || attendance[i] != Engine.Attendance.Outside;
            var absences = attendance.HasReport(i) ? 0 : seats[i].Absences + 1;
            seats[i] = seats[i] with
            {
                IsMember = isMember && !attendance.IsReleased(i),
                IsLeaving = false,
                HasReported = false,
                IsOver = finished,
                Absences = isMember && !attendance.IsReleased(i) ? absences : 0,
            };
            Count(seats[i], 1);
        }
    }

    private static Seat[] NewSeats(int devices)
    {
        var seats = new Seat[devices];
        Array.Fill(seats, new Seat { IsMember = true });
        return seats;
    }

    private bool IsTooOften(in Seat seat) => !seat.HasReported && seat.Absences + 1 >= mostAbsences;

    private void Change(int device, in Seat seat)
    {
        Count(seats[device], -1);
        seats[device] = seat;
        Count(seat, 1);
    }

    private void Count(in Seat seat, int by)
    {
        if (seat.IsOver)
        {
            return;
        }

        var isAwaited = seat.IsMember && !seat.HasReported && !seat.IsLeaving;
        Missing += isAwaited ? by : 0;
        Absent += isAwaited && seat.Stream == NotConnected ? by : 0;
        Reported += seat.HasReported ? by : 0;
        Members += isAwaited || seat.HasReported ? by : 0;
    }

    private readonly record struct Seat(
        long Stream, long ProcessStarted, int Absences, bool IsMember, bool IsLeaving, bool HasReported, bool IsOver);
}
