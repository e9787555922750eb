using System.Globalization;
using Npgsql;

namespace Dcc.Journal;

/// <summary>
/// postgres://USER:PASSWORD@HOST:PORT/DATABASE?NAME=VALUE as libpq reads it: every part optional but the host, which may be a parameter (host=/run/postgresql
/// for a socket) too, every part percent-encoded. Messages never quote a part: a password with a character that should have been encoded may be anywhere.
/// </summary>
internal static class PostgresUrl
{
    // libpq's names that have a like in Npgsql.
    private static readonly Dictionary<string, string> Parameters = new(StringComparer.Ordinal)
    {
        ["host"] = "Host", ["port"] = "Port", ["user"] = "Username", ["dbname"] = "Database", ["passfile"] = "Passfile", ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate", ["sslcert"] = "SSL Certificate", ["sslkey"] = "SSL Key", ["connect_timeout"] = "Timeout",
        ["application_name"] = "Application Name", ["keepalives_idle"] = "Tcp Keepalive Time", ["options"] = "Options",
    };

    internal static bool IsOne(string text) =>
        text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a URL.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    internal static NpgsqlConnectionStringBuilder Parse(string text)
    {
        var server = new NpgsqlConnectionStringBuilder();
        var (path, query) = Cut(text[(text.IndexOf("://", StringComparison.Ordinal) + 3)..], '?');
        var (authority, database) = Cut(path, '/');
        if (database.Contains('@', StringComparison.Ordinal) || query.Contains('@', StringComparison.Ordinal))
        {
            throw new FormatException("an @ after the host (a / or ? before it must be written %2F or %3F)");
        }

        var at = authority.LastIndexOf('@');
        if (at >= 0)
        {
            var (user, password) = Cut(authority[..at], ':');
            Set(user, value => server.Username = value);
            Set(password, value => server.Password = value);
        }

        SetHost(server, authority[(at + 1)..]);
        Set(database, value => server.Database = value);
        foreach (var (name, value) in query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(part => Cut(part, '=')))
        {
            var known = Parameters.GetValueOrDefault(name)
                ?? throw new FormatException($"a parameter other than {string.Join(", ", Parameters.Keys)}");
            Set(value, decoded => server[known] = known == "SSL Mode" ? decoded.Replace("-", "", StringComparison.Ordinal) : decoded);
        }

        return server;
    }

    private static void SetHost(NpgsqlConnectionStringBuilder server, string text)
    {
        var bracket = text.LastIndexOf(']');
        var colon = text.LastIndexOf(':');
        if (colon > bracket)
        {
            server.Port = ushort.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
                ? port
                : throw new FormatException("a port that is no number from 1 to 65535");
            text = text[..colon];
        }

        Set(text.Trim('[', ']'), value => server.Host = value);
    }

    private static void Set(string text, Action<string> assign)
    {
        if (text.Length > 0)
        {
            assign(Uri.UnescapeDataString(text));
        }
    }

    private static (string Before, string After) Cut(string text, char mark)
    {
        var at = text.IndexOf(mark, StringComparison.Ordinal);
        return at < 0 ? (text, "") : (text[..at], text[(at + 1)..]);
    }
}
