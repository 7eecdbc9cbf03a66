# Sourced by run.sh and test.sh: finds out what is missing and, where there is a Debian package manager,
# installs it. Nothing is touched, and no network is used, when everything is already there.
# shellcheck shell=bash

# need KIND NAME PACKAGE: KIND is `command` or `library` (as pkg-config names it).
missing_packages=()
need()
{
    case $1 in
    command) command -v "$2" >/dev/null 2>&1 && return ;;
    library) pkg-config --exists "$2" 2>/dev/null && return ;;
    esac
    missing_packages+=("$3")
}

build_needs()
{
    need command cc gcc
    need command make make
    need command cmake cmake
    need command pkg-config pkg-config
    need library ncursesw libncurses-dev
    need library json-c libjson-c-dev
    need library libpcre2-8 libpcre2-dev
    # gcc alone does not bring the C library's headers.
    [ -e /usr/include/stdio.h ] || missing_packages+=(libc6-dev)
}

as_root()
{
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Installs what need() noted. Fails, in words, where that cannot be done here.
install_missing()
{
    [ ${#missing_packages[@]} -gt 0 ] || return 0
    local wanted="${missing_packages[*]}"
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "missing: $wanted (Debian's names). Install them with your package manager." >&2
        return 1
    fi
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
        echo "missing: $wanted. Installing them takes root or sudo: apt-get install $wanted" >&2
        return 1
    fi
    echo "Installing $wanted ..." >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update </dev/null >&2 &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
            -o Dpkg::Use-Pty=0 install "${missing_packages[@]}" </dev/null >"$1" 2>&1 && return 0
    tail -n 20 "$1" >&2
    echo "could not install: $wanted" >&2
    return 1
}

# quietly LOG COMMAND...: runs it, and shows what it said only where it failed.
quietly()
{
    local log=$1
    shift
    "$@" </dev/null >"$log" 2>&1 && return 0
    # Compilers bury the error in the middle of a parallel build.
    grep -nE 'error|Error|undefined reference' "$log" | head -n 20 >&2
    tail -n 20 "$log" >&2
    return 1
}

processors()
{
    getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2
}
