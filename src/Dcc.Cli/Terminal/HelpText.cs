using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Dcc.Cli.Commands;

namespace Dcc.Cli.Terminal;

/// <summary>
/// What --help prints: purpose, usage, options by subject with their defaults in brackets, examples, exit codes; within 80 columns. The library's
/// own has no groups and no examples, and does not fold where output is redirected.
/// </summary>
internal sealed class HelpText(TextWriter output)
{
    private const int NameWidth = 22;

    private static readonly (string Line, string Meaning)[] FirstSteps =
    [
        ("dcc emulate", "a coordinator, ten agents behind Wi-Fi, five rounds"),
        ("dcc emulate chaos --seed 7", "the same with random faults, and the same digest"),
        ("dcc COMMAND --help", "what a command is for, its options and their defaults"),
    ];

    internal static void Install(RootCommand root)
    {
        root.Options.Remove(root.Options.OfType<HelpOption>().Single());
        root.Add(new HelpOption("--help", "-h") { Description = "Show this help.", Action = new Action() });
        root.Options.OfType<VersionOption>().Single().Description = "Show the version.";
    }

    internal void Write(Command command)
    {
        var known = command as DccCommand;
        Paragraph(command.Description!);
        Paragraph(known?.Purpose ?? "");
        Say("Usage: ", Usage(command));
        Section("Commands", command.Subcommands.Where(sub => !sub.Hidden).Select(sub => (sub.Name, sub.Description!)));
        Section("Arguments", command.Arguments.Select(argument => (argument.Name, argument.Description!)));
        foreach (var (title, options) in known?.Groups ?? [])
        {
            Section(title, options.Where(option => !option.Hidden).Select(Row));
        }

        var grouped = known?.Groups.SelectMany(group => group.Options).ToHashSet() ?? [];
        Section(grouped.Count > 0 ? "Other options" : "Options", command.Options.Where(option => !option.Hidden && !grouped.Contains(option)).Select(Row));
        Examples(known?.Examples ?? (command is RootCommand ? FirstSteps : []));
        output.WriteLine();
        Say("Exit codes: ", known?.ExitCodes ?? DccCommand.UsualExitCodes);
    }

    /// <summary>The least: what to type.</summary>
    internal void WriteShort(RootCommand root)
    {
        Say("Usage: ", Usage(root));
        Section("Commands", root.Subcommands.Where(command => !command.Hidden).Select(command => (command.Name, command.Description!)));
        output.WriteLine();
        Say("", "dcc COMMAND --help explains a command; dcc emulate is a good first one.");
    }

    private static string Usage(Command command)
    {
        var arguments = command.Arguments.Select(argument => argument.Arity.MinimumNumberOfValues == 0 ? $" [{argument.Name}]" : $" {argument.Name}");
        var required = command.Options.Where(option => option.Required).Select(option => $" {Row(option).Name}");
        return Path(command) + (command.Subcommands.Count > 0 ? " COMMAND" : "") + string.Concat(arguments.Concat(required)) + " [options]";
    }

    private static string Path(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{Path(parent)} {command.Name}" : command.Name;

    private static (string Name, string Text) Row(Option option) => (
        (option is HelpOption ? "-h, " : "") + option.Name + (option.HelpName is { } value ? $" {value}" : ""), option.Description ?? "");

    private void Paragraph(string text)
    {
        if (text.Length > 0)
        {
            Say("", text);
            output.WriteLine();
        }
    }

    private void Section(string title, IEnumerable<(string Name, string Text)> rows)
    {
        var head = $"\n{title}:";
        foreach (var (name, text) in rows)
        {
            if (head.Length > 0)
            {
                output.WriteLine(head);
                head = "";
            }

            // A name too long for its column stands above its text.
            var lines = Screen.Fold(text, Screen.Width - NameWidth - 4).ToList();
            if (name.Length > NameWidth)
            {
                foreach (var line in Screen.Fold(name.Replace("|", " |", StringComparison.Ordinal), Screen.Width - 2))
                {
                    output.WriteLine("  " + line.Replace(" |", "|", StringComparison.Ordinal));
                }
            }
            else
            {
                output.WriteLine($"  {name.PadRight(NameWidth)}  {lines[0]}".TrimEnd());
                lines.RemoveAt(0);
            }

            lines.ForEach(line => output.WriteLine(new string(' ', NameWidth + 4) + line));
        }
    }

    private void Examples(IReadOnlyList<(string Line, string Meaning)> examples)
    {
        output.Write(examples.Count == 0 ? "" : "\nExamples:\n");
        foreach (var (line, meaning) in examples)
        {
            output.WriteLine($"  {line}\n      {meaning}");
        }
    }

    private void Say(string head, string text)
    {
        foreach (var line in Screen.Fold(text, Screen.Width - head.Length))
        {
            output.WriteLine(head + line);
            head = new string(' ', head.Length);
        }
    }

    private sealed class Action : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            new HelpText(Console.Out).Write(parseResult.CommandResult.Command);
            return Program.Done;
        }
    }
}
