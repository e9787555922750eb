using System.Globalization;
using System.Text;

namespace Dcc.Cli.Scenarios;

/// <summary>Reads files that a user names, and stops at a limit whatever they claim to be.</summary>
internal static class BoundedFile
{
    /// <summary>For what people write.</summary>
    private const int LargestTextBytes = 1024 * 1024;

    /// <summary>For the description of a million devices.</summary>
    private const int LargestDataBytes = 128 * 1024 * 1024;

    /// <summary>The bytes of a file of at most 128 MiB.</summary>
    /// <exception cref="IOException">It cannot be read, or is too large.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    internal static byte[] ReadData(string path) => Read(path, LargestDataBytes);

    /// <summary>The text of a file of at most 1 MiB.</summary>
    /// <exception cref="IOException">It cannot be read, is too large or is not UTF-8.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    internal static string ReadText(string path)
    {
        try
        {
            ReadOnlySpan<byte> text = Read(path, LargestTextBytes);
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(text.StartsWith(Encoding.UTF8.Preamble) ? text[3..] : text);
        }
        catch (DecoderFallbackException)
        {
            throw new IOException("not UTF-8 text");
        }
    }

    private static byte[] Read(string path, int largest)
    {
        using var file = File.OpenRead(path);
        using var content = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (file.Read(buffer) is var read && read > 0)
        {
            content.Write(buffer, 0, read);
            if (content.Length > largest)
            {
                throw new IOException(string.Create(CultureInfo.InvariantCulture, $"larger than {largest / (1024 * 1024)} MiB"));
            }
        }

        return content.ToArray();
    }
}
