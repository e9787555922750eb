using System.Globalization;
using System.Text;
using System.Text.Json;
using Dcc.Core.Randomness;
using Dcc.Core.Validation;

namespace Dcc.Core.Devices;

/// <summary>
/// A system of devices around one server, as a system file describes it: JSON with exactly the fields gamma, maxAge, battery, exponent and
/// devices, each device with exactly minHarvest, maxHarvest, minCost and maxCost.
/// </summary>
/// <param name="Gamma">Discount, in (0, 1).</param>
/// <param name="MaxAge">M, at least 1.</param>
/// <param name="Battery">B, at least 1.</param>
/// <param name="Exponent">Congestion exponent alpha, positive and finite.</param>
/// <param name="Devices">At least one device.</param>
public sealed record EdgeSystem(double Gamma, int MaxAge, int Battery, double Exponent, DeviceParameters[] Devices)
{
    private static readonly int[] MaxHarvests = [1, 2, 3];
    private static readonly int[] MaxCosts = [5, 7, 10];

    /// <summary>The paper's gamma, M and B with devices drawn from Appendix F's sets, each from a stream of its own.</summary>
    public static EdgeSystem Sample(int devices, ulong seed) =>
        new(0.95, 15, 15, 1, [.. Enumerable.Range(0, devices).Select(index => SampleDevice(index, seed))]);

    /// <summary>One device drawn from Appendix F's sets.</summary>
    public static DeviceParameters SampleDevice(int index, ulong seed)
    {
        var random = RandomStream.For(seed, StreamPurpose.DeviceSampling, index);
        return new DeviceParameters(
            RandomStream.Scale((uint)random.Next(), 2),
            MaxHarvests[RandomStream.Scale((uint)random.Next(), MaxHarvests.Length)],
            1,
            MaxCosts[RandomStream.Scale((uint)random.Next(), MaxCosts.Length)]);
    }

    /// <summary>The device with this index.</summary>
    public EdgeDevice Device(int index) => new(Devices[index], MaxAge, Battery);

    /// <summary>Reads a system file's text.</summary>
    /// <exception cref="InvalidInputException">Every fault of the text.</exception>
    public static EdgeSystem Parse(ReadOnlyMemory<byte> json)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException exception)
        {
            throw new InvalidInputException("system", "valid JSON", Shorten(exception.Message));
        }

        using (document)
        {
            var reader = new Reader();
            var system = reader.System(document.RootElement);
            return reader.Faults.Count == 0 ? system : throw new InvalidInputException(reader.Faults);
        }
    }

    /// <summary>The text of a system file that <see cref="Parse"/> reads back to the same system.</summary>
    public string ToJson()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("gamma", Gamma);
            writer.WriteNumber("maxAge", MaxAge);
            writer.WriteNumber("battery", Battery);
            writer.WriteNumber("exponent", Exponent);
            writer.WriteStartArray("devices");
            foreach (var device in Devices)
            {
                writer.WriteStartObject();
                writer.WriteNumber("minHarvest", device.MinHarvest);
                writer.WriteNumber("maxHarvest", device.MaxHarvest);
                writer.WriteNumber("minCost", device.MinCost);
                writer.WriteNumber("maxCost", device.MaxCost);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static string Shorten(string text) => text.Length <= 120 ? text : text[..120] + "...";

    // Collects every fault instead of stopping at the first.
    private sealed class Reader
    {
        private static readonly string[] SystemFields = ["gamma", "maxAge", "battery", "exponent", "devices"];
        private static readonly string[] DeviceFields = ["minHarvest", "maxHarvest", "minCost", "maxCost"];

        internal List<InputFault> Faults { get; } = [];

        internal EdgeSystem System(JsonElement root)
        {
            if (!Fields(root, "system", SystemFields))
            {
                return new EdgeSystem(0, 0, 0, 0, []);
            }

            var gamma = Number(root, "gamma", value => value is > 0 and < 1, "a number in (0, 1)");
            var exponent = Number(root, "exponent", value => value > 0 && double.IsFinite(value), "a positive, finite number");
            var maxAge = Positive(root, "maxAge");
            var battery = Positive(root, "battery");
            var devices = new List<DeviceParameters>();
            if (root.TryGetProperty("devices", out var list))
            {
                if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
                {
                    Faults.Add(new InputFault("system.devices", "a list of at least one device", Shorten(list.GetRawText())));
                }
                else
                {
                    foreach (var element in list.EnumerateArray())
                    {
                        devices.Add(Device(element, $"system.devices[{devices.Count}]", maxAge, battery));
                    }
                }
            }

            return new EdgeSystem(gamma, maxAge, battery, exponent, [.. devices]);
        }

        private DeviceParameters Device(JsonElement element, string path, int maxAge, int battery)
        {
            if (!Fields(element, path, DeviceFields))
            {
                return default;
            }

            var before = Faults.Count;
            var device = new DeviceParameters(
                Whole(element, path, "minHarvest"), Whole(element, path, "maxHarvest"),
                Whole(element, path, "minCost"), Whole(element, path, "maxCost"));
            if (Faults.Count == before && DeviceFields.All(name => element.TryGetProperty(name, out _)))
            {
                device.Validate(path, Faults);
            }

            var states = (long)maxAge * (battery - device.LowestLevel + 1L);
            if (Faults.Count == before && states > EdgeDevice.MaxStates)
            {
                Faults.Add(new InputFault(
                    path, $"at most {EdgeDevice.MaxStates} states (maxAge times battery levels)",
                    states.ToString(CultureInfo.InvariantCulture)));
            }

            return device;
        }

        // Whether the element is an object at all; notes its missing and unknown fields.
        private bool Fields(JsonElement element, string path, string[] expected)
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                Faults.Add(new InputFault(path, "an object", Shorten(element.GetRawText())));
                return false;
            }

            foreach (var property in element.EnumerateObject())
            {
                if (Array.IndexOf(expected, property.Name) < 0)
                {
                    Faults.Add(new InputFault(
                        $"{path}.{Shorten(property.Name)}", $"only {string.Join(", ", expected)}", "an unknown field"));
                }
            }

            foreach (var name in expected)
            {
                if (!element.TryGetProperty(name, out _))
                {
                    Faults.Add(new InputFault($"{path}.{name}", "a value", "nothing"));
                }
            }

            return true;
        }

        private double Number(JsonElement parent, string name, Func<double, bool> accepts, string expected)
        {
            if (!parent.TryGetProperty(name, out var element))
            {
                return 0;
            }

            if (element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var value) && accepts(value))
            {
                return value;
            }

            Faults.Add(new InputFault($"system.{name}", expected, Shorten(element.GetRawText())));
            return 0;
        }

        private int Positive(JsonElement root, string name)
        {
            var before = Faults.Count;
            var value = Whole(root, "system", name);
            if (Faults.Count == before && root.TryGetProperty(name, out _))
            {
                DeviceParameters.Check(value, 1, EdgeDevice.MaxStates, $"system.{name}", Faults);
            }

            return value;
        }

        private int Whole(JsonElement parent, string path, string name)
        {
            if (!parent.TryGetProperty(name, out var element))
            {
                return 0;
            }

            if (element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var value))
            {
                return value;
            }

            Faults.Add(new InputFault($"{path}.{name}", "a whole number", Shorten(element.GetRawText())));
            return 0;
        }
    }
}
