using Dcc.Journal.Tests;

[assembly: AssemblyFixture(typeof(PostgresServer))]
