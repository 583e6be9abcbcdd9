#compdef ses-lambda-pipeline
# Completion of ses-lambda-pipeline in zsh. In ~/.zshrc: source <(ses-lambda-pipeline completion zsh)
_ses_lambda_pipeline() {
  local -a lines values texts
  local each directive=0
  lines=("${(@f)$("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for each in "${lines[@]}"; do
    case $each in
      :*) directive=${each#:} ;;
      ?*) values+=("${each%%$'\t'*}"); texts+=("${each/$'\t'/  -- }") ;;
    esac
  done
  if (( ${#values} )); then
    compadd -l -d texts -a values
  elif (( directive == 0 )); then
    _files
  fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _ses_lambda_pipeline ses-lambda-pipeline
