using System.Security.Cryptography;

namespace Dcc.Hosting.Security;

/// <summary>Tells whether files have changed.</summary>
public static class FileFingerprint
{
    /// <summary>SHA-256 of what the files hold, in their order; one that cannot be read has a content of its own.</summary>
    public static byte[] Of(IEnumerable<string> paths)
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
