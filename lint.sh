#!/usr/bin/env bash
# ./lint.sh: clang-tidy, cppcheck and GCC's analyzer over the whole program; what is not here is skipped in words.
# Prints nothing but what they find. Exceptions stand in .clang-tidy or beside the line they are about, with their reason.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=cmake/packages.sh
. "$root/cmake/packages.sh"
cd "$root" || exit 1

build="$root/build/lint"
jobs=$(processors)
status=0

has()
{
    command -v "$1" >/dev/null 2>&1 || { echo "skipped: no $1 here"; return 1; }
}

sources() { git ls-files -z 'model/*.c' 'ui/*.c' 'src/*.c'; }

# configure COMPILER WARNINGS: a build tree of its own.
configure()
{
    mkdir -p "$build"
    cmake -S . -B "$build/$1" -DCMAKE_BUILD_TYPE=Debug -DBUILD_TESTING=OFF -DOTPLAN_WERROR=ON -DCMAKE_C_COMPILER="$1" \
        -DCMAKE_C_FLAGS="$2" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON >"$build/$1.log" 2>&1 ||
        { cat "$build/$1.log"; return 1; }
}

# One file a run: clang 14's va_list check remembers too much from file to file.
if has clang-tidy && has clang; then
    configure clang "" && sources |
        xargs -0 -P "$jobs" -n 1 clang-tidy -p "$build/clang" --quiet 2>/dev/null || status=1
fi
if has cppcheck; then
    cppcheck --quiet -j "$jobs" --std=c11 --enable=warning,performance,portability --inline-suppr \
        --suppress=missingIncludeSystem -D_GNU_SOURCE -I. --error-exitcode=1 model ui src || status=1
fi
if has gcc && [ "$(gcc -dumpversion | cut -d. -f1)" -ge 12 ]; then
    { configure gcc "-O1 -fanalyzer" && cmake --build "$build/gcc" --parallel "$jobs" >"$build/gcc.log" 2>&1; } ||
        { grep -A 12 "warning:\|error:" "$build/gcc.log"; status=1; }
fi
exit "$status"
