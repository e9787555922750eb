using System.CommandLine;
using Dcc.Core.Validation;
using Dcc.Hosting.Security;

namespace Dcc.Cli.Commands;

/// <summary>What a command shows a coordinator, and by whom it lets the coordinator prove itself.</summary>
internal sealed class ClientOptions
{
    private readonly Option<string?> ca = File("--ca", "Authorities that may have issued an https coordinator's certificate (PEM) [the system's].");
    private readonly Option<string?> certificate = File("--certificate", "Operator's certificate (PEM) [none].");
    private readonly Option<string?> key = File("--key", "Its private key (PEM, mode 600).");
    private readonly Option<string?> token = File("--token-file", "Operators' token (mode 600) [none].");
    private readonly Option<bool> insecure = new("--insecure") { Description = "Send the token without TLS beyond loopback too." };

    internal IEnumerable<Option> All => [ca, certificate, key, token, insecure];

    /// <summary>What the command line says.</summary>
    /// <exception cref="InvalidInputException">Every fault found.</exception>
    internal ClientSecurity Read(ParseResult parsed, Uri address)
    {
        var security = new ClientSecurity
        {
            Authorities = parsed.GetValue(ca), Certificate = parsed.GetValue(certificate), Key = parsed.GetValue(key),
            TokenFile = parsed.GetValue(token), IsInsecure = parsed.GetValue(insecure),
        };
        var faults = new List<InputFault>();
        security.Check("ADDRESS", [address.OriginalString], faults);
        return faults.Count == 0 ? security : throw new InvalidInputException(faults);
    }

    private static Option<string?> File(string name, string description) => new(name) { Description = description, HelpName = "FILE" };
}
