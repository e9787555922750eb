# Completion of dcc for fish: dcc completion fish > ~/.config/fish/completions/dcc.fish
function __dcc
    set -l line (commandline --current-process --cut-at-cursor)
    dcc "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
end
complete --command dcc --arguments '(__dcc)'
