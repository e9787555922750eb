namespace Dcc.Core.Engine;

/// <summary>A device's part in a round. Stored as a byte in the journal of a run with a quorum; without one everybody reports in every round.</summary>
[Flags]
public enum Attendance : byte
{
    /// <summary>Not waited for: it left, or was absent for too long. Its theta is 0 and nobody feels it.</summary>
    Outside = 0,

    /// <summary>Waited for. Without <see cref="Reported"/> it was absent: it keeps its theta, and others still feel its last report.</summary>
    Member = 1,

    /// <summary>Its report was counted.</summary>
    Reported = 2,

    /// <summary>No member from here on, until it is heard of again: it left on purpose, or was absent as often as is borne. Its theta is released.</summary>
    Released = 4,
}

/// <summary>Reads attendance by device; none stands for a round in which everybody reported.</summary>
public static class AttendanceReading
{
    /// <summary>Whether a device's report counted.</summary>
    public static bool HasReport(this ReadOnlySpan<Attendance> attendance, int device) =>
        attendance.IsEmpty || (attendance[device] & Attendance.Reported) != 0;

    /// <summary>Whether a device's theta was released after the round.</summary>
    public static bool IsReleased(this ReadOnlySpan<Attendance> attendance, int device) =>
        !attendance.IsEmpty && (attendance[device] & Attendance.Released) != 0;
}
