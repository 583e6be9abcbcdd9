# Completion of ses-lambda-pipeline in fish. In config.fish: ses-lambda-pipeline completion fish | source
function __ses_lambda_pipeline
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l current (commandline -ct)
    for line in ($program __complete -- $words "$current" 2>/dev/null)
        switch $line
            case ':0'
                __fish_complete_path "$current"
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c ses-lambda-pipeline -f -a '(__ses_lambda_pipeline)'
