#!/usr/bin/env bash
# shell_scripts.sh ROOT: shellcheck has nothing to say about our scripts.
cd "$1" || exit 1
if ! command -v shellcheck >/dev/null 2>&1; then
    echo "skipped: shell_scripts: shellcheck is not installed"
    exit 77
fi
find . -name '*.sh' -not -path './build*' -print0 | xargs -0 shellcheck -x .ci/run
