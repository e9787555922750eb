using System.Security.Cryptography;
using Dcc.Core.Validation;

namespace Dcc.Coordinator.Security;

/// <summary>
/// A value made of files, and made again when their content has changed. It looks when it is asked, which happens once for a connection or a stream:
/// a few small files that the system has in memory. Times of files would not tell: a mounted secret is replaced behind a symbolic link.
/// </summary>
/// <param name="paths">The files.</param>
/// <param name="read">Makes the value of them.</param>
/// <param name="complain">Told once why a change was not taken; the value before it stays.</param>
internal sealed class FileBacked<T>(IReadOnlyList<string> paths, Func<T> read, Action<string> complain)
    where T : class
{
    private readonly Lock gate = new();
    private byte[] seen = [];
    private T? value;

    /// <summary>The value of the latest files that are good.</summary>
    /// <exception cref="InvalidInputException">They are not, and never were.</exception>
    internal T Current()
    {
        lock (gate)
        {
            var content = Fingerprint();
            if (value is null || !content.AsSpan().SequenceEqual(seen))
            {
                seen = content;
                try
                {
                    value = read();
                }
                catch (InvalidInputException exception) when (value is not null)
                {
                    complain(exception.Message);
                }
            }

            return value;
        }
    }

    private byte[] Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in paths)
        {
            try
            {
                hash.AppendData(SHA256.HashData(File.ReadAllBytes(path)));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // A file that is being replaced: that it is away is a content like any other.
                hash.AppendData([0]);
            }
        }

        return hash.GetHashAndReset();
    }
}
