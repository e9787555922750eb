using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Dcc.Core.Validation;

namespace Dcc.Hosting.Security;

/// <summary>Certificates and keys in PEM files.</summary>
public static class CertificateFiles
{
    /// <summary>A certificate with its private key, and the intermediate ones that its file holds behind it.</summary>
    /// <param name="certificate">Path of the certificates, the owner's first.</param>
    /// <param name="key">Path of the key.</param>
    /// <exception cref="InvalidInputException">A file cannot be read, others can read the key, or the two do not belong together.</exception>
    public static (X509Certificate2 Own, X509Certificate2Collection Chain) ReadOwn(string certificate, string key)
    {
        var chain = ReadAll("certificate", certificate);
        var secret = Try("key", "a private key (PEM)", key, () => Encoding.ASCII.GetString(SecretFile.Read("key", key)));
        var own = Try("key", "the private key (PEM) of the certificate", key, () => X509Certificate2.CreateFromPem(chain[0].ExportCertificatePem(), secret));
        chain.RemoveAt(0);
        return (own, chain);
    }

    /// <summary>All certificates of a file, at least one.</summary>
    /// <exception cref="InvalidInputException">It cannot be read, or holds none.</exception>
    public static X509Certificate2Collection ReadAll(string field, string path)
    {
        var found = new X509Certificate2Collection();
        Try(field, "certificates (PEM)", path, () =>
        {
            found.ImportFromPem(File.ReadAllText(path));
            return found.Count;
        });
        return found.Count > 0 ? found : throw new InvalidInputException(field, "at least one certificate (PEM)", path);
    }

    /// <summary>Reads a file; of one that cannot be used a message shows the path, never what it holds.</summary>
    /// <exception cref="InvalidInputException">It cannot be read, or is not what was expected.</exception>
    public static T Try<T>(string field, string expected, string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException(field, "a readable file", $"{path} ({exception.Message})");
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new InvalidInputException(field, expected, path);
        }
    }
}
