#!/usr/bin/env bash
# MLflow itself, in a virtual environment of its own: client and tracker are tested against a real server, a sweep goes through
# its server being killed, and a registered model predicts in Python. Needs the built command line and Python 3 with pip (850 MB are downloaded).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
version=3.17.2

python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile "mlflow==$version" \
  onnx==1.23.1 onnxruntime==1.30.0 pillow
echo "MLflow $version is installed after $SECONDS s."
MLFLOW_TEST_VENV=$folder/venv node packages/mlflow-js-client/scripts/with-server.mjs \
  npx vitest run --no-file-parallelism --project mlflow-js-client --project tracking real-server
echo "Client and tracker are tested after $SECONDS s."
MLFLOW_TEST_SERVER=$folder/venv/bin/mlflow node tools/ci/mlflow-sweep.mjs
