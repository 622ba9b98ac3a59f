#!/usr/bin/env bash
# Makes .venv, with exactly the files that the hashed requirements name, and puts the project into it.
# Needs a Python >= 3.11 with pip. Run by `make setup` when pyproject.toml or a requirement file is newer than the stamp.
set -euo pipefail
cd "$(dirname "$0")/.."

suits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3.11 python3.12 python3.13 python3 python; do
    # sys.executable, not the name: a version manager's shim depends on the folder it is called from.
    if suits "$candidate"; then "$candidate" -c 'import sys; print(sys.executable)'; return; fi
  done
  echo "Jianlu needs Python 3.11 or newer. Install it (Debian: apt-get install python3 python3-pip), or name it: make setup PYTHON=/path/to/python3" >&2
  echo "鉴录需要 Python 3.11 或更高版本。请先安装，或用 PYTHON=... 指明解释器路径。" >&2
  return 1
}

make_environment() {
  # Debian splits ensurepip off: then the interpreter's own pip fills the new environment.
  "$1" -m venv .venv 2>/dev/null && return
  "$1" -m venv --clear --without-pip .venv
  "$1" -m pip --version >/dev/null 2>&1 || {
    echo "$1 has neither ensurepip nor pip. Install one (Debian: apt-get install python3-pip or python3-venv)." >&2
    return 1
  }
  "$1" -m pip --python .venv/bin/python install --quiet pip
}

rm -f .venv/.ready
if ! suits .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  python=$(find_python)
  echo "setup: new environment with $python"
  make_environment "$python"
fi

install=(.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input)
echo "setup: installing what requirements/*.txt name, by hash"
"${install[@]}" --require-hashes -r requirements/runtime.txt -r requirements/dev.txt
"${install[@]}" --no-deps --no-build-isolation --editable .
touch .venv/.ready
