#!/usr/bin/env bash
# Exported ONNX models of all kinds of parts in ONNX Runtime, for Python and for Node, in a folder of their own. Needs Python 3 with pip.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check onnx==1.23.1 onnxruntime==1.30.0
echo '{ "private": true }' >"$folder/package.json"
(cd "$folder" && npm install --silent --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0) # its script fetches CUDA
ONNX_TEST_FOLDER=$folder PROMPTWEAVE_SLOW_TESTS=1 npx vitest run --project export
