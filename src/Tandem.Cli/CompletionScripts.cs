namespace Tandem.Cli;

/// <summary>
/// Scripts by which shells complete the words of a command line. Each asks the program itself, with the directive <c>[suggest:POSITION]</c> of
/// System.CommandLine, so that they know every verb and flag and never grow old. Flags are shown when a hyphen is typed; where nothing is
/// suggested, files are. The program has neither terminal nor input: the runtime would put the terminal into another mode in the middle of a line.
/// </summary>
internal static class CompletionScripts
{
    /// <summary>The shells.</summary>
    public static readonly IReadOnlyList<string> Shells = ["bash", "zsh", "fish"];

    public static string For(string shell) => (shell switch { "bash" => Bash, "zsh" => Zsh, _ => Fish }).ReplaceLineEndings("\n");

    private const string Bash =
        """
        # Completion of tandem for bash. In ~/.bashrc: source <(tandem completion bash)
        _tandem_complete() {
            local program=${1/#\~/$HOME} current=$2 line=${COMP_LINE:0:COMP_POINT} word
            line=${line#"${line%%[![:space:]]*}"}
            line=${line#"$1"}
            line=${line#"${line%%[![:space:]]*}"}
            COMPREPLY=()
            while IFS= read -r word; do
                case $word in
                    '' | /*) ;;
                    -*) [[ $current == -* && $word == "$current"* ]] && COMPREPLY+=("$word") ;;
                    *) [[ $word == "$current"* ]] && COMPREPLY+=("$word") ;;
                esac
            done < <("$program" "[suggest:${#line}]" "$line" </dev/null 2>/dev/null)
        }
        complete -o default -F _tandem_complete tandem

        """;

    private const string Zsh =
        """
        #compdef tandem
        # Completion of tandem for zsh. In ~/.zshrc, after compinit: source <(tandem completion zsh)
        _tandem() {
            local line="${(j: :)${(@)words[2,CURRENT-1]}} $PREFIX" word
            local -a found
            line=${line# }
            for word in ${(f)"$(${~words[1]} "[suggest:${#line}]" "$line" </dev/null 2>/dev/null)"}; do
                case $word in
                    /*) ;;
                    -*) [[ $PREFIX == -* ]] && found+=("$word") ;;
                    *) found+=("$word") ;;
                esac
            done
            if (( $#found )); then
                compadd -a found
            else
                _files
            fi
        }
        if [[ $funcstack[1] == _tandem ]]; then
            _tandem "$@"
        else
            compdef _tandem tandem
        fi

        """;

    private const string Fish =
        """
        # Completion of tandem for fish. In ~/.config/fish/config.fish: tandem completion fish | source
        function __tandem_complete
            set -l given (commandline -opc)
            set -l current (commandline -ct)
            set -l line (string join ' ' -- $given[2..-1] "$current")
            set -l found
            for word in ($given[1] "[suggest:"(string length -- "$line")"]" "$line" </dev/null 2>/dev/null)
                switch $word
                    case '' '/*'
                    case '-*'
                        string match -q -- '-*' "$current"; and set -a found $word
                    case '*'
                        set -a found $word
                end
            end
            if test (count $found) -gt 0
                printf '%s\n' $found
            else
                __fish_complete_path "$current"
            end
        end
        complete -c tandem -f -a '(__tandem_complete)'

        """;
}
