using System.Globalization;
using Spectre.Console;

namespace Dcc.Cli.Terminal;

/// <summary>How long work says how far it is.</summary>
internal interface IProgressDisplay
{
    /// <summary>Sets the fraction done, 0 to 1, and what is going on.</summary>
    void Advance(double fraction, string status);

    /// <summary>Says something that happened; from any thread.</summary>
    void Say(string what);
}

/// <summary>Progress on stderr: a bar on a terminal, a plain line per step of 5 % where it is redirected.</summary>
internal static class ProgressDisplay
{
    internal static async Task<T> Run<T>(string title, Func<IProgressDisplay, Task<T>> work)
    {
        if (Console.IsErrorRedirected)
        {
            return await work(new Lines(title)).ConfigureAwait(false);
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(context => work(new Bar(title, console, context.AddTask(title, maxValue: 1))))
            .ConfigureAwait(false);
    }

    private sealed class Bar(string title, IAnsiConsole console, ProgressTask task) : IProgressDisplay
    {
        public void Advance(double fraction, string status)
        {
            task.Value = fraction;
            task.Description = Markup.Escape($"{title}: {status}");
        }

        public void Say(string what) => console.MarkupLineInterpolated($"{title}: {what}");
    }

    private sealed class Lines(string title) : IProgressDisplay
    {
        private const double Interval = 0.05;

        private double next;

        public void Advance(double fraction, string status)
        {
            if (fraction >= next)
            {
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{title}: {100 * fraction,3:F0} % {status}"));
                next = fraction >= 1 ? double.PositiveInfinity : fraction + Interval;
            }
        }

        public void Say(string what) => Console.Error.WriteLine($"{title}: {what}");
    }
}
