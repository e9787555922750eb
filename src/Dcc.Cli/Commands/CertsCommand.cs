using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Dcc.Cli.Certificates;
using Dcc.Core.Validation;
using Dcc.Hosting.Security;

namespace Dcc.Cli.Commands;

/// <summary>dcc certs: a small authority, the certificates it issues, and join tokens.</summary>
internal static class CertsCommand
{
    private static readonly (string Unit, TimeSpan Time)[] Units =
        [("d", TimeSpan.FromDays(1)), ("h", TimeSpan.FromHours(1)), ("m", TimeSpan.FromMinutes(1)), ("s", TimeSpan.FromSeconds(1))];

    internal static Command Create()
    {
        var command = new DccCommand("certs", "Make certificates and join tokens for coordinators, devices and operators.")
        {
            Purpose = "A certificate authority of your own in a folder, and what it issues: ECDSA P-256, PEM files, keys with mode 600. A device's "
                + "certificate or token names its run and its devices, and lets nobody be another one. Coordinators and agents take new files without "
                + "a restart.",
            Examples =
            [
                ("dcc certs init", "certs/ca.pem and certs/ca.key"),
                ("dcc certs server --host edge.example --host 192.0.2.7", "certs/server.pem and its key"),
                ("dcc certs device --run harbour --devices 3", "certs/device-harbour-3.pem and its key"),
                ("dcc certs operator", "certs/operator.pem and its key"),
                ("dcc certs revoke certs/device-harbour-3.pem", "adds it to certs/revoked.txt"),
                ("dcc certs secret join.key", "a secret of 256 bits, for tokens or operators"),
                ("dcc certs token --run harbour --devices 0-4 --key join.key --output t", "a join token, for 24 hours"),
            ],
        };
        foreach (var sub in (Command[])[Init(), Server(), Device(), Operator(), Revoke(), Show(), Secret(), Token()])
        {
            command.Add(sub);
        }

        return command;
    }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private static Command Init()
    {
        var (folder, valid, force) = (Folder(), Valid("3650d"), Force());
        var name = new Option<string>("--name") { Description = "What the authority is called [dcc].", HelpName = "NAME", DefaultValueFactory = _ => "dcc" };
        var command = new Command("init", "Make an authority: ca.pem, and ca.key, which is never replaced without --force.") { folder, name, valid, force };
        command.SetAction(parsed =>
        {
            var files = new AuthorityFolder(parsed.GetRequiredValue(folder));
            using var authority = files.Create(parsed.GetRequiredValue(name), Duration(parsed, valid), parsed.GetValue(force), Now);
            return Say(files.Authorities);
        });
        return command;
    }

    private static Command Server()
    {
        var hosts = new Option<string[]>("--host") { Description = "DNS name or IP address that it is reached by; may be repeated.", HelpName = "HOST", Required = true };
        return Issue("server", "Make a coordinator's certificate.", [hosts], parsed =>
        {
            var names = parsed.GetRequiredValue(hosts);
            return Array.Find(names, host => Uri.CheckHostName(host) == UriHostNameType.Unknown) is { } wrong
                ? throw new InvalidInputException("host", "a DNS name or an IP address", wrong)
                : ("server", (authority, validity) => authority.IssueServer(names, validity, Now));
        });
    }

    private static Command Device()
    {
        var (run, devices) = (Run(), Devices());
        return Issue("device", "Make the certificate of a device, or of a process that hosts several.", [run, devices], parsed =>
        {
            var holder = Holder(parsed.GetRequiredValue(run), parsed.GetRequiredValue(devices));
            return (
                $"device-{Uri.EscapeDataString(holder.Run!)}-{parsed.GetRequiredValue(devices)}",
                (authority, validity) => authority.IssueClient(holder, validity, Now));
        });
    }

    private static Command Operator() => Issue(
        "operator", "Make an operator's certificate.", [],
        _ => ("operator", (authority, validity) => authority.IssueClient(PeerIdentity.Operator, validity, Now)));

    private static Command Issue(
        string name, string summary, Option[] options,
        Func<ParseResult, (string File, Func<CertificateAuthority, TimeSpan, IssuedCertificate> Issue)> read)
    {
        var (folder, valid, force) = (Folder(), Valid("365d"), Force());
        var file = new Option<string?>("--name") { Description = $"What the files are called, without .pem and .key [{name}...].", HelpName = "NAME" };
        var command = new Command(name, summary);
        foreach (var option in (Option[])[.. options, folder, file, valid, force])
        {
            command.Add(option);
        }

        command.SetAction(parsed =>
        {
            var (called, issue) = read(parsed);
            var validity = Duration(parsed, valid);
            var files = new AuthorityFolder(parsed.GetRequiredValue(folder));
            using var authority = files.Open();
            var given = parsed.GetValue(file) ?? called;
            files.Write(given, issue(authority, validity), parsed.GetValue(force));
            return Say(files.CertificateOf(given));
        });
        return command;
    }

    private static Command Revoke()
    {
        var folder = Folder();
        var certificate = new Argument<string>("FILE|SERIAL") { Description = "A certificate (PEM), or its serial number in hexadecimal." };
        var command = new Command("revoke", "Withdraw a certificate: its serial number is added to revoked.txt.") { certificate, folder };
        command.SetAction(parsed =>
        {
            var given = parsed.GetRequiredValue(certificate);
            if (given.Length == 0)
            {
                throw new InvalidInputException("FILE|SERIAL", "a certificate (PEM), or a serial number in hexadecimal", "nothing");
            }

            var isSerial = !File.Exists(given) && given.All(char.IsAsciiHexDigit);
            var read = isSerial ? null : CertificateFiles.ReadAll("FILE", given)[0];
            var files = new AuthorityFolder(parsed.GetRequiredValue(folder));
            files.Revoke(
                read?.SerialNumber ?? given,
                $"{(read is null ? "" : AuthorityFolder.Names(read) + ", ")}revoked {Now.ToString("u", CultureInfo.InvariantCulture)}");
            return Say(files.Revoked);
        });
        return command;
    }

    private static Command Show()
    {
        var certificate = new Argument<string>("FILE") { Description = "Certificates (PEM)." };
        var command = new Command("show", "Print whom certificates name, and until when.") { certificate };
        command.SetAction(parsed =>
        {
            foreach (var shown in CertificateFiles.ReadAll("FILE", parsed.GetRequiredValue(certificate)))
            {
                Console.Out.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"subject  {shown.Subject}\nissuer   {shown.Issuer}\nserial   {shown.SerialNumber}\nnames    {AuthorityFolder.Names(shown)}\n"
                    + $"from     {shown.NotBefore.ToUniversalTime():u}\nto       {shown.NotAfter.ToUniversalTime():u}"));
            }

            return Program.Done;
        });
        return command;
    }

    private static Command Secret()
    {
        var file = new Argument<string>("FILE") { Description = "Where to write it, with mode 600." };
        var force = Force();
        var command = new Command("secret", "Make a secret: for --token-key, or for --operator-token-file.") { file, force };
        command.SetAction(parsed =>
        {
            const int Bytes = 32;
            var path = parsed.GetRequiredValue(file);
            SecretFile.Write("FILE", path, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes)) + "\n", parsed.GetValue(force));
            return Say(path);
        });
        return command;
    }

    private static Command Token()
    {
        var (run, devices, force) = (Run(), Devices(), Force());
        var expires = new Option<string>("--expires") { Description = "How long it is in force [24h].", HelpName = "TIME", DefaultValueFactory = _ => "24h" };
        var key = new Option<string>("--key") { Description = "The coordinator's --token-key, as dcc certs secret makes it.", HelpName = "FILE", Required = true };
        var output = new Option<string?>("--output") { Description = "Where to write it, with mode 600 [standard output].", HelpName = "FILE" };
        var command = new Command("token", "Sign a join token.") { run, devices, expires, key, output, force };
        command.SetAction(parsed =>
        {
            var holder = Holder(parsed.GetRequiredValue(run), parsed.GetRequiredValue(devices));
            var path = parsed.GetRequiredValue(key);
            var secret = CertificateFiles.Try("key", "a secret", path, () => SecretFile.ReadLine("key", path));
            var token = new JoinToken(holder, Now + Duration(parsed, expires)).Sign(secret);
            if (parsed.GetValue(output) is { } file)
            {
                SecretFile.Write("output", file, token + "\n", parsed.GetValue(force));
                return Say(file);
            }

            Console.Out.WriteLine(token);
            return Program.Done;
        });
        return command;
    }

    private static PeerIdentity Holder(string run, string devices) => run.Length == 0
        ? throw new InvalidInputException("run", "a name", "nothing")
        : DeviceRange.Parse(devices) is var (first, last)
            ? new PeerIdentity(run, first, last)
            : throw new InvalidInputException("devices", "an index such as 3 or a range such as 0-4", devices);

    private static TimeSpan Duration(ParseResult parsed, Option<string> option)
    {
        const int MostDays = 36_500;
        var text = parsed.GetRequiredValue(option);
        var (unit, time) = Array.Find(Units, unit => text.EndsWith(unit.Unit, StringComparison.Ordinal));
        return unit is not null
            && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count > 0 && time.TotalDays * count <= MostDays
                ? time * count
                : throw new InvalidInputException(option.Name.TrimStart('-'), "a time such as 90d, 24h, 30m or 10s, of at most 100 years", text);
    }

    private static int Say(string path)
    {
        Console.Out.WriteLine(path);
        return Program.Done;
    }

    private static Option<string> Folder() => new("--folder") { Description = "The authority's folder [certs].", HelpName = "DIR", DefaultValueFactory = _ => "certs" };

    private static Option<string> Valid(string usual) => new("--valid") { Description = $"How long it is in force [{usual}].", HelpName = "TIME", DefaultValueFactory = _ => usual };

    private static Option<bool> Force() => new("--force") { Description = "Replace what is there." };

    private static Option<string> Run() => new("--run") { Description = "The run.", HelpName = "NAME", Required = true };

    private static Option<string> Devices() => new("--devices") { Description = "Its device, or a range of them.", HelpName = "I|I-J", Required = true };
}
