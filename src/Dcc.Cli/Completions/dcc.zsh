#compdef dcc
# Completion of dcc for zsh: source <(dcc completion zsh)
_dcc() {
  local line="dcc ${(j: :)words[2,CURRENT]}"
  local -a found
  found=(${(f)"$(${(e)words[1]} "[suggest:${#line}]" "$line" 2>/dev/null)"})
  # Where dcc has nothing to offer, files.
  compadd -a found || _files
}
compdef _dcc dcc
