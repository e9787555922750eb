using System.Text.RegularExpressions;

namespace Dcc.Cli.Tests.Terminal;

/// <summary>Runs shell commands on a terminal of 80 columns, by util-linux's script.</summary>
internal static partial class PseudoTerminal
{
    internal sealed record Result(int ExitCode, string Screen);

    /// <summary>Runs a line of shell in which $DCC is the command.</summary>
    internal static async Task<Result> Run(string line, params (string Name, string Value)[] environment)
    {
        var variables = new Dictionary<string, string> { ["DCC"] = DccProcess.Command, ["TERM"] = "xterm-256color", ["NO_COLOR"] = "" };
        foreach (var (name, value) in environment)
        {
            variables[name] = value;
        }

        using var script = DccProcess.StartProgram("script", variables, "-qec", $"stty columns 80 rows 24; {line}", "/dev/null");
        script.StandardInput.Close();
        var screen = await script.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await script.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Result(script.ExitCode, screen);
    }

    /// <summary>Everything that stood on one line at one time, without escape codes.</summary>
    internal static IEnumerable<string> Lines(string screen) => Escape().Replace(screen, "").Split('\r', '\n').Where(line => line.Length > 0);

    [GeneratedRegex(@"\e(\[[0-9;?]*[A-Za-z]|[=>])")]
    private static partial Regex Escape();
}
