using System.Globalization;
using System.Text;
using Dcc.Core.Engine;
using Dcc.Core.Learning;
using Dcc.Core.Validation;

namespace Dcc.Core.Tests.Engine;

/// <summary>
/// Stories in text: a line of input, "----", and the effects it must cause, one a line. `join 0#2 held 1` is device 0's second stream;
/// `report 0#2 round 1 = 5` reports 5, 5, 5; `restart` rebuilds the engine from what it persisted, every stream gone. `theta` shows theta and who is
/// a member.
/// </summary>
public class RoundEngineStories
{
    public static TheoryData<string> Stories =>
        [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Engine", "stories"), "*.txt").Select(file => Path.GetFileName(file)).Order()];

    [Theory]
    [MemberData(nameof(Stories))]
    public void Engine_Story_TellsAsWritten(string name)
    {
        var story = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Engine", "stories", name)).ReplaceLineEndings("\n").Trim();
        var teller = new Teller();
        var told = story.Split("\n\n").Select(scene => scene.StartsWith('#') ? scene : teller.Tell(scene.Split('\n')[0]));
        Assert.Equal(story, string.Join("\n\n", told));
    }

    private sealed class Teller
    {
        private readonly List<JournalRecord> journal = [];
        private RoundEngine? engine;

        internal string Tell(string input)
        {
            var effects = new List<RoundEffect>();
            var words = input.Split(' ');
            switch (words[0])
            {
                case "run":
                    engine = RoundEngine.Create(
                        new RunParameters
                        {
                            Devices = int.Parse(words[2], CultureInfo.InvariantCulture),
                            Rounds = int.Parse(words[4], CultureInfo.InvariantCulture),
                            Seed = 1,
                            InitialTheta = new double[int.Parse(words[2], CultureInfo.InvariantCulture)],
                            Quorum = words.Length > 6 && words[5] == "quorum" ? int.Parse(words[6], CultureInfo.InvariantCulture) : null,
                            Staleness = words.Length > 6 && words[5] == "staleness" ? int.Parse(words[6], CultureInfo.InvariantCulture) : null,
                            MostAbsences = words.Length > 8 ? int.Parse(words[8], CultureInfo.InvariantCulture) : 3,
                        },
                        effects);
                    break;
                case "restart":
                    engine = RoundEngine.Recover(journal[0]);
                    journal.Skip(1).ToList().ForEach(record => engine.Replay(record));
                    break;
                case "drain":
                    engine!.Drain(effects);
                    break;
                case "cancel":
                    engine!.Cancel(effects);
                    break;
                case "deadline":
                    engine!.Handle(RoundEvent.DeadlineReached(int.Parse(words[2], CultureInfo.InvariantCulture)), effects);
                    break;
                case "theta":
                    return string.Create(
                        CultureInfo.InvariantCulture,
                        $"{input}\n----\n{string.Join(' ', engine!.Theta.ToArray().Select(value => value.ToString("0.###", CultureInfo.InvariantCulture)))}, members {engine.Members}");
                case "counters":
                    var counters = engine!.Counters;
                    return $"{input}\n----\naccepted {counters.Accepted} duplicate {counters.Duplicate} stale {counters.Stale} fenced {counters.Fenced}";
                default:
                    engine!.Handle(Event(words), effects);
                    break;
            }

            journal.AddRange(effects.Where(effect => effect.Record is not null).Select(effect => effect.Record!));
            var text = new StringBuilder(input).Append("\n----");
            foreach (var effect in effects)
            {
                text.Append('\n').Append(Describe(effect));
            }

            return text.ToString();
        }

        private static RoundEvent Event(string[] words)
        {
            var stream = words[1].Split('#').Select(part => int.Parse(part, CultureInfo.InvariantCulture)).ToArray();
            return words[0] switch
            {
                "join" => RoundEvent.Joined(
                    stream[0], stream[1], int.Parse(words[3], CultureInfo.InvariantCulture),
                    words.Length > 5 ? long.Parse(words[5], CultureInfo.InvariantCulture) : 0),
                "leave" => RoundEvent.Left(stream[0], stream[1]),
                "withdraw" => RoundEvent.Withdrew(stream[0], stream[1]),
                "report" => RoundEvent.Reported(
                    stream[0], stream[1], int.Parse(words[3], CultureInfo.InvariantCulture), Scalars(words[5])),
                _ => throw new ArgumentException($"No such input: {string.Join(' ', words)}"),
            };
        }

        private static Report Scalars(string text)
        {
            var value = double.Parse(text, CultureInfo.InvariantCulture);
            return new Report(value, value, value);
        }

        private static string Describe(RoundEffect effect) => effect.Kind switch
        {
            RoundEffectKind.Persist => $"persist {effect.Record!.Sequence} {KebabCase.Name(effect.Record.Kind)}",
            RoundEffectKind.Publish => $"publish round {effect.Round}",
            RoundEffectKind.Replay => $"replay {effect.Device}#{effect.Incarnation} rounds {effect.Round}..{effect.LastRound}",
            RoundEffectKind.Push => $"push {effect.Device}#{effect.Incarnation} round {effect.Round}",
            RoundEffectKind.Farewell => $"farewell {effect.Device}#{effect.Incarnation}",
            RoundEffectKind.AwaitDeadline => $"await deadline of round {effect.Round}",
            RoundEffectKind.End => $"end {effect.Device}#{effect.Incarnation}",
            _ => $"disconnect {effect.Device}#{effect.Incarnation} {KebabCase.Name(effect.Refusal)}",
        };
    }
}
