#!/usr/bin/env bash
# tests/fuzz/run.sh [SECONDS [TARGET...]]: builds the libFuzzer targets with clang and runs each for that long (10),
# as many side by side as there are processors. A finding ends its target; its input is then in build/fuzz/found.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=cmake/packages.sh
. "$root/cmake/packages.sh"
export seconds=${1:-10} build="$root/build/fuzz" corpus="$root/tests/fuzz/corpus" dictionaries="$root/tests/fuzz"
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(ls "$corpus")

run_target()
{
    local words=()
    [ -f "$dictionaries/$1.dict" ] && words=(-dict="$dictionaries/$1.dict")
    mkdir -p "$build/fresh/$1" "$build/found"
    if "$build/tests/fuzz_$1" "${words[@]}" -max_total_time="$seconds" -rss_limit_mb=4096 -print_final_stats=1 \
        -artifact_prefix="$build/found/$1-" "$build/fresh/$1" "$corpus/$1" >"$build/$1.log" 2>&1; then
        echo "$1: $(grep -o 'Done.*' "$build/$1.log")"
    else
        echo "$1: a finding, see $build/$1.log and $build/found"
        return 1
    fi
}
export -f run_target

cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DOTPLAN_FUZZ=ON -DCMAKE_C_COMPILER=clang &&
    cmake --build "$build" --parallel "$(processors)" --target "${targets[@]/#/fuzz_}" || exit 1
printf '%s\n' "${targets[@]}" | xargs -P "$(processors)" -I{} bash -c 'run_target {}'
