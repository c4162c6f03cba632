#!/bin/sh
# Installs from a folder of `make offline-bundle` in a network namespace without interfaces, as a user with an empty home,
# and reads a drawn film there.
set -eu
bundle=$(cd "$1" && pwd)
if ! unshare -rn true 2>/dev/null; then
  echo "SKIPPED: this system lets nobody make a network namespace, so that the folder was not installed without one." >&2
  exit 0
fi
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
env -i PATH="$PATH" HOME="$home" OMP_NUM_THREADS=1 unshare -rn sh -euc '
  if grep -v -e "^ *lo:" -e "|" /proc/net/dev; then echo "There is a network." >&2; exit 1; fi
  sh "$1/install.sh"
  cd "$HOME"
  lennox=$HOME/.local/share/lennox-app/bin/lennox
  "$lennox" phantom --out films --count 1 --seed 7
  "$lennox" diagnose films --format csv --unreleased --who "the check of the bundle" --why "a drawn film" --until "$(date +%F)" --out report
  grep -q assessed report/*.csv
  "$lennox" desk --help >/dev/null
' sh "$bundle"
echo "Installed without a network, and read a film."
