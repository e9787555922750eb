using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Dcc.Hosting.Security;

/// <summary>
/// A token that lets devices join a run until it expires: <c>dcc1.CLAIM.MAC</c>, where CLAIM is the base64url of "EXPIRY URI", the expiry in Unix
/// seconds and the URI that of a <see cref="PeerIdentity"/>, and MAC that of the HMAC-SHA256 over all before it. Whoever has the key can make one.
/// </summary>
/// <param name="Holder">The devices.</param>
/// <param name="Expiry">When it ends.</param>
public sealed record JoinToken(PeerIdentity Holder, DateTimeOffset Expiry)
{
    private const string Version = "dcc1.";

    /// <summary>The token's text.</summary>
    public string Sign(string key)
    {
        var claim = string.Create(CultureInfo.InvariantCulture, $"{Expiry.ToUnixTimeSeconds()} {Holder}");
        var signed = Version + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claim));
        return $"{signed}.{Base64Url.EncodeToString(Mac(key, signed))}";
    }

    /// <summary>Reads a token; null where its key is another one, or it is none at all. Whether it has expired is for the caller to say.</summary>
    public static JoinToken? Read(string token, string key)
    {
        var end = token.LastIndexOf('.');
        if (end < Version.Length || !token.StartsWith(Version, StringComparison.Ordinal)
            || !Base64Url.IsValid(token.AsSpan(end + 1)) || !Base64Url.IsValid(token.AsSpan(Version.Length, end - Version.Length)))
        {
            return null;
        }

        // Nothing of the claim is looked at before the whole is known to be genuine.
        if (!CryptographicOperations.FixedTimeEquals(Base64Url.DecodeFromChars(token.AsSpan(end + 1)), Mac(key, token[..end])))
        {
            return null;
        }

        var claim = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token.AsSpan(Version.Length, end - Version.Length))).Split(' ');
        return claim is [var expiry, var holder]
            && long.TryParse(expiry, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && PeerIdentity.Parse(holder) is { Run: not null } identity
                ? new JoinToken(identity, DateTimeOffset.FromUnixTimeSeconds(seconds))
                : null;
    }

    /// <summary>Whether two secrets are the same, in a time that tells nothing of where they differ.</summary>
    public static bool IsSame(string one, string other) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(one)), SHA256.HashData(Encoding.UTF8.GetBytes(other)));

    private static byte[] Mac(string key, string signed) => HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.ASCII.GetBytes(signed));
}
