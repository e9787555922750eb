using System.Net;
using Dcc.Core.Devices;
using Dcc.Core.Validation;

namespace Dcc.Hosting;

/// <summary>What the options of both services have in common.</summary>
public static class OptionInputs
{
    /// <summary>Notes an address to connect to that is no plain URL of a host and port.</summary>
    public static void CheckAddress(string field, string text, IReadOnlyList<string> schemes, List<InputFault> faults)
    {
        if (!IsAddress(text, schemes))
        {
            faults.Add(new InputFault(field, $"{string.Join(" or ", schemes)}://HOST:PORT", text.Length == 0 ? "nothing" : text));
        }
    }

    /// <summary>Notes an address to listen on that is no URL of an IP address or localhost and a port.</summary>
    public static void CheckListenAddress(string field, string text, IReadOnlyList<string> schemes, List<InputFault> faults)
    {
        // localhost is two addresses, which would get two free ports.
        if (!IsAddress(text, schemes)
            || !(IPAddress.TryParse(new Uri(text).DnsSafeHost, out _) || new Uri(text) is { Host: "localhost", Port: not 0 }))
        {
            faults.Add(new InputFault(field, $"{string.Join(" or ", schemes)}://IP:PORT, or localhost:PORT (0 takes a free port of an IP)", text.Length == 0 ? "nothing" : text));
        }
    }

    private static bool IsAddress(string text, IReadOnlyList<string> schemes) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address)
        && schemes.Contains(address.Scheme)
        && address.Host.Length > 0
        && address.PathAndQuery == "/"
        && address.UserInfo.Length == 0;

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
