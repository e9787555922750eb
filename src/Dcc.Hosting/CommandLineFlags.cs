using Dcc.Core.Validation;

namespace Dcc.Hosting;

/// <summary>One flag of an executable and the configuration key it sets.</summary>
/// <param name="Name">With its dashes, such as --listen.</param>
/// <param name="Key">Such as Coordinator:Listen; environment and appsettings use the same key.</param>
/// <param name="Placeholder">What follows it, for the help; empty for a switch, which sets true.</param>
/// <param name="Description">One line, with the default.</param>
public sealed record CommandLineFlag(string Name, string Key, string Placeholder, string Description);

/// <summary>
/// Strict command lines for the two services: known flags only (or their configuration keys as --Section:Key), each once, as
/// configuration. An unknown flag is an error, where the stock provider would take it silently.
/// </summary>
public sealed class CommandLineFlags(string usage, IReadOnlyList<CommandLineFlag> flags)
{
    /// <summary>Reads arguments.</summary>
    /// <exception cref="InvalidInputException">Every argument that is not understood.</exception>
    public Dictionary<string, string?> Parse(IReadOnlyList<string> arguments)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var faults = new List<InputFault>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, value) = Split(arguments[i]);
            var flag = flags.FirstOrDefault(flag => flag.Name == name || string.Equals("--" + flag.Key, name, StringComparison.OrdinalIgnoreCase));
            if (flag is null)
            {
                faults.Add(new InputFault("argument", "a flag that --help lists", arguments[i]));
                continue;
            }

            if (value is null && flag.Placeholder.Length == 0)
            {
                value = "true";
            }
            else if (value is null && i + 1 < arguments.Count)
            {
                value = arguments[++i];
            }

            if (value is null)
            {
                faults.Add(new InputFault(name, flag.Placeholder, "nothing"));
            }
            else if (!settings.TryAdd(flag.Key, value))
            {
                faults.Add(new InputFault(name, "one value", "a second one, " + value));
            }
        }

        return faults.Count == 0 ? settings : throw new InvalidInputException(faults);
    }

    /// <summary>The help text.</summary>
    public string Help => usage + "\n\n" + string.Join('\n', flags.Select(flag =>
        $"  {(flag.Name + " " + flag.Placeholder).TrimEnd(),-28} {flag.Description}"))
        + "\n\nEvery flag is also a setting of appsettings.json and of the environment: "
        + $"{flags[0].Name} is {flags[0].Key}, or {flags[0].Key.Replace(":", "__", StringComparison.Ordinal)} in the environment.";

    private static (string Name, string? Value) Split(string argument)
    {
        var at = argument.IndexOf('=', StringComparison.Ordinal);
        return at < 0 ? (argument, null) : (argument[..at], argument[(at + 1)..]);
    }
}
