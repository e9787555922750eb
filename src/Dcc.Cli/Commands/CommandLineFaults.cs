using System.CommandLine;
using System.CommandLine.Parsing;
using Dcc.Cli.Terminal;
using Dcc.Core.Validation;

namespace Dcc.Cli.Commands;

/// <summary>What is wrong with a command line, as one line: the field, what was expected, what came, and what was probably meant.</summary>
internal static class CommandLineFaults
{
    /// <summary>Explains a command line with errors.</summary>
    internal static string Explain(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && command.Action is null)
        {
            var names = command.Subcommands.Select(sub => sub.Name).ToList();
            var word = parsed.UnmatchedTokens is [var first, ..] ? first : null;
            return word is ['-', ..] ? Option(command, word).ToString() : new InputFault(
                "command", string.Join('|', names), word is null ? "nothing" : word + NearestName.Hint(word, names)).ToString();
        }

        var options = parsed.UnmatchedTokens.Where(IsOption).Select(word => Option(command, word).ToString())
            .Concat(parsed.Errors.Where(error => error.SymbolResult is ArgumentResult { Tokens: [{ Value: ['-', ..] }, ..] }).Select(error => error.Message))
            .Distinct().ToList();

        // What follows an unknown option was its value.
        var others = parsed.UnmatchedTokens.Where(word => !IsOption(word) && options.Count == 0)
            .Select(word => new InputFault("argument", "none more", word).ToString());
        var missing = command.Options.Where(option => option.Required && parsed.GetResult(option) is null).Select(Missing)
            .Concat(command.Arguments.Where(argument => argument.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(argument) is not { Tokens.Count: > 0 })
                .Select(argument => new InputFault(argument.Name, argument.Description!.TrimEnd('.'), "nothing").ToString()));

        // The library's own words: for a missing value, and where a parser of values gave a message.
        var values = parsed.Errors.Where(error => error.SymbolResult is OptionResult or ArgumentResult { Tokens: [{ Value: not ['-', ..] }, ..] })
            .Select(error => error.SymbolResult is OptionResult { Tokens.Count: 0 } result ? Missing(result.Option) : error.Message);
        List<string> all = [.. options.Concat(others).Concat(missing).Concat(values).Distinct()];
        return string.Join("; ", all.Count > 0 ? all : parsed.Errors.Select(error => error.Message));
    }

    /// <summary>The fault of an option that a command does not have.</summary>
    internal static InputFault Option(Command command, string word)
    {
        var name = word.Split('=', ':')[0];
        return new InputFault(
            name, "an option that --help lists", "an unknown one" + NearestName.Hint(name, command.Options.Where(option => !option.Hidden).Select(option => option.Name)));
    }

    private static string Missing(Option option) => new InputFault(option.Name, option.HelpName ?? "a value", "nothing").ToString();

    // -4 is a number.
    private static bool IsOption(string word) => word is ['-', not (>= '0' and <= '9'), ..];
}
