namespace Dcc.Experiments.Results;

/// <summary>A drawing before it is drawn: only numbers and words.</summary>
/// <param name="Name">Of its files, lower case with hyphens.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Caption">How to read it.</param>
/// <param name="X">The horizontal axis with its unit.</param>
/// <param name="Y">The vertical axis with its unit.</param>
internal abstract record Chart(string Name, string Title, string Caption, string X, string Y);

/// <summary>Box plots side by side in groups, each with the interquartile mean and its interval beside it.</summary>
internal sealed record BoxChart(string Name, string Title, string Caption, string X, string Y, string[] Groups, BoxSeries[] Series)
    : Chart(Name, Title, Caption, X, Y);

/// <summary>The runs of one method: values by group; a group may have none.</summary>
internal sealed record BoxSeries(string Label, double[][] Values);

/// <summary>Lines over x: the interquartile mean of the runs with its interval as a band.</summary>
internal sealed record LineChart(string Name, string Title, string Caption, string X, string Y, LineSeries[] Series, bool LogarithmicX = false)
    : Chart(Name, Title, Caption, X, Y);

/// <summary>One line.</summary>
internal sealed record LineSeries(string Label, double[] X, Spread[] Y);

/// <summary>Points, with the line y = x that they are held against.</summary>
/// <param name="Logarithmic">Both axes are, and what lies below <see cref="Least"/> is not drawn.</param>
internal sealed record ScatterChart(string Name, string Title, string Caption, string X, string Y, ScatterSeries[] Series, bool Logarithmic = false)
    : Chart(Name, Title, Caption, X, Y)
{
    internal const double Least = 1e-3;
}

/// <summary>Points of one kind.</summary>
internal sealed record ScatterSeries(string Label, double[] X, double[] Y);
