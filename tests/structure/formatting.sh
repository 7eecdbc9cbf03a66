#!/usr/bin/env bash
# formatting.sh ROOT: every C file is as clang-format writes it.
cd "$1" || exit 1
if ! command -v clang-format >/dev/null 2>&1; then
    echo "skipped: formatting: clang-format is not installed"
    exit 77
fi
find model ui src tests -name '*.[ch]' -print0 2>/dev/null | xargs -0 clang-format --style=file --dry-run -Werror
