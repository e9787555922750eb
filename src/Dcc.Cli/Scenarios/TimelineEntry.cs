using System.Globalization;
using Dcc.Cli.Scenarios.Yaml;

namespace Dcc.Cli.Scenarios;

/// <summary>
/// A fault as written, before it is known how many devices and rounds there are. A part that could not be read is null; the rest is checked all
/// the same.
/// </summary>
/// <param name="trigger">When.</param>
/// <param name="devices">Which devices, null also where the action takes none.</param>
/// <param name="action">What, given the devices.</param>
/// <param name="fields">Where it is written.</param>
internal sealed class TimelineEntry(FaultTrigger? trigger, DeviceSet? devices, Func<int[], FaultAction>? action, YamlFields fields)
{
    /// <summary>The fault among N devices over R rounds, null where it was not read; notes indices out of range.</summary>
    internal TimelineFault? In(int deviceCount, int rounds, ScenarioFaults faults)
    {
        var (device, round) = trigger switch
        {
            AtPoint point => (point.Device, point.Round),
            AtRound opened => (0, opened.Round),
            _ => (0, 0),
        };
        if (device >= deviceCount)
        {
            NoteAt("device", deviceCount - 1, device, faults);
        }

        if (round > rounds)
        {
            NoteAt("round", rounds, round, faults);
        }

        var indices = devices?.Of(deviceCount, faults) ?? [];
        if (trigger is null || action is null)
        {
            return null;
        }

        var fault = new TimelineFault(trigger, action(indices), fields.Line, fields.Path);
        var end = fault.Action switch
        {
            Partition partition => partition.End,
            ChangeLink change => change.End,
            _ => null,
        };
        if (end?.UntilRound is { } until && (until <= round || until > rounds))
        {
            faults.Add(
                fields.LineOf("untilRound"), fields.PathOf("untilRound"),
                string.Create(CultureInfo.InvariantCulture, $"a round after the fault's, up to {rounds}"), until.ToString(CultureInfo.InvariantCulture));
        }

        return fault;
    }

    private void NoteAt(string key, int highest, int actual, ScenarioFaults faults)
    {
        var line = fields.Find("at") is YamlMap at && at.Entries.TryGetValue(key, out var entry) ? entry.Line : fields.LineOf("at");
        faults.Add(
            line, $"{fields.PathOf("at")}.{key}", string.Create(CultureInfo.InvariantCulture, $"an index from 0 to {highest}"),
            actual.ToString(CultureInfo.InvariantCulture));
    }
}
