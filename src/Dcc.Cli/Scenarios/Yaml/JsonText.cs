using System.Text.Json;

namespace Dcc.Cli.Scenarios.Yaml;

/// <summary>Reads JSON as the YAML it also is, so that what reads scenarios reads it; strictly, as JSON: no comment, no key twice.</summary>
internal static class JsonText
{
    private const int OnlyLine = 1;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    /// <summary>The document, an empty mapping where there is no text; null where it is no JSON, which is noted.</summary>
    internal static YamlNode? Read(ReadOnlyMemory<byte> utf8, ScenarioFaults faults)
    {
        if (utf8.IsEmpty)
        {
            return new YamlMap(OnlyLine, new Dictionary<string, YamlEntry>());
        }

        try
        {
            using var document = JsonDocument.Parse(utf8, Strict);
            return Node(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second is what text of broken surrogates is refused with.
            faults.Add(OnlyLine, "", "valid JSON", YamlScalar.Shorten(exception.Message));
            return null;
        }
    }

    private static YamlNode Node(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => new YamlMap(OnlyLine, element.EnumerateObject().ToDictionary(
            property => property.Name, property => new YamlEntry(property.Name, OnlyLine, Node(property.Value)), StringComparer.Ordinal)),
        JsonValueKind.Array => new YamlList(OnlyLine, [.. element.EnumerateArray().Select(Node)]),
        JsonValueKind.String => new YamlScalar(OnlyLine, element.GetString()!, Plain: false),
        _ => new YamlScalar(OnlyLine, element.GetRawText(), Plain: true),
    };
}
