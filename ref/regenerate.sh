#!/bin/sh
# Make every generated reference file and example again; `git diff` then shows
# whether any byte changed. PYTHON names the interpreter (see README.md). A script
# writes its own files, or prints one JSON object, which goes to the .json beside it.
set -eu
cd "$(dirname "$0")/.."
out=$(mktemp)
trap 'rm -f "$out"' EXIT
for script in ref/*/*.py examples/make.py; do
    echo "$script"
    "${PYTHON:-python3}" "$script" >"$out" || { cat "$out"; exit 1; }
    if [ "$(head -c 1 "$out")" = "{" ]; then
        cat "$out" >"${script%.py}.json"
    else
        cat "$out"
    fi
done
