namespace Dcc.Cli.Reporting;

internal static class ComparisonReport
{
    internal static string Write(string[] folders, string path, CancellationToken cancellation) => throw new NotImplementedException();
}
