using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using static Dcc.Deploy.Tests.Kubernetes.Manifests;
using static Dcc.Deploy.Tests.ProgramOptions;

namespace Dcc.Deploy.Tests.Images;

/// <summary>deploy/compose.yaml and the Dockerfile, held against each other, the programs and what scrapes them. deploy/images/try-compose.sh runs it.</summary>
public sealed class ComposeTests
{
    private static readonly string[] OwnKeys = ["PGPASSWORD", "PGGSSENCMODE"];
    private static readonly string[] OthersImages = ["postgres", "prom/prometheus", "grafana/grafana"];

    private readonly JsonObject services = Read("compose.yaml")["services"]!.AsObject();

    private IEnumerable<JsonNode> Ours => services.Select(service => service.Value!).Where(service => !OthersImages.Contains(Image(service)));

    [Fact]
    public void Images_AreThoseOfThisVersionAndOfTheDockerfile()
    {
        var dockerfile = File.ReadAllText(Repository.File("deploy", "images", "Dockerfile"));
        var targets = Regex.Matches(dockerfile, "^FROM .* AS (.*)$", RegexOptions.Multiline).Select(found => found.Groups[1].Value).ToList();
        Assert.All(Ours, service =>
        {
            Assert.Equal(Repository.Version, service["image"]!.ToString().Split(':')[1]);
            var target = service["build"]?["target"]?.ToString();
            Assert.Contains(target ?? Image(service).Replace("dcc-", "", StringComparison.Ordinal), targets);
        });
        Assert.All(Regex.Matches(dockerfile, "image.version=\"(.*?)\""), found => Assert.Equal(Repository.Version, found.Groups[1].Value));
    }

    [Fact]
    public void Programs_MayDoNoMoreThanTheyMust() => Assert.All(Ours, service =>
    {
        Assert.Equal("true", service["read_only"]!.ToString());
        Assert.Equal("[\"ALL\"]", service["cap_drop"]!.ToJsonString());
        Assert.Equal("[\"no-new-privileges:true\"]", service["security_opt"]!.ToJsonString());
    });

    [Fact]
    public async Task FlagsAndSettings_AreThoseOfThePrograms()
    {
        foreach (var service in Ours)
        {
            Assert.Empty(await UnknownFlags(Image(service), Command(service)));
            if (Image(service) != "dcc")
            {
                await CheckSettings(Image(service), service["environment"]!.AsObject().Select(entry => entry.Key).Except(OwnKeys));
            }
        }

        // What a health check runs.
        var commands = Regex.Matches(await File.ReadAllTextAsync(
            Repository.File("deploy", "images", "Dockerfile"), TestContext.Current.CancellationToken), "^HEALTHCHECK .*CMD (.*)$", RegexOptions.Multiline)
            .Select(found => JsonNode.Parse(found.Groups[1].Value)!.AsArray().Select(word => word!.ToString()).ToArray()).ToList();
        Assert.Equal(2, commands.Count);
        foreach (var command in commands)
        {
            Assert.Empty(await UnknownFlags(command[0] == "/app/Dcc.Agent" ? "dcc-agent" : "dcc-coordinator", command[1..]));
        }

        Assert.Contains(commands, command => command.SequenceEqual(List(services["coordinator"]!["healthcheck"]!["test"]).Skip(1).Select(word => word.ToString())));
    }

    [Fact]
    public void Devices_AreEachInOneAgentBehindALinkOfItsOwn()
    {
        var coordinator = services["coordinator"]!["environment"]!;
        var agents = services.Where(service => Image(service.Value!) == "dcc-agent").Select(service => service.Value!).ToList();
        Assert.Equal(
            Enumerable.Range(0, agents.Count).Select(part => $"{part}/{agents.Count}"), agents.Select(agent => Command(agent)[1]));
        Assert.Equal(agents.Count, agents.Select(agent => agent["network_mode"]!.ToString()).Distinct().Count());
        Assert.All(agents, agent =>
        {
            var settings = agent["environment"]!;
            Assert.Equal($"0-{int.Parse(coordinator["Run__Devices"]!.ToString(), null) - 1}", settings["Agent__Devices"]!.ToString());
            Assert.Equal(coordinator["Run__Name"]!.ToString(), settings["Agent__Run"]!.ToString());
            var link = Command(services[agent["network_mode"]!.ToString()["service:".Length..]]!);
            var (near, far) = (new Uri(settings["Agent__Coordinator"]!.ToString()), new Uri(coordinator["Coordinator__Listen"]!.ToString()));
            Assert.Contains($"--listen={near.Authority}", link);
            Assert.Contains($"--upstream=coordinator:{far.Port}", link);
        });
        Assert.Equal(["watch", $"http://127.0.0.1:{new Uri(coordinator["Coordinator__Listen"]!.ToString()).Port}", "--run", coordinator["Run__Name"]!.ToString()],
            Command(services["result"]!));
    }

    // Whoever waits for the end of the run has started all that it needs.
    [Fact]
    public void Result_DependsOnEveryProgram() => Assert.Equal(
        services.Where(service => Image(service.Value!) == "dcc-agent").Select(service => service.Key).Append("coordinator").Order(),
        services["result"]!["depends_on"]!.AsObject().Select(service => service.Key).Order());

    [Fact]
    public void Prometheus_ScrapesWhatIsServed()
    {
        var scraped = Read("prometheus", "compose.yml")["scrape_configs"]!.AsArray()
            .SelectMany(job => job!["static_configs"]![0]!["targets"]!.AsArray()).Select(target => target!.ToString());
        var served = services.SelectMany(service => Image(service.Value!) switch
        {
            "dcc-coordinator" => [$"coordinator:{Port(service.Value!, "Coordinator__Http")}"],
            "dcc-agent" => [$"{service.Value!["network_mode"]!.ToString()["service:".Length..]}:{Port(service.Value!, "Agent__Metrics")}"],
            "dcc" when service.Key != "result" => [$"{service.Key}:{Command(service.Value!).Single(word => word.StartsWith("--control=", StringComparison.Ordinal)).Split(':')[1]}"],
            _ => Array.Empty<string>(),
        });
        Assert.Equal(served.Order(), scraped.Order());
        Assert.Equal("http://prometheus:9090", Read("grafana", "provisioning", "datasources", "prometheus.yaml")["datasources"]![0]!["url"]!.ToString());
    }

    [Fact]
    public void Files_ThatAreMounted_Exist() => Assert.All(
        services.SelectMany(service => List(service.Value!["volumes"])).Select(volume => volume.ToString().Split(':')[0]).Where(source => source.StartsWith('.')),
        source => Assert.True(Path.Exists(Repository.File("deploy", source)), source));

    private static string Image(JsonNode service) => service["image"]!.ToString().Split(':')[0];

    private static string[] Command(JsonNode service) => [.. List(service["command"]).Select(word => word.ToString())];

    private static int Port(JsonNode service, string key) => new Uri(service["environment"]![key]!.ToString()).Port;

    // With the defaults of its variables, and << merged in.
    private static JsonNode Read(params string[] path)
    {
        var text = Regex.Replace(File.ReadAllText(Repository.File(["deploy", .. path])), @"\$\{\w+:-([^}]*)\}", "$1");
        var read = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
        var merged = read.Deserialize<object>(new MergingParser(new Parser(new StringReader(text))));
        return JsonNode.Parse(new SerializerBuilder().JsonCompatible().Build().Serialize(merged!))!;
    }
}
