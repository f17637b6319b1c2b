#!/usr/bin/env bash
# Writes constraints.txt: the exact version of everything that requirements-dev.txt
# brings along, found by installing it into an empty environment.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3} deploy/system-packages.sh run
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --quiet --disable-pip-version-check --requirement requirements-dev.txt
{
    echo '# Exact versions of everything, names and versions only; made by `make pins`.'
    "$folder/bin/python" -m pip freeze | grep -E '^[A-Za-z0-9._-]+==[^ ]+$' | LC_ALL=C sort --ignore-case
} >constraints.new
mv constraints.new constraints.txt
git --no-pager diff --stat -- constraints.txt || true
