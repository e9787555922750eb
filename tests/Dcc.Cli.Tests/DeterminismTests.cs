namespace Dcc.Cli.Tests;

/// <summary>The same digest whatever the number of processors, the language and the vector instructions.</summary>
public sealed class DeterminismTests : IDisposable
{
    private static readonly (string Name, string Value)[] Environments =
    [
        ("TWICE", "in a row"), ("DOTNET_PROCESSOR_COUNT", "1"), ("LANG", "de_DE.UTF-8"), ("DOTNET_EnableAVX512", "0"),
        ("DOTNET_EnableAVX512F", "0"), ("DOTNET_EnableAVX2", "0"), ("DOTNET_EnableHWIntrinsic", "0"),
    ];

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string> Runs =>
        new(from solver in new[] { "q-learning", "price-q", "exact" } from devices in new[] { "1", "2", "10", "37" }
            where devices != "37" || solver == "exact" select (solver, devices))
        {
            // One device: without vector instructions these take their time.
            { "dqn", "1" }, { "ppo", "1" },
        };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Digest_InEveryEnvironment_IsTheSame(string solver, string devices)
    {
        var reference = await Files(solver, devices, ("PLAIN", "1"));
        foreach (var environment in Environments)
        {
            Assert.Equal(reference, await Files(solver, devices, environment));
        }
    }

    /// <summary>
    /// A change of any of these changes what every seed gives, on every machine: say so in the commit, and only then change the value.
    /// </summary>
    [Theory]
    [InlineData("q-learning", "f05c86c1798ee0a247ea7e04139018f76a072af48e45639f1f345115e06c4d7e")]
    [InlineData("price-q", "5675c2d487118b8b382fd06a7c7fabed1071ecf7353802a3620506297f0c5ead")]
    [InlineData("dqn", "fcd0364a5297d756a9c308fb50754747dd96c057e82628bd51fa17b823185328")]
    [InlineData("ppo", "68f9c51946de42318f487e10dc295bd9f6e12b0d418d1bb4aa9d9f68873523ae")]
    [InlineData("exact", "c1af8f4b4d92357a788536e068745caaeaadd293f33689e2a5305da9a6bc29a2")]
    public async Task Digest_OfAKnownRun_IsWhatItWas(string solver, string digest)
    {
        await DccProcess.Run(
            "simulate", "--solver", solver, "--devices", "4", "--rounds", "6", "--steps", "3000", "--alpha", "1.5", "--step-rule", "trust-region",
            "--output", folder["known"]);
        Assert.Equal(digest, DccProcess.Summary(folder["known"]).GetProperty("digest").GetString());
    }

    // The digest, and every scalar of every round, which says more: rprop's theta depends on the gradient's signs alone.
    private async Task<(string Digest, string Rounds)> Files(string solver, string devices, (string Name, string Value) environment)
    {
        var output = folder[environment.Name];
        var result = await DccProcess.Run(
            new Dictionary<string, string> { [environment.Name] = environment.Value },
            "simulate", "--solver", solver, "--devices", devices, "--rounds", "2", "--steps", "1000", "--output", output, "--force", "--no-report");
        Assert.Equal(0, result.ExitCode);
        return (
            DccProcess.Summary(output).GetProperty("digest").GetString()!,
            await File.ReadAllTextAsync(Path.Combine(output, "rounds.csv"), TestContext.Current.CancellationToken));
    }
}
