# Completion of dcc for bash: source <(dcc completion bash)
_dcc() {
  # dcc may have been typed with a path, and the cursor need not be at the end.
  local head=${COMP_WORDS[0]}
  local line="dcc${COMP_LINE:${#head}:COMP_POINT-${#head}}"
  local word=${COMP_WORDS[COMP_CWORD]} found
  [[ $word == '=' ]] && word=''

  # --option=value is two words to bash.
  [[ ${line##* } == --*=* ]] && line="${line% *} ${line##* }" && line="${line%=*} ${line##*=}"
  found=$("${head/#\~/$HOME}" "[suggest:${#line}]" "$line" 2>/dev/null)
  mapfile -t COMPREPLY < <(compgen -W "$found" -- "$word")
}
# Where dcc has nothing to offer, files.
complete -o bashdefault -o default -F _dcc dcc
