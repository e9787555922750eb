using System.Security.Cryptography;
using System.Text;
using Dcc.Cli.Reporting.Plots;

namespace Dcc.Cli.Reporting;

/// <summary>One self-contained page: style, script and plots are in it, and its own policy forbids it to load or run anything else.</summary>
internal static class HtmlPage
{
    internal static string Of(string title, Html body)
    {
        var script = Resource("report.js");
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)));
        var policy = $"default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; script-src 'sha256-{hash}'";
        return Html.Of($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="{Html.Trusted(policy)}">
            <title>{title}</title>
            <style>
            @font-face {"{"} font-family: Arimo; src: url(data:font/ttf;base64,{Html.Trusted(Font())}); {"}"}
            {Html.Trusted(Resource("report.css"))}</style>
            </head>
            <body>
            <main>
            {body}
            </main>
            <script>{Html.Trusted(script)}</script>
            </body>
            </html>

            """).ToString();
    }

    internal static Html Section(string id, string title, Html content) => Html.Of($"""
        <section id="{id}" aria-labelledby="{id}-title">
        <h2 id="{id}-title">{title}</h2>
        {content}
        </section>

        """);

    internal static Html Figures(IEnumerable<Figure?> figures) => Html.Of($"""
        <div class="figures">
        {Html.Join(figures.OfType<Figure>().Select(figure => Html.Of($"""
            <figure id="figure-{figure.Name}"><h3>{figure.Title}</h3>
            {Html.Trusted(figure.Svg)}
            <figcaption>{figure.Caption}</figcaption></figure>

            """)))}</div>

        """);

    /// <summary>Facts as a list of terms.</summary>
    internal static Html Facts(IEnumerable<(string Name, Html Value)> facts) => Html.Of($"""
        <dl>{Html.Join(facts.Select(fact => Html.Of($"<div><dt>{fact.Name}</dt><dd>{fact.Value}</dd></div>\n")))}</dl>

        """);

    // What the plots were laid out with: another font would be wider or narrower than its place.
    private static string Font()
    {
        using var stream = typeof(HtmlPage).Assembly.GetManifestResourceStream("report.ttf")!;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return Convert.ToBase64String(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    private static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(HtmlPage).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
