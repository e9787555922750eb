using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Dcc.Cli.Scenarios;
using Dcc.Cli.Terminal;
using Dcc.Core.Devices;
using Dcc.Core.Validation;

namespace Dcc.Cli.Commands;

/// <summary>Options whose values are checked for form here and for range where they are used; every message names field, expectation and value.</summary>
internal static class Inputs
{
    internal static Option<T?> Number<T>(string name, string description, string placeholder)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = placeholder,
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
                {
                    return value;
                }

                result.AddError(new InputFault(name, Expected<T>(), text).ToString());
                return null;
            },
        };

    internal static Option<T?> Choice<T>(string name, string description)
        where T : struct, Enum
    {
        var names = string.Join('|', KebabCase.Names<T>());
        var option = new Option<T?>(name)
        {
            Description = description,
            HelpName = names,
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (KebabCase.TryParse<T>(text, out var value))
                {
                    return value;
                }

                result.AddError(new InputFault(name, names, text + NearestName.Hint(text, KebabCase.Names<T>())).ToString());
                return null;
            },
        };
        Complete(option, KebabCase.Names<T>());
        return option;
    }

    /// <summary>An argument that is one of some words.</summary>
    internal static Argument<T?> Word<T>(string name, string description)
        where T : struct, Enum
    {
        var names = string.Join('|', KebabCase.Names<T>());
        var argument = new Argument<T?>(name)
        {
            Description = $"{description} One of {names}.",
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (KebabCase.TryParse<T>(text, out var value))
                {
                    return value;
                }

                result.AddError(new InputFault(name, names, text + NearestName.Hint(text, KebabCase.Names<T>())).ToString());
                return null;
            },
        };
        argument.CompletionSources.Clear();
        argument.CompletionSources.Add([.. KebabCase.Names<T>()]);
        return argument;
    }

    /// <summary>What a shell offers for an option's value.</summary>
    internal static void Complete(Option option, IEnumerable<string> values)
    {
        option.CompletionSources.Clear();
        option.CompletionSources.Add([.. values]);
    }

    internal static Option<string?> SystemFile(bool required) => new("--system")
    {
        Description = "System file (JSON): gamma, maxAge, battery, exponent and the devices.",
        HelpName = "FILE",
        Required = required,
    };

    /// <summary>A scenario's name or path.</summary>
    internal static Argument<string?> Scenario(string name, bool required)
    {
        var argument = new Argument<string?>(name)
        {
            Description = "Name of a built-in scenario (dcc scenario list) or a YAML file.",
            Arity = required ? ArgumentArity.ExactlyOne : ArgumentArity.ZeroOrOne,
        };

        argument.CompletionSources.Add([.. BuiltInScenarios.Names]);

        // An option that does not exist would be taken for a scenario.
        argument.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: ['-', ..] text }, ..])
            {
                result.AddError(CommandLineFaults.Option(((CommandResult)result.Parent!).Command, text).ToString());
            }
        });
        return argument;
    }

    /// <summary>Reads a system file.</summary>
    /// <exception cref="InvalidInputException">It cannot be read, or what it holds is no system.</exception>
    internal static EdgeSystem ReadSystem(string path) => EdgeSystem.Parse(ReadFile("system", path));

    internal static byte[] ReadFile(string field, string path)
    {
        try
        {
            return BoundedFile.ReadData(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InvalidInputException(field, "a readable file", $"{path} ({exception.Message})");
        }
    }

    /// <summary>Requires a number in a closed range.</summary>
    internal static double Within(string field, double value, double lowest, double highest) =>
        value >= lowest && value <= highest
            ? value
            : throw new InvalidInputException(
                field,
                double.IsPositiveInfinity(highest) || highest == double.MaxValue
                    ? string.Create(CultureInfo.InvariantCulture, $"a finite number of at least {lowest}")
                    : string.Create(CultureInfo.InvariantCulture, $"a number in [{lowest}, {highest}]"),
                value.ToString("R", CultureInfo.InvariantCulture));

    private static string Expected<T>() => default(T) switch
    {
        int => "a whole number",
        ulong => "a whole number from 0 to 2^64-1",
        _ => "a number",
    };
}
