using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Dcc.Coordinator.Runs;
using Dcc.Hosting.Security;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Dcc.Coordinator.Security;

/// <summary>Why a call is refused, and under which name that is counted.</summary>
internal sealed record Denial(ProtocolFault Fault, Status Status);

/// <summary>What a call's peer shows of itself; kept, for the call's context is not to be asked by several threads, nor after the call.</summary>
internal readonly record struct Shown(X509Certificate2? Certificate, string? Token)
{
    internal static Shown By(HttpContext context) => new(context.Connection.ClientCertificate, Bearer(context.Request.Headers.Authorization.ToString()));

    private static string? Bearer(string authorization)
    {
        const string Scheme = "Bearer ";
        return authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? authorization[Scheme.Length..].Trim() : null;
    }
}

/// <summary>Whom a call's peer speaks for. The certificate's or token's holders, null where nothing is asked; or why it is refused.</summary>
internal readonly record struct Credentials(IReadOnlyList<PeerIdentity>? Holders, Denial? Denial = null)
{
    /// <summary>Null where the peer may be this device.</summary>
    internal Denial? ToBe(string run, long device) => Holders is null || Holders.Any(holder => holder.Is(run, device)) ? null
        : Denied(Holders.Where(holder => holder.Run == run).ToList() is [_, ..] ofRun
            ? $"device: expected one that the peer's certificate or token names ({string.Join(", ", ofRun)}), got {device}"
            : $"run: expected one that the peer's certificate or token names ({string.Join(", ", Holders)}), got '{run}'");

    private static Denial Denied(string message) => new(ProtocolFault.OtherDevice, new Status(StatusCode.PermissionDenied, message));
}

/// <summary>
/// Decides who may call. A TLS handshake takes any client certificate, or none: the peer has proved that it has the key, and what that is worth is
/// judged here, call by call, by the files as they are then. So a peer that is refused is told why, and counted.
/// </summary>
internal sealed class Access(IOptions<CoordinatorOptions> options, SecurityFiles files, TimeProvider time)
{
    private readonly SecurityOptions security = options.Value.Security;

    // Beyond loopback nobody operates a coordinator unasked; whoever is on its machine does. Insecure is about addresses without TLS: where it was
    // given for the pages' port it says nothing of this one.
    private readonly bool isOpenToOperators = SecurityOptions.IsLoopback(options.Value.Listen)
        || (options.Value.Security.Insecure && !SecurityOptions.IsTls(options.Value.Listen));

    /// <summary>Who a device's stream comes from, before it has said anything.</summary>
    internal Credentials OfDevice(in Shown shown)
    {
        if (!security.AsksDevices)
        {
            return default;
        }

        return files.TokenKey is { } key && shown.Token is { } token ? ByToken(token, key)
            : files.Clients is { } trust ? ByCertificate(shown, trust)
            : Unknown(ProtocolFault.NoToken, "token: expected a join token, got none");
    }

    /// <summary>Null where the peer may be this device, now.</summary>
    internal Denial? ToBe(string run, long device, in Shown shown)
    {
        var credentials = OfDevice(shown);
        return credentials.Denial ?? credentials.ToBe(run, device);
    }

    /// <summary>Null where the peer may operate the coordinator.</summary>
    internal Denial? OfOperator(HttpContext context)
    {
        if (!security.AsksOperators)
        {
            return isOpenToOperators || IPAddress.IsLoopback(context.Connection.RemoteIpAddress ?? IPAddress.None)
                ? null
                : NotOperator("operator: expected a call from the coordinator's machine, as it asks operators for nothing, got one from elsewhere");
        }

        var shown = Shown.By(context);
        if (files.OperatorToken is { } secret && shown.Token is { } token)
        {
            return JoinToken.IsSame(token, secret) ? null
                : Unknown(ProtocolFault.InvalidToken, "token: expected the operators' token, got another").Denial;
        }

        if (files.Clients is not { } trust)
        {
            return Unknown(ProtocolFault.NoToken, "token: expected the operators' token, got none").Denial;
        }

        var credentials = ByCertificate(shown, trust);
        return credentials.Denial ?? (credentials.Holders!.Contains(PeerIdentity.Operator)
            ? null
            : NotOperator($"operator: expected a certificate that names {PeerIdentity.Operator}, got one without it"));
    }

    private Credentials ByCertificate(in Shown shown, ClientTrust trust)
    {
        if (shown.Certificate is not { } certificate)
        {
            return Unknown(ProtocolFault.NoCertificate, "certificate: expected one of the coordinator's client authorities, got none");
        }

        var verdict = CertificateTrust.Judge(certificate, sent: null, trust.Authorities, trust.Revoked, CertificateTrust.Client, time.GetUtcNow());
        return verdict switch
        {
            CertificateVerdict.Trusted => Named(certificate),
            CertificateVerdict.Expired => Unknown(
                ProtocolFault.ExpiredCertificate, "certificate: expected one that is in force, got one whose time is over or has not come"),
            CertificateVerdict.Revoked => Unknown(ProtocolFault.RevokedCertificate, "certificate: expected one that is in force, got a revoked one"),
            _ => Unknown(ProtocolFault.UntrustedCertificate, "certificate: expected one of the coordinator's client authorities, got another"),
        };
    }

    private static Credentials Named(X509Certificate2 certificate)
    {
        try
        {
            return new Credentials(PeerIdentity.Of(certificate));
        }
        catch (AsnContentException)
        {
            return Unknown(ProtocolFault.UntrustedCertificate, "certificate: expected names that can be read, got others");
        }
    }

    private Credentials ByToken(string text, string key) => JoinToken.Read(text, key) is not { } token
        ? Unknown(ProtocolFault.InvalidToken, "token: expected one signed with the coordinator's key, got another")
        : token.Expiry <= time.GetUtcNow()
            ? Unknown(ProtocolFault.ExpiredToken, $"token: expected one that is in force, got one that expired at {token.Expiry:u}")
            : new Credentials([token.Holder]);

    private static Credentials Unknown(ProtocolFault fault, string message) =>
        new(null, new Denial(fault, new Status(StatusCode.Unauthenticated, message)));

    private static Denial NotOperator(string message) => new(ProtocolFault.NotOperator, new Status(StatusCode.PermissionDenied, message));
}
