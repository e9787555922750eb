namespace Dcc.Cli.Tests.Terminal;

public sealed class CompletionTests
{
    // What bash sets when the last word is completed; = and : are words of their own to it.
    private const string Ask =
        """
        source <("$DCC" completion bash)
        COMP_LINE=$LINE; COMP_POINT=${#LINE}
        read -ra COMP_WORDS <<< "${LINE//=/ = }"
        [[ $LINE == *[\ =] ]] && [[ $LINE != *= ]] && COMP_WORDS+=('')
        COMP_WORDS[0]=$DCC; COMP_LINE="$DCC${LINE#dcc}"; COMP_POINT=${#COMP_LINE}
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _dcc
        printf '%s\n' "${COMPREPLY[@]}"
        """;

    [Theory]
    [InlineData("dcc em", "emulate")]
    [InlineData("dcc emulate ch", "chaos")]
    [InlineData("dcc simulate --solver ", "dqn exact ppo price-q q-learning")]
    [InlineData("dcc simulate --solver pr", "price-q")]
    [InlineData("dcc simulate --solver=pr", "price-q")]
    [InlineData("dcc simulate --step-rule=", "robbins-monro rprop trust-region")]
    [InlineData("dcc simulate --link ge", "geo-satellite")]
    [InlineData("dcc emulate --device-class pi-", "pi-3 pi-4 pi-5 pi-zero-2")]
    [InlineData("dcc link --profile nb", "nb-iot")]
    [InlineData("dcc scenario sch", "schema")]
    [InlineData("dcc runs ex", "export")]
    [InlineData("dcc runs export --o", "--output")]
    [InlineData("dcc scenario export chaos --format ", "chaos-mesh tc")]
    [InlineData("dcc certs re", "revoke")]
    [InlineData("dcc completion z", "zsh")]
    [InlineData("dcc simulate --per", "--perturbation --perturbation-size")]
    [InlineData("dcc emulate ./no-such", "")]
    public async Task Bash_Word_CompletesToWhatFits(string line, string expected)
    {
        using var bash = DccProcess.StartProgram(
            "bash", new Dictionary<string, string> { ["DCC"] = DccProcess.Command, ["LINE"] = line }, "--norc", "-c", Ask);
        var output = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal("", await bash.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal(expected, string.Join(' ', output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    [InlineData("pwsh")]
    public async Task Script_EveryShell_AsksDcc(string shell)
    {
        var result = await DccProcess.Run("completion", shell);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("[suggest:", result.Output, StringComparison.Ordinal);
    }
}
