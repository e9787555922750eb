using Dcc.Core.Validation;
using Dcc.Hosting.Security;

namespace Dcc.Coordinator.Security;

/// <summary>
/// A value made of files, and made again when their content has changed. It looks when it is asked, which happens once for a connection or a stream:
/// a few small files that the system has in memory. Times of files would not tell: a mounted secret is replaced behind a symbolic link.
/// </summary>
/// <param name="paths">The files.</param>
/// <param name="read">Makes the value of them.</param>
/// <param name="complain">Told once why a change was not taken; the value before it stays, and the files are tried again until they are good.</param>
internal sealed class FileBacked<T>(IReadOnlyList<string> paths, Func<T> read, Action<string> complain)
    where T : class
{
    private readonly Lock gate = new();
    private byte[] seen = [];
    private string? complaint;
    private T? value;

    /// <summary>The value of the latest files that are good.</summary>
    /// <exception cref="InvalidInputException">They are not, and never were.</exception>
    internal T Current()
    {
        lock (gate)
        {
            var content = FileFingerprint.Of(paths);
            if (value is not null && content.AsSpan().SequenceEqual(seen))
            {
                complaint = null;
                return value;
            }

            try
            {
                value = read();

                // Only now: what was refused may become good without another content, when others can no longer read it.
                (seen, complaint) = (content, null);
            }
            catch (InvalidInputException exception) when (value is not null)
            {
                var latest = Convert.ToHexString(content) + exception.Message;
                if (latest != complaint)
                {
                    complaint = latest;
                    complain(exception.Message);
                }
            }

            return value;
        }
    }
}
