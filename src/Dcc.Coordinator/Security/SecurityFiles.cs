using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Dcc.Core.Validation;
using Dcc.Hosting.Security;
using Microsoft.Extensions.Options;

namespace Dcc.Coordinator.Security;

/// <summary>Whose certificates are taken: those of some authorities but for the withdrawn ones.</summary>
internal sealed record ClientTrust(X509Certificate2Collection Authorities, IReadOnlySet<string> Revoked);

/// <summary>What the security options' files hold now. Null where an option names no file.</summary>
internal sealed class SecurityFiles
{
    private readonly FileBacked<SslStreamCertificateContext>? server;
    private readonly FileBacked<ClientTrust>? clients;
    private readonly FileBacked<string>? tokenKey;
    private readonly FileBacked<string>? operatorToken;

    public SecurityFiles(IOptions<CoordinatorOptions> options, ILogger<SecurityFiles> logger)
    {
        var security = options.Value.Security;
        if (security is { Certificate: { } certificate, Key: { } key })
        {
            server = Backed([certificate, key], () => ReadServer(certificate, key));
        }

        if (security.ClientCa is { } authorities)
        {
            clients = Backed(
                security.Revoked is { } revoked ? [authorities, revoked] : [authorities],
                () => new ClientTrust(CertificateFiles.ReadAll("client-ca", authorities), ReadRevoked(security.Revoked)));
        }

        if (security.TokenKey is { } joining)
        {
            tokenKey = Backed([joining], () => ReadSecret("token-key", joining));
        }

        if (security.OperatorTokenFile is { } operators)
        {
            operatorToken = Backed(
                security.TokenKey is { } signing ? [operators, signing] : [operators], () => ReadOperatorToken(operators, security.TokenKey));
        }

        FileBacked<T> Backed<T>(string[] paths, Func<T> read)
            where T : class => new(paths, read, reason => Log.FilesKept(logger, reason));
    }

    internal SslStreamCertificateContext? Server => server?.Current();

    internal ClientTrust? Clients => clients?.Current();

    internal string? TokenKey => tokenKey?.Current();

    internal string? OperatorToken => operatorToken?.Current();

    /// <summary>Reads everything once: what is wrong shows at the start.</summary>
    /// <exception cref="InvalidInputException">A file cannot be used.</exception>
    internal void Read() => _ = (Server, Clients, TokenKey, OperatorToken);

    private static SslStreamCertificateContext ReadServer(string certificate, string key)
    {
        var (own, chain) = CertificateFiles.ReadOwn(certificate, key);
        return SslStreamCertificateContext.Create(own, chain, offline: true);
    }

    private static string ReadSecret(string field, string path) =>
        CertificateFiles.Try(field, "a secret", path, () => SecretFile.ReadLine(field, path));

    // Whoever issues join tokens would be an operator, and an operator could issue them.
    private static string ReadOperatorToken(string path, string? tokenKey)
    {
        var secret = ReadSecret("operator-token-file", path);
        return tokenKey is not null && JoinToken.IsSame(secret, ReadSecret("token-key", tokenKey))
            ? throw new InvalidInputException("operator-token-file", "a secret other than that of token-key", path)
            : secret;
    }

    // A serial number a line, in hexadecimal; what follows a # is for people.
    private static HashSet<string> ReadRevoked(string? path)
    {
        if (path is null)
        {
            return [];
        }

        var serials = CertificateFiles.Try("revoked", "a list", path, () => File.ReadAllLines(path))
            .Select(line => line.Split('#')[0].Trim()).Where(serial => serial.Length > 0).ToList();
        return serials.Find(serial => !serial.All(char.IsAsciiHexDigit)) is { } wrong
            ? throw new InvalidInputException("revoked", "a serial number a line, in hexadecimal", $"{path} with '{wrong}'")
            : serials.Select(CertificateTrust.Serial).ToHashSet(StringComparer.Ordinal);
    }
}
