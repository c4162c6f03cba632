#!/bin/sh
# Installs lennox from this folder: sh install.sh [FOLDER]
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
wanted=$(sed -n 's/.*"python": "\([0-9.]*\)".*/\1/p' "$here/bundle.json")
for python in "python$wanted" python3; do
  command -v "$python" >/dev/null 2>&1 && exec "$python" -I -B "$here/install.py" "$@"
done
echo "Python $wanted is not installed. Install it from your system's packages, then run this again." >&2
exit 1
