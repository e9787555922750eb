using System.Text;

namespace Dcc.Cli.Scenarios;

/// <summary>Reads files that a user names, and stops at 1 MiB whatever they claim to be.</summary>
internal static class BoundedFile
{
    private const int LargestBytes = 1024 * 1024;

    /// <summary>The file's text.</summary>
    /// <exception cref="IOException">It cannot be read, is too large or is not UTF-8.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    internal static string ReadText(string path)
    {
        using var file = File.OpenRead(path);
        var buffer = new byte[LargestBytes + 1];
        var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        if (length > LargestBytes)
        {
            throw new IOException("larger than 1 MiB");
        }

        try
        {
            var text = buffer.AsSpan(0, length);
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(text.StartsWith(Encoding.UTF8.Preamble) ? text[3..] : text);
        }
        catch (DecoderFallbackException)
        {
            throw new IOException("not UTF-8 text");
        }
    }
}
