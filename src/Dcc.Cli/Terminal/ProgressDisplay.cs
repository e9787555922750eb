namespace Dcc.Cli.Terminal;

/// <summary>How long work says how far it is; from any thread.</summary>
internal interface IProgressDisplay
{
    /// <summary>Sets the fraction done, 0 to 1, and what is going on. Less than before begins other work.</summary>
    void Advance(double fraction, string status);

    /// <summary>Shows a committed round.</summary>
    void Show(RoundRow row);

    /// <summary>Says something that happened.</summary>
    void Say(string what);
}

/// <summary>Progress on stderr: a live bar on a terminal, plain lines where that cannot be, nothing where it is not wanted.</summary>
internal static class ProgressDisplay
{
    internal static async Task<T> Run<T>(string title, Func<IProgressDisplay, Task<T>> work, bool quiet = false)
    {
        if (quiet)
        {
            return await work(new Nothing()).ConfigureAwait(false);
        }

        if (Screen.ErrorTakesEscapes)
        {
            using var live = new LiveProgress(title);
            return await work(live).ConfigureAwait(false);
        }

        using var plain = new PlainProgress(title);
        return await work(plain).ConfigureAwait(false);
    }

    private sealed class Nothing : IProgressDisplay
    {
        public void Advance(double fraction, string status)
        {
        }

        public void Show(RoundRow row)
        {
        }

        public void Say(string what)
        {
        }
    }
}
