# Completion of ses-lambda-pipeline in bash. In ~/.bashrc: source <(ses-lambda-pipeline completion bash)
_ses_lambda_pipeline() {
  local line=${COMP_LINE:0:COMP_POINT} each current directive=0
  local -a words
  # Words are taken from the line: bash itself would cut --output=json in three.
  IFS=$' \t\n' read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  current=${words[${#words[@]} - 1]}
  COMPREPLY=()
  while IFS= read -r each; do
    case $each in
      :*) directive=${each#:} ;;
      *) COMPREPLY+=("${each%%$'\t'*}") ;;
    esac
  done < <("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
  [[ $current == --*=* ]] && COMPREPLY=("${COMPREPLY[@]#"${current%%=*}="}")
  ((directive == 0 && ${#COMPREPLY[@]} == 0)) && compopt -o default 2>/dev/null
  return 0
}
complete -F _ses_lambda_pipeline ses-lambda-pipeline
