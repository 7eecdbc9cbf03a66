#!/usr/bin/env bash
# ./package.sh: the Debian package and the release tarball, in build/package. The package uses the system's
# libraries; the tarball has all but libc linked in and runs from any folder.
# ./package.sh --check [MIRROR]: installs the package on a clean Debian 12 tree made for it, opens the demo there,
# and removes it again; needs root and debootstrap.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=cmake/packages.sh
. "$root/cmake/packages.sh"
out="$root/build/package"

# make_package GENERATOR SETTINGS...
make_package()
{
    local generator=$1
    shift
    cmake -S "$root" -B "$out/$generator" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF -DCMAKE_INSTALL_PREFIX=/usr "$@" >"$out/log"
    cmake --build "$out/$generator" --parallel "$(processors)" >"$out/log"
    (cd "$out/$generator" && cpack -G "$generator" -B "$out" >"$out/log" 2>&1)
}

# Files of the tree, without what every start of a Debian writes anew.
list_files() { (cd "$tree" && find . -xdev -path ./proc -prune -o -path ./tmp -prune -o -print | LC_ALL=C sort); }

in_tree()
{
    chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=xterm-256color LANG=C.UTF-8 "$@"
}

check()
{
    tree=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder as it is now
    trap "rm -rf --one-file-system '$tree'" EXIT
    debootstrap --variant=minbase bookworm "$tree" "$1" >"$out/tree.log"
    cp "$out"/*.deb "$tree/tmp/otplan.deb"
    in_tree apt-get install -y --no-install-recommends libjson-c5 libncursesw6 libpcre2-8-0 >>"$out/tree.log" 2>&1
    list_files >"$out/before"
    in_tree dpkg -i /tmp/otplan.deb >>"$out/tree.log"
    in_tree otplan --version
    in_tree otplan plan /usr/share/otplan/kimi-k2-demo.gguf --devices /usr/share/otplan/demo-devices.json -c 8192 >"$out/plan"
    export tree
    export -f in_tree
    script -qec "in_tree otplan demo" "$out/screen" < <(sleep 2; printf q) >/dev/null # the clean tree has no terminals
    grep -q "CUDA3" "$out/screen"
    in_tree dpkg --purge otplan >>"$out/tree.log"
    list_files >"$out/after"
    # dpkg keeps its own diary.
    diff "$out/before" "$out/after"
    echo "installed, planned, demo opened, removed: nothing left behind"
}

build_needs
mkdir -p "$root/build"
install_missing "$root/build/install.log"
mkdir -p "$out"
make_package DEB
make_package TGZ -DOTPLAN_STATIC=ON
ls "$out"/*.deb "$out"/*.tar.gz
if [ "${1:-}" = --check ]; then
    check "${2:-http://deb.debian.org/debian}"
fi
