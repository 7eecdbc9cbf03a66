#!/usr/bin/env bash
# ./run.sh [otplan arguments]: installs what is missing, builds, and starts otplan: `otplan demo`, or what
# was given. The second time it starts at once and uses no network.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=cmake/packages.sh
. "$root/cmake/packages.sh"

build="$root/build"
mkdir -p "$build"
build_needs
install_missing "$build/install.log" || exit 4
if [ ! -f "$build/Makefile" ] && [ ! -f "$build/build.ninja" ]; then
    echo "Building otplan ..." >&2
    quietly "$build/configure.log" cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF || exit 4
fi
quietly "$build/build.log" cmake --build "$build" --parallel "$(processors)" || exit 4
[ $# -gt 0 ] || set -- demo
exec "$build/otplan" "$@"
