using System.Text.RegularExpressions;
using Dcc.Cli.Tests;

namespace Dcc.Deploy.Tests;

/// <summary>What the program of an image understands, asked of the program as built.</summary>
internal static class ProgramOptions
{
    internal static string Program(string image) => Repository.Service(image == "dcc-agent" ? "Dcc.Agent" : "Dcc.Coordinator");

    /// <summary>Flags that the program's help does not list; of dcc that of the subcommand, which is the first argument.</summary>
    internal static async Task<IReadOnlyList<string>> UnknownFlags(string image, IReadOnlyList<string> arguments)
    {
        var help = (image == "dcc" ? await DccProcess.Run(arguments[0], "--help") : await Repository.Run(Program(image), "--help")).Output;
        return
        [
            .. arguments.Where(argument => argument.StartsWith("--", StringComparison.Ordinal)).Select(argument => argument.Split('=')[0])
                .Where(flag => !Regex.IsMatch(help, $@"^\s+{flag}\b", RegexOptions.Multiline)),
        ];
    }

    /// <summary>
    /// Fails where a service does not know one of these settings of its environment. A key as a flag, --Section:Key, is refused where it is unknown;
    /// one value is wrong on purpose, so that nothing is started.
    /// </summary>
    internal static async Task CheckSettings(string image, IEnumerable<string> keys)
    {
        var arguments = keys.Where(key => key != "Process__LogFormat").Select(key => $"--{key.Replace("__", ":", StringComparison.Ordinal)}=x");
        var refused = await Repository.Run(Program(image), [.. arguments, "--Process:LogFormat", "wrong"]);
        Assert.Equal((2, "log-format: expected text or json, got wrong\n"), (refused.ExitCode, refused.Error));
    }
}
