#!/usr/bin/env bash
# manual.sh ROOT: every option and command of the program is in the man page and in each completion.
cd "$1" || exit 1
broken=0

# Each file with its options spelt as on the command line.
spelt_out()
{
    case $1 in
    *.fish) sed -E 's/ -l ([a-z-]+)/ --\1/g; s/ -[so] ([a-z]+)/ -\1/g' "$1" ;;
    *) sed 's/\\//g' "$1" ;;
    esac
}

mapfile -t words < <(
    sed -n '/own_options\[\]/,/^};/p' src/options.c | grep -oE '"-[-a-z]+"' | tr -d '"'
    sed -n '/command_names\[/,/^};/p' src/options.c | grep -oE '= "[a-z]+"' | grep -oE '[a-z]+'
)
if [ ${#words[@]} -lt 20 ]; then
    echo "src/options.c: its tables were not found"
    exit 1
fi
for file in assets/otplan.1 assets/completions/otplan.*; do
    text=$(spelt_out "$file")
    for word in "${words[@]}"; do
        [ "$word" = -h ] && continue
        if ! grep -qE -- "(^|[^-a-z])$word([^-a-z]|\$)" <<<"$text"; then
            echo "$file does not mention $word"
            broken=1
        fi
    done
done
exit $broken
