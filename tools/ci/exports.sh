#!/usr/bin/env bash
# Exported models where there is no promptweave: ONNX of all kinds of parts in ONNX Runtime, for Python and for Node; the program of docs/export.md;
# an evening from a folder of photos to the same answers by five ways, a real Chromium among them; @promptweave/web in a foreign
# bundler; and a service under load and under fire.
# Needs the built command line, Python 3 with pip and a Chromium (see find-chromium.sh).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

source "$root/tools/ci/find-chromium.sh"

ln -s "$(tools/ci/python.sh onnx "$folder")" "$folder/venv"
echo '{ "private": true }' >"$folder/package.json"
(cd "$folder" && npm install --silent --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0) # its script fetches CUDA
ONNX_TEST_FOLDER=$folder PROMPTWEAVE_SLOW_TESTS=1 npx vitest run --project export

node tools/ci/evening.mjs "$folder" "$browser"
node tools/ci/foreign-bundler.mjs "$folder" "$browser"
sed -n '/^```python/,/^```/p' docs/export.md | sed '/^```/d' >"$folder/program.py"
cp "$folder/inbox/circle 16.jpg" "$folder/holiday.jpg"
(cd "$folder" && venv/bin/python program.py | tee program.out && grep -qE '^(circle|square|long triangle)$' program.out)
node tools/ci/serve-load.mjs "$folder/elsewhere/copy" "$folder/holiday.jpg"
