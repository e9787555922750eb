using System.Net.Sockets;
using Npgsql;

namespace Dcc.Journal;

/// <summary>What is asked of a PostgreSQL connection in a line.</summary>
internal static class PostgresCalls
{
#pragma warning disable CA2100 // Statements of this project; whatever came from outside is a parameter.
    internal static void Execute(this NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    internal static T? Ask<T>(this NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar() is T answer ? answer : default;
    }

    internal static List<T> Read<T>(this NpgsqlConnection connection, string sql, object[] parameters, Func<NpgsqlDataReader, T> read)
    {
        using var command = new NpgsqlCommand(sql, connection);
        Array.ForEach(parameters, parameter => command.Parameters.Add(new NpgsqlParameter { Value = parameter }));
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }
#pragma warning restore CA2100

    /// <summary>What a failure is called in messages.</summary>
    internal static string Reason(Exception exception) => exception switch
    {
        PostgresException refusal => $"{refusal.MessageText} ({refusal.SqlState})",
        { InnerException: SocketException or TimeoutException or IOException } => $"{exception.Message} ({exception.InnerException.Message})",
        _ => exception.Message,
    };
}
