using System.Buffers.Text;
using System.Text;

namespace Dcc.Coordinator.Dashboard;

/// <summary>
/// A run's name as one segment of a URL. A plain name is itself; any other is a tilde and the base64url of its UTF-8, because proxies and browsers
/// change percent-encoded slashes and dots on the way.
/// </summary>
internal static class RunPath
{
    private const char Mark = '~';

    internal static string Encode(string name) =>
        name[0] != '.' && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.')
            ? name
            : Mark + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(name));

    /// <summary>The name that a segment stands for; any text is taken for a name as it is.</summary>
    internal static string Decode(string segment) =>
        segment is [Mark, .. var encoded] && Base64Url.IsValid(encoded) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(encoded)) : segment;
}
