using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace Dcc.Cli.Reporting;

/// <summary>Markup. Made from interpolated strings whose holes are escaped unless they are markup themselves, so nothing can be forgotten.</summary>
internal readonly struct Html
{
    private readonly string? markup;

    private Html(string text) => markup = text;

    internal static Html Empty => default;

    /// <summary>Markup from a literal with holes.</summary>
    internal static Html Of(Handler text) => new(text.ToString());

    /// <summary>Text that is known to be markup: what this program draws, and its own style sheet and script.</summary>
    internal static Html Trusted(string text) => new(text);

    internal static Html Join(IEnumerable<Html> parts) => new(string.Concat(parts.Select(part => part.ToString())));

    /// <summary>A number for readers, which also carries its exact value.</summary>
    internal static Html Exact(double? value, Func<double, string> show) => value is { } known
        ? Of($"""<data value="{known.ToString("R", CultureInfo.InvariantCulture)}">{show(known)}</data>""")
        : Of($"unknown");

    /// <summary>A table that a reader of any kind can use.</summary>
    /// <param name="caption">What it says.</param>
    /// <param name="head">Heads of the columns; the first column names the rows.</param>
    /// <param name="rows">Cells.</param>
    /// <param name="attributes">Of the table element, such as a class.</param>
    internal static Html Table(Html caption, string[] head, IEnumerable<Html[]> rows, Html attributes = default) => Of($"""
        <div class="scroll" tabindex="0" role="group" aria-label="table"><table {attributes}><caption>{caption}</caption>
        <thead><tr>{Join(head.Select(name => Of($"""<th scope="col">{name}</th>""")))}</tr></thead>
        <tbody>
        {Join(rows.Select(cells => Of($"""
            <tr><th scope="row">{cells[0]}</th>{Join(cells.Skip(1).Select(cell => Of($"<td>{cell}</td>")))}</tr>

            """)))}</tbody></table></div>

        """);

    public static implicit operator Html(string text) => Of($"{text}");

    public override string ToString() => markup ?? "";

    [InterpolatedStringHandler]
    internal readonly struct Handler(int literalLength, int holes)
    {
        private readonly StringBuilder text = new(literalLength + (holes * 16));

        public void AppendLiteral(string literal) => text.Append(literal);

        public void AppendFormatted(Html markup) => text.Append(markup.ToString());

        public void AppendFormatted(string? word) => text.Append(WebUtility.HtmlEncode(word));

        public void AppendFormatted(IFormattable value) => AppendFormatted(value.ToString(null, CultureInfo.InvariantCulture));

        public override string ToString() => text.ToString();
    }
}
