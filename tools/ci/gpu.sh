#!/usr/bin/env bash
# The GPU's way on a machine without a GPU: installs the GPU runtime from the wheels, and runs it on a driver that takes every call, counts
# it and computes nothing (tools/gpu/fake). What is computed is garbage there; that everything runs, where, and with what is seen.
#
#   npm run build && bash tools/ci/gpu.sh [WHEELS [FOLDER]]
#
# The wheels (1.2 GB) are kept in the folder WHEELS (default: ~/.cache/promptweave-gpu-wheels), the installation (1.9 GB) in FOLDER where one
# is given, for the next time.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
wheels=${1:-$HOME/.cache/promptweave-gpu-wheels}
needed=5 # GB
mkdir -p "$wheels"
free=$(($(df -Pk "$wheels" | awk 'NR == 2 { print $4 }') / 1000000))
if [ "$(uname -sm)" != 'Linux x86_64' ]; then echo "Skipped: there is no CUDA build for $(uname -sm)."; exit 0; fi
if [ "$free" -lt "$needed" ]; then echo "Skipped: $free GB of disk are free, $needed are needed."; exit 0; fi

work=${2:-$(mktemp -d "$wheels/check-XXXXXX")}
[ $# -ge 2 ] || trap 'rm -rf "$work"' EXIT
export PROMPTWEAVE_CACHE="$work/a cache"
unset CUDA_VISIBLE_DEVICES PROMPTWEAVE_BACKEND TF_JIT_CACHE_DIR XLA_FLAGS NVIDIA_TF32_OVERRIDE
promptweave() { node "$root/apps/cli/bin/promptweave.js" "$@"; }
begun=$SECONDS
lap() { echo "   [$((SECONDS - begun)) s]"; begun=$SECONDS; }

if ! promptweave runtime list | grep '^2.*-cuda-linux-x64, ' | grep -qv unusable; then
  echo '== wheels'
  node "$root/tools/gpu/wheels.mjs" "$wheels"
  du -ch "$wheels"/*.whl | tail -1
  lap
  echo '== runtime install --gpu'
  promptweave runtime install --gpu --from "$wheels"
  lap
fi
made=$(readlink -f "$PROMPTWEAVE_CACHE"/runtime/*-cuda-linux-x64)
megabytes=$(du -sm "$made" | cut -f1)
echo "The installation has $megabytes MiB."
[ "$megabytes" -lt 1900 ] || { echo 'That is more than 1900.'; exit 1; }
echo '== the fake driver'
bash "$root/tools/gpu/fake/build.sh" "$made/tensorflow" "$work/fake"
lap
node "$root/tools/gpu/check.mjs" "$made" "$work" "$root"
lap
echo "gpu.sh: $SECONDS s"
