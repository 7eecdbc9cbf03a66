#!/usr/bin/env bash
# ./test.sh: installs what the tests need, builds with sanitizers and warnings as errors, runs every test and
# ends with one line of counts. Exit status 1 where anything failed or nothing ran.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=cmake/packages.sh
. "$root/cmake/packages.sh"

build="$root/build/test"
logs="$build/logs"
mkdir -p "$logs"
jobs=$(processors)
passed=0
failed=0
skipped=0

finish()
{
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

# step NAME COMMAND...: one thing that passes or fails, with its output kept in the logs.
step()
{
    local name=$1
    shift
    echo "== $name"
    if quietly "$logs/${name// /-}.log" "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "failed: $name"
        return 1
    fi
}

skip()
{
    echo "skipped: $1"
    skipped=$((skipped + 1))
}

# compile DIRECTORY SETTINGS...: everything, with warnings as errors.
# shellcheck disable=SC2317 # called through step
compile()
{
    local directory=$1
    shift
    cmake -S "$root" -B "$directory" -DOTPLAN_WERROR=ON "$@" &&
        cmake --build "$directory" --parallel "$jobs"
}

build_needs
install_missing "$logs/install.log" || { failed=1; finish; }
# What only some tests need: without it they say that they are skipped.
missing_packages=()
need library criterion libcriterion-dev
need library vterm libvterm-dev
need command tmux tmux
need command c++ g++
install_missing "$logs/install-tests.log" || echo "going on without: tests that need them are skipped"

step "build with sanitizers" compile "$build" -DCMAKE_BUILD_TYPE=Debug -DOTPLAN_SANITIZE=ON -DBUILD_TESTING=ON || finish
step "release build" compile "$root/build/test-release" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF
if command -v clang >/dev/null 2>&1; then
    step "clang build" compile "$root/build/test-clang" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF -DCMAKE_C_COMPILER=clang
else
    skip "clang build: no clang here"
fi

# Clang without libFuzzer's library is common.
if echo 'int LLVMFuzzerTestOneInput(const char *b, long n) { return b && n ? 0 : 0; }' |
    clang -fsanitize=fuzzer -x c - -o "$build/fuzzes" >/dev/null 2>&1; then
    step "fuzz targets, ten seconds each" "$root/tests/fuzz/run.sh" 10
else
    skip "fuzz targets: no clang with libFuzzer here; their corpora are replayed below"
fi

echo "== tests"
(cd "$build" && ctest --verbose --parallel "$jobs" --timeout 300 --no-tests=error) </dev/null >"$logs/ctest.log" 2>&1
ctest_status=$?
: >"$logs/report.log"
read -r test_passed test_failed test_skipped \
    < <(awk -f "$root/tests/count.awk" -v report="$logs/report.log" "$logs/ctest.log")
cat "$logs/report.log"
passed=$((passed + test_passed))
failed=$((failed + test_failed))
skipped=$((skipped + test_skipped))
# ctest knows better where the count finds nothing wrong.
[ "$ctest_status" -eq 0 ] || [ "$test_failed" -gt 0 ] || { echo "ctest failed: $logs/ctest.log"; failed=$((failed + 1)); }
finish
