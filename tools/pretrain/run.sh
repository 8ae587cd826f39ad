#!/usr/bin/env bash
# Trains the embedded CLIP and writes it into packages/clip-icons/model. Arguments go to train.py, for example
# --minutes 150. Interrupted, it goes on from its last checkpoint; `--fresh` as the first argument starts anew.
# PRETRAIN_MODEL names another folder for the result.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work="${PROMPTWEAVE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/promptweave}/pretrain"
mkdir -p "$work/icons"
if [ "${1:-}" = --fresh ]; then
  shift
  rm -rf "$work/run"
fi

if ! cmp -s "$here/packages.json" "$work/icons/package.json"; then
  cp "$here/packages.json" "$work/icons/package.json"
  npm install --prefix "$work/icons" --ignore-scripts --no-audit --no-fund
fi
if [ ! -x "$work/venv/bin/python" ]; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q -r "$here/requirements.txt"
fi

cd "$root"
npx tsc -b packages/datasets
node tools/pretrain/prepare.mjs "$work/icons/node_modules" "$work/data"

# Large tensors are freed and allocated anew in every step: without these, page faults take most of the time.
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000
# Two threads that wait for each other must not burn the core that the other one needs.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-2}" OMP_WAIT_POLICY=PASSIVE GOMP_SPINCOUNT=0
"$work/venv/bin/python" tools/pretrain/train.py --data "$work/data" --run "$work/run" "$@"
"$work/venv/bin/python" tools/pretrain/export.py --data "$work/data" --run "$work/run" --model "${PRETRAIN_MODEL:-packages/clip-icons/model}"
