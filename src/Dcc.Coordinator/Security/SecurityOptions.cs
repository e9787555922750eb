using System.Net;
using Dcc.Core.Validation;
using Dcc.Hosting;
using Dcc.Hosting.Security;

namespace Dcc.Coordinator.Security;

/// <summary>
/// Who may talk to the coordinator, and how he knows that it is the coordinator; section Coordinator:Security. All of it is files, which may be
/// replaced while the coordinator runs.
/// </summary>
internal sealed class SecurityOptions
{
    /// <summary>PEM file of the server's certificate, with those between it and the authority behind it.</summary>
    public string? Certificate { get; set; }

    /// <summary>PEM file of its key.</summary>
    public string? Key { get; set; }

    /// <summary>PEM file of the authorities that issue certificates to devices and operators: with one, both must present theirs.</summary>
    public string? ClientCa { get; set; }

    /// <summary>Serial numbers of certificates that are withdrawn, one a line.</summary>
    public string? Revoked { get; set; }

    /// <summary>File with the key that join tokens are signed with: with one, a device must present a token or, with client-ca, a certificate.</summary>
    public string? TokenKey { get; set; }

    /// <summary>File with the secret of operators: with one, they must present it or, with client-ca, a certificate.</summary>
    public string? OperatorTokenFile { get; set; }

    /// <summary>Listens beyond loopback without TLS, and lets everybody there operate the coordinator where nothing else is asked of operators.</summary>
    public bool Insecure { get; set; }

    /// <summary>Unix socket of a local program that is shown what connections carry inside of TLS.</summary>
    public string? PlaintextTap { get; set; }

    /// <summary>Whether devices must show who they are.</summary>
    internal bool AsksDevices => (ClientCa ?? TokenKey) is not null;

    /// <summary>Whether operators must.</summary>
    internal bool AsksOperators => (ClientCa ?? OperatorTokenFile) is not null;

    internal static readonly CommandLineFlag[] Flags =
    [
        new("--certificate", "Coordinator:Security:Certificate", "FILE", "Certificate of an https address (PEM), read again when it changes, as all below."),
        new("--key", "Coordinator:Security:Key", "FILE", "Its private key (PEM, mode 600)."),
        new("--client-ca", "Coordinator:Security:ClientCa", "FILE", "Authorities of devices and operators (PEM): mutual TLS [none asked]."),
        new("--revoked", "Coordinator:Security:Revoked", "FILE", "Serial numbers of withdrawn certificates, as dcc certs revoke writes them [none]."),
        new("--token-key", "Coordinator:Security:TokenKey", "FILE", "Key of the join tokens of dcc certs token (mode 600) [none asked]."),
        new("--operator-token-file", "Coordinator:Security:OperatorTokenFile", "FILE", "Secret that operators must send (mode 600) [none asked]."),
        new("--plaintext-tap", "Coordinator:Security:PlaintextTap", "SOCKET", "Unix socket that is shown what TLS carries, for dcc emulate to count [none]."),
        new("--insecure", "Coordinator:Security:Insecure", "", "Listen beyond loopback without TLS, open to whoever reaches it."),
    ];

    /// <summary>Notes what is wrong with the files, or does not go with the addresses.</summary>
    internal void Check(string listen, string http, List<InputFault> faults)
    {
        string[] addresses = http == CoordinatorOptions.None ? [listen] : [listen, http];
        var isTls = addresses.Any(IsTls);
        if (isTls && (Certificate is null || Key is null))
        {
            faults.Add(new InputFault(Certificate is null ? "certificate" : "key", "a file (PEM) for an https address", "nothing"));
        }
        else if (!isTls && (Certificate ?? Key) is { } useless)
        {
            faults.Add(new InputFault("listen", "https://IP:PORT with certificate and key", $"{listen} with {useless}"));
        }

        if (ClientCa is not null && !IsTls(listen))
        {
            faults.Add(new InputFault("listen", "https://IP:PORT with client-ca", listen));
        }

        if (PlaintextTap is not null && !IsTls(listen))
        {
            faults.Add(new InputFault("listen", "https://IP:PORT with plaintext-tap", listen));
        }

        if (Revoked is not null && ClientCa is null)
        {
            faults.Add(new InputFault("revoked", "no file without client-ca", Revoked));
        }

        foreach (var (field, address) in new[] { ("listen", listen), ("http", http) }.Take(addresses.Length))
        {
            if (!Insecure && !IsTls(address) && !IsLoopback(address))
            {
                faults.Add(new InputFault(field, "https:// beyond loopback (with certificate and key), or insecure", address));
            }
        }
    }

    internal static bool IsTls(string address) => address.StartsWith("https:", StringComparison.Ordinal);

    internal static bool IsLoopback(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && (uri.Host == "localhost" || (IPAddress.TryParse(uri.DnsSafeHost, out var ip) && IPAddress.IsLoopback(ip)));
}
