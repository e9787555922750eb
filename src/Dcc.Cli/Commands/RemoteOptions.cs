using System.CommandLine;
using System.Globalization;
using Dcc.Cli.Terminal;
using Dcc.Core.Validation;
using Dcc.Hosting.Security;
using Dcc.Protocol.V1;

namespace Dcc.Cli.Commands;

/// <summary>Which run of which coordinator a command is about.</summary>
internal sealed class RemoteOptions
{
    private const string DefaultAddress = "http://127.0.0.1:5080";

    private readonly Argument<string> address = new("ADDRESS")
    {
        Description = $"The coordinator's gRPC address [{DefaultAddress}].",
        DefaultValueFactory = _ => DefaultAddress,
    };

    private readonly Option<string?> name = new("--run") { Description = "Which run, where there are several.", HelpName = "NAME" };
    private readonly ClientOptions client = new();

    internal void AddTo(DccCommand command, params Option[] more)
    {
        command.Add(address);
        command.Add("Options", [name, .. more]);
        command.Add("Security", client.All);
    }

    /// <summary>Where the coordinator is.</summary>
    /// <exception cref="InvalidInputException">The address is none.</exception>
    internal Uri Address(ParseResult parsed)
    {
        var text = parsed.GetRequiredValue(address);
        return Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text, UriKind.Absolute, out var found)
            && found.Scheme is "http" or "https" && found.Host.Length > 0 && found.PathAndQuery == "/" && found.UserInfo.Length == 0
                ? found
                : throw new InvalidInputException("ADDRESS", "http://HOST:PORT or https://HOST:PORT", text.Length == 0 ? "nothing" : text);
    }

    /// <summary>What an operator shows the coordinator.</summary>
    /// <exception cref="InvalidInputException">Every fault found.</exception>
    internal ClientSecurity Security(ParseResult parsed) => client.Read(parsed, Address(parsed));

    /// <summary>The run that is meant, of those there are.</summary>
    /// <exception cref="InvalidInputException">None is, or several may be; those are listed on stderr.</exception>
    internal string Choose(ParseResult parsed, IReadOnlyList<RunStatus> runs)
    {
        var given = parsed.GetValue(name);
        var names = string.Join('|', runs.Select(run => run.Run));
        switch (given, runs)
        {
            case (null, [var only]):
                return only.Run;
            case (_, []):
                throw new InvalidInputException("run", $"a run on the coordinator at {Address(parsed).OriginalString}", "none there");
            case (null, _):
                foreach (var run in runs)
                {
                    Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{run.State,-9}  round {run.Round} of {run.Rounds}  {run.Run}"));
                }

                throw new InvalidInputException("run", $"--run NAME, one of these {runs.Count}", "nothing");
            default:
                return runs.Any(run => run.Run == given) ? given : throw new InvalidInputException(
                    "run", names, given + NearestName.Hint(given, runs.Select(run => run.Run)));
        }
    }
}
