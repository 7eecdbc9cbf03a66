# bash completion for otplan
_otplan() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    case $previous in
    --format)
        mapfile -t COMPREPLY < <(compgen -W "args ot lines script env ini json bench ik kobold llama-swap md svg html ansi" -- "$current")
        return ;;
    --auto)
        mapfile -t COMPREPLY < <(compgen -W "speed balance experts-cpu aggressive context fit" -- "$current")
        return ;;
    --target)
        mapfile -t COMPREPLY < <(compgen -W "llama-server llama-cli llama-bench llama-fit-params" -- "$current")
        return ;;
    --color)
        mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$current")
        return ;;
    -ctk | -ctv)
        mapfile -t COMPREPLY < <(compgen -W "f32 f16 bf16 q8_0 q4_0 q4_1 iq4_nl q5_0 q5_1" -- "$current")
        return ;;
    -sm)
        mapfile -t COMPREPLY < <(compgen -W "layer none" -- "$current")
        return ;;
    -fa | -fit)
        mapfile -t COMPREPLY < <(compgen -W "on off auto" -- "$current")
        return ;;
    esac
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "--devices --rig --rigs --auto --import --depth --commands --llama-bin --env --plan --config --dry-run --reset --save --measure --interval --threshold --pid --record --once --compare --target --json --format --compact --check
            --force --ascii --color --no-mouse --help --version -o --output -m -hf -c -ngl -ts -sm -mg -dev -ot -cmoe -ncmoe
            -ctk -ctv -fa -b -ub -np -kvu -nkvo -fit -fitt --swa-full" -- "$current")
        return
    fi
    compopt -o filenames 2>/dev/null
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "plan tensors devices overrides export compare report verify probe doctor run watch calibrate shop demo" -- "$current"; compgen -f -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    fi
}
complete -F _otplan otplan
