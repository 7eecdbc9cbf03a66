#!/usr/bin/env bash
# check.sh ROOT: the walls of the house. Each rule is a pattern that must not be found in some files; a hit
# is printed with its place and fails the check.
set -uo pipefail
cd "$1" || exit 1
broken=0

# Copies without comments: what a comment says breaks no wall. They keep their line numbers.
stripped=$(mktemp -d)
trap 'rm -rf "$stripped"' EXIT
find model ui src tests -name '*.[ch]' -exec cp --parents -t "$stripped" {} + 2>/dev/null
find "$stripped" -name '*.[ch]' -exec sed -E -i 's:^[[:space:]]*(//|/?\*).*::; s:/\*.*\*/::; s://.*::' {} +

# forbid WHAT PATTERN FILES...
forbid()
{
    local what=$1 pattern=$2 hits
    shift 2
    [ $# -gt 0 ] || return
    hits=$(cd "$stripped" && grep -HnE "$pattern" "$@")
    [ -n "$hits" ] || return
    while IFS= read -r hit; do
        echo "$hit    <- $what"
    done <<<"$hits"
    broken=1
}

sources()
{
    find "$@" -name '*.[ch]' 2>/dev/null | sort
}

mapfile -t model < <(sources model)
mapfile -t model_but_pattern < <(sources model | grep -vx 'model/override/pattern.c')
mapfile -t ui < <(sources ui)
mapfile -t program < <(sources src)
mapfile -t tests < <(sources tests)

forbid 'model/ includes neither ui/ nor src/' '^ *# *include *"(ui|src|tests)/' "${model[@]}"
forbid 'ui/ does not include src/' '^ *# *include *"(src|tests)/' "${ui[@]}"
forbid 'the program does not include tests/' '^ *# *include *"tests/' "${program[@]}"
forbid 'includes are written from the root' '^ *# *include *"\.' "${model[@]}" "${ui[@]}" "${program[@]}" "${tests[@]}"
forbid 'a project header is included with quotes, from the root' '^ *# *include *"[^/"]+"' \
    "${model[@]}" "${ui[@]}" "${program[@]}" "${tests[@]}"

forbid 'ncurses belongs to ui/' '^ *# *include *<(ncurses|ncursesw|curses|term\.h|panel)' \
    "${model[@]}" "${program[@]}"
forbid 'json-c belongs to src/' '^ *# *include *<(json|json-c)' "${model[@]}" "${ui[@]}"
forbid 'PCRE2 belongs to model/override/pattern.c' '^ *# *include *<pcre2' \
    "${model_but_pattern[@]}" "${ui[@]}" "${program[@]}"

forbid 'model/ prints nothing' '\<(printf|puts|putchar|fputs|fprintf|vprintf|vfprintf|perror)\(' "${model[@]}"
forbid 'model/ opens no files' '\<(fopen|fdopen|freopen|open|openat|opendir|popen|mmap|read|stat|fstat)\(' "${model[@]}"
forbid 'model/ reads no environment and no clock' '\<(getenv|secure_getenv|setenv|time|clock_gettime|gettimeofday|localtime)\(' \
    "${model[@]}"
# Running out of memory is the one end that has no answer; only memory.c may say so.
mapfile -t model_but_memory < <(sources model | grep -vx 'model/base/memory.c')
forbid 'model/ and ui/ never end the program' '\<(exit|_exit|abort|assert)\(' "${model_but_memory[@]}" "${ui[@]}"
forbid 'model/ starts no process' '\<(fork|system|execv[pe]*|posix_spawnp?|dlopen)\(' "${model[@]}"

for file in "${model[@]}" "${ui[@]}" "${program[@]}" "${tests[@]}"; do
    lines=$(wc -l <"$file")
    if [ "$lines" -gt 700 ]; then
        echo "$file: $lines lines; a file holds one idea in at most 700"
        broken=1
    fi
done
exit $broken
