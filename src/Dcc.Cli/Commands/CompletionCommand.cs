using System.CommandLine;
using System.Reflection;

namespace Dcc.Cli.Commands;

/// <summary>dcc completion: a script that teaches a shell to complete dcc's words.</summary>
internal static class CompletionCommand
{
    private enum Shell
    {
        Bash,
        Zsh,
        Fish,
        Pwsh,
    }

    internal static Command Create()
    {
        var shells = Inputs.Word<Shell>("SHELL", "Whose script.");
        var command = new DccCommand("completion", "Print a script that completes dcc's words in a shell.")
        {
            Purpose = "Completes commands, options, scenario names, link profiles and every other fixed value. The script asks dcc itself, which must "
                + "be on the PATH, so it stays right when dcc changes.",
            Examples =
            [
                ("source <(dcc completion bash)", "in ~/.bashrc"),
                ("source <(dcc completion zsh)", "in ~/.zshrc, after compinit"),
                ("dcc completion fish > ~/.config/fish/completions/dcc.fish", "once"),
                ("dcc completion pwsh | Out-String | Invoke-Expression", "in $PROFILE"),
            ],
            ExitCodes = "0 done, 2 bad input (one line on stderr).",
        };
        command.Add(shells);
        command.SetAction(parsed =>
        {
            var name = $"completion/.{Core.Validation.KebabCase.Name(parsed.GetValue(shells)!.Value)}";
            using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!);
            Console.Out.Write(reader.ReadToEnd());
            return Program.Done;
        });
        return command;
    }
}
