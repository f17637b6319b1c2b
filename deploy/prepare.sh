#!/usr/bin/env bash
# Makes this checkout ready: `prepare.sh run` for the program and the demo,
# `prepare.sh test` for everything that tests and checks need as well.
# Does nothing, and says nothing, when all of it is there already.
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1:?run or test}
python=${PYTHON:-python3}

stop() {
    printf '\n%s\n' "$@" >&2
    exit 1
}

if command -v "$python" >/dev/null && ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    stop "Python 3.11 or newer is needed, and $python is $("$python" -V 2>&1)." \
        "Install a newer one and name it, for example: make demo PYTHON=python3.12"
fi

deploy/system-packages.sh "$purpose"

# A virtual environment whose Python was upgraded away is made anew.
if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    echo "Making the virtual environment .venv …"
    "$python" -m venv --clear .venv || stop "The virtual environment could not be made; the lines above say why."
fi

# A stamp holds what was installed when it was made. Whoever can test can run.
digest() { cat "$1" requirements.txt constraints.txt | sha256sum; }
requirements=requirements.txt
[ "$purpose" = test ] && requirements=requirements-dev.txt
if [ "$(cat ".venv/ready-to-$purpose" 2>/dev/null)" != "$(digest "$requirements")" ]; then
    echo "Installing the Python packages of $requirements (the first time takes a minute or two) …"
    .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check \
        --requirement "$requirements" --constraint constraints.txt ||
        stop "pip could not install $requirements; the lines above say why." \
            "Usual reasons: no way to the package index (proxy?), or a header file that is missing while python-ldap is built."
    digest requirements.txt >.venv/ready-to-run
    [ "$purpose" = run ] || digest "$requirements" >.venv/ready-to-test
fi
