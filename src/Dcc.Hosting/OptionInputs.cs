using Dcc.Core.Devices;
using Dcc.Core.Validation;

namespace Dcc.Hosting;

/// <summary>What the options of both services have in common.</summary>
public static class OptionInputs
{
    /// <summary>Notes an address that is no plain URL of a host and port.</summary>
    public static void CheckAddress(string field, string text, IReadOnlyList<string> schemes, List<InputFault> faults)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address)
            || !schemes.Contains(address.Scheme)
            || address.Host.Length == 0
            || address.PathAndQuery != "/"
            || address.UserInfo.Length > 0)
        {
            faults.Add(new InputFault(field, $"{string.Join(" or ", schemes)}://HOST:PORT", text.Length == 0 ? "nothing" : text));
        }
    }

    /// <summary>Reads a system file; null without one.</summary>
    /// <exception cref="InvalidInputException">It cannot be read, or is no system file.</exception>
    public static EdgeSystem? ReadSystem(string? path)
    {
        try
        {
            return path is null ? null : EdgeSystem.Parse(File.ReadAllBytes(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InvalidInputException("system", "a readable file", $"{path} ({exception.Message})");
        }
    }
}
