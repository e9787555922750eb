using System.ComponentModel;
using System.Diagnostics;

namespace Dcc.Cli.Terminal;

/// <summary>Opens a file with whatever the desktop opens it with.</summary>
internal static class DesktopOpener
{
    // Openers hand over and end; one that is still there by then shows the file itself.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Opens a file.</summary>
    /// <returns>Why it could not be opened, or null.</returns>
    internal static async Task<string?> Open(string path)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            using var opener = Process.Start(HowTo(Path.GetFullPath(path)));
            await (opener?.WaitForExitAsync(limit.Token) ?? Task.CompletedTask).ConfigureAwait(false);
            return opener is { ExitCode: not 0 } ? $"{Opener} ended with code {opener.ExitCode}" : null;
        }
        catch (Win32Exception exception)
        {
            return exception.Message;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private static string Opener => OperatingSystem.IsMacOS() ? "open" : "xdg-open";

    // By way of the shell, because browsers chat on the stdout they inherit, and that one is for results.
    private static ProcessStartInfo HowTo(string path) => OperatingSystem.IsWindows()
        ? new ProcessStartInfo(path) { UseShellExecute = true }
        : new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$1\" </dev/null >/dev/null 2>&1", Opener, path]);
}
