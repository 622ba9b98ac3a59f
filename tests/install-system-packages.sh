#!/usr/bin/env bash
# Installs the Debian packages of tests/system-packages.txt that are missing: as root, where apt-get exists. Elsewhere it
# says which are missing and goes on: the tests that need them are skipped, and the summary of the run says so.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v dpkg-query >/dev/null || { echo "tests: no Debian here; tests that need a missing program are skipped" >&2; exit 0; }

missing=()
while read -r package; do
  [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == *" installed" ]] || missing+=("$package")
done < <(sed -e 's/#.*//' -e 's/:.*//' -e '/^\s*$/d' tests/system-packages.txt)

[[ ${#missing[@]} -eq 0 ]] && exit 0
if [[ $(id -u) -ne 0 ]]; then
  echo "tests: not installed, so not proved: ${missing[*]} (install: sudo apt-get install ${missing[*]})" >&2
  exit 0
fi
echo "tests: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get -qq update && apt-get -qq -y install --no-install-recommends "${missing[@]}"; } >/dev/null; then
  echo "tests: apt-get failed; tests that need ${missing[*]} are skipped" >&2
fi
