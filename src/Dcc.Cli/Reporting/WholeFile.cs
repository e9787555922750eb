using System.Text;

namespace Dcc.Cli.Reporting;

/// <summary>Writes a file whole or not at all.</summary>
internal static class WholeFile
{
    internal static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    internal static void Write(string path, byte[] content)
    {
        var temporary = path + ".tmp";
        try
        {
            File.WriteAllBytes(temporary, content);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
