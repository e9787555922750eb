using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Dcc.Core.Engine;

/// <summary>
/// The run's digest (model.md section 7): h_0 = SHA-256(theta_0), h_n = SHA-256(h_(n-1) || n || theta_n), numbers little-endian.
/// </summary>
public sealed class ThetaDigest
{
    private byte[] hash;

    /// <summary>Starts at h_0.</summary>
    public ThetaDigest(ReadOnlySpan<double> theta0) => hash = SHA256.HashData(Bytes(theta0));

    /// <summary>Appends theta_n, n from 1.</summary>
    public void Append(long n, ReadOnlySpan<double> theta)
    {
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(number, (ulong)n);
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(hash);
        sha.AppendData(number);
        sha.AppendData(Bytes(theta));
        hash = sha.GetHashAndReset();
    }

    /// <summary>The last hash in lowercase hexadecimal.</summary>
    public override string ToString() => Convert.ToHexStringLower(hash);

    private static byte[] Bytes(ReadOnlySpan<double> values)
    {
        var bytes = new byte[values.Length * sizeof(double)];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)), values[i]);
        }

        return bytes;
    }
}
