using System.Text;
using Spectre.Console;

namespace Dcc.Cli.Terminal;

/// <summary>
/// What may be written where. Escape codes only go to a terminal that takes them: not to a file or pipe, not under NO_COLOR or TERM=dumb; stdout
/// and stderr are asked separately.
/// </summary>
internal static class Screen
{
    /// <summary>No line that is laid out here is longer.</summary>
    internal const int Width = 80;

    private const string Dumb = "dumb";

    /// <summary>
    /// Makes NO_COLOR hold for the runtime too, before it touches the terminal: it would set the keypad's mode, which is an escape code.
    /// </summary>
    internal static void RespectNoColor()
    {
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")))
        {
            Environment.SetEnvironmentVariable("TERM", Dumb);
        }
    }

    /// <summary>Whether progress on stderr may move the cursor.</summary>
    internal static bool ErrorTakesEscapes => TakesEscapes(Console.IsErrorRedirected);

    /// <summary>For tables on stdout.</summary>
    internal static IAnsiConsole Output()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = TakesEscapes(Console.IsOutputRedirected) ? AnsiSupport.Yes : AnsiSupport.No,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = Width;
        return console;
    }

    /// <summary>Writes a name and what there is to say under it to stdout, folded at words.</summary>
    internal static void WriteFact(string name, string text, int nameWidth)
    {
        foreach (var line in Fold(text, Width - nameWidth - 1))
        {
            Console.Out.WriteLine($"{name.PadRight(nameWidth)} {line}");
            name = "";
        }
    }

    /// <summary>The same for a path: never folded, so that it can be copied; a long one has a line of its own.</summary>
    internal static void WritePath(string name, string path, int nameWidth) =>
        Console.Out.WriteLine(nameWidth + 1 + path.Length <= Width ? $"{name.PadRight(nameWidth)} {path}" : $"{name}\n{path}");

    /// <summary>Lines of at most so many characters, but for words that are longer.</summary>
    internal static IEnumerable<string> Fold(string text, int width)
    {
        var line = new StringBuilder();
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear();
            }

            line.Append(line.Length == 0 ? "" : " ").Append(word);
        }

        yield return line.ToString();
    }

    /// <summary>A text cut to a width, with dots where something is missing.</summary>
    internal static string Cut(string text, int width) => text.Length <= width ? text : text[..Math.Max(0, width - 3)] + "...";

    // A terminal on which nobody said what it can is taken for one that can nothing; Windows never says.
    private static bool TakesEscapes(bool redirected) => !redirected
        && (Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } terminal ? terminal != Dumb : OperatingSystem.IsWindows());
}
