#!/usr/bin/env bash
# Brings the catalogues of syncapp/locale up to date with the code, and compiles them.
#
# `messages.sh [PYTHON]`. No line numbers, no time of making: a catalogue changes when a text does.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${1:-.venv/bin/python}
"$python" manage.py makemessages --locale ru --locale en --no-location --no-wrap --no-obsolete \
    --ignore 'tests/*' --ignore 'fixtures/*' --ignore 'benchmarks/*' --ignore 'var/*'
for catalogue in syncapp/locale/*/LC_MESSAGES/django.po; do
    sed -i '/^"POT-Creation-Date:/d' "$catalogue"
    msgfmt --check --output-file "${catalogue%.po}.mo" "$catalogue"
done
echo "Without a Russian text: $(msgattrib --untranslated --no-obsolete syncapp/locale/ru/LC_MESSAGES/django.po | grep -c '^msgid "[^"]' || true)"
