using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace Dcc.Hosting.Security;

/// <summary>
/// Whom a certificate or a token speaks for: some devices of one run, or an operator of the coordinator. As a URI, which a certificate carries as a
/// subject alternative name: <c>dcc://run/NAME/device/3</c>, <c>dcc://run/NAME/devices/0-4</c> for a process that hosts several, or
/// <c>dcc://operator</c>; NAME is percent-encoded.
/// </summary>
/// <param name="Run">The run; null for an operator.</param>
/// <param name="First">Its first device.</param>
/// <param name="Last">Its last device.</param>
public sealed record PeerIdentity(string? Run, int First, int Last)
{
    private const string OperatorUri = "dcc://operator";
    private const string RunPrefix = "dcc://run/";
    private const string SubjectAlternativeName = "2.5.29.17";

    /// <summary>Whoever may create, watch and cancel runs.</summary>
    public static PeerIdentity Operator { get; } = new(null, 0, 0);

    /// <summary>Whether it may be this device of this run.</summary>
    public bool Is(string run, long device) => Run == run && device >= First && device <= Last;

    /// <summary>The URI that <see cref="Parse"/> reads.</summary>
    public override string ToString() => Run is null ? OperatorUri : string.Create(
        CultureInfo.InvariantCulture, $"{RunPrefix}{Uri.EscapeDataString(Run)}/{(First == Last ? $"device/{First}" : $"devices/{First}-{Last}")}");

    /// <summary>Reads a URI; null where it names nobody here.</summary>
    public static PeerIdentity? Parse(string uri)
    {
        // A URI without a path has an empty one, which the platform's writes out.
        if (uri is OperatorUri or OperatorUri + "/")
        {
            return Operator;
        }

        return uri.StartsWith(RunPrefix, StringComparison.Ordinal)
            && uri[RunPrefix.Length..].Split('/') is [{ Length: > 0 } run, var kind, var devices]
            && DeviceRange.Parse(devices) is var (first, last) && (kind == "devices" || (kind == "device" && first == last))
                ? new PeerIdentity(Uri.UnescapeDataString(run), first, last)
                : null;
    }

    /// <summary>Everybody a certificate names.</summary>
    /// <exception cref="AsnContentException">Its subject alternative names are no ASN.1.</exception>
    public static IReadOnlyList<PeerIdentity> Of(X509Certificate2 certificate)
    {
        var found = new List<PeerIdentity>();
        foreach (var extension in certificate.Extensions.Where(extension => extension.Oid?.Value == SubjectAlternativeName))
        {
            // GeneralNames of RFC 5280, 4.2.1.6: the platform's reader knows DNS names and addresses only.
            var uniformResourceIdentifier = new Asn1Tag(TagClass.ContextSpecific, 6);
            var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                if (!names.PeekTag().HasSameClassAndValue(uniformResourceIdentifier))
                {
                    names.ReadEncodedValue();
                }
                else if (Parse(names.ReadCharacterString(UniversalTagNumber.IA5String, uniformResourceIdentifier)) is { } identity)
                {
                    found.Add(identity);
                }
            }
        }

        return found;
    }
}

/// <summary>A device index or a range of them, such as 3 or 0-4.</summary>
public static class DeviceRange
{
    /// <summary>Reads it; null where it is none.</summary>
    public static (int First, int Last)? Parse(string text)
    {
        var parts = text.Split('-');
        return parts.Length <= 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            && first <= last
                ? (first, last)
                : null;
    }
}
