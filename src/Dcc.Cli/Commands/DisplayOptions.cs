using System.CommandLine;

namespace Dcc.Cli.Commands;

/// <summary>How much a command says, and for whom.</summary>
internal sealed class DisplayOptions
{
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON object on stdout in place of the table." };
    private readonly Option<bool> quiet = new("--quiet") { Description = "Say nothing but errors (with --json: and the object)." };

    internal IEnumerable<Option> All => [json, quiet];

    internal bool Quiet(ParseResult parsed) => parsed.GetValue(quiet);

    /// <summary>Prints a result on stdout as was asked for.</summary>
    internal void Print(ParseResult parsed, Func<string> asJson, Action asTable)
    {
        if (parsed.GetValue(json))
        {
            Console.Out.WriteLine(asJson());
        }
        else if (!Quiet(parsed))
        {
            asTable();
        }
    }
}
