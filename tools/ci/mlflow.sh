#!/usr/bin/env bash
# MLflow itself, in a virtual environment of its own: client and tracker are tested against a real server, a sweep goes through
# its server being killed, and a registered model predicts in Python. Needs the built command line and Python 3 with pip (850 MB are downloaded).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The workers of its jobs, which judge language models: eight processes beside each server, and nothing here asks them.
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false

environment=$(tools/ci/python.sh mlflow "$folder")
echo "MLflow is there after $SECONDS s."
MLFLOW_TEST_VENV=$environment node packages/mlflow-js-client/scripts/with-server.mjs \
  npx vitest run --no-file-parallelism --project mlflow-js-client --project tracking real-server
echo "Client and tracker are tested after $SECONDS s."
MLFLOW_TEST_SERVER=$environment/bin/mlflow node tools/ci/mlflow-sweep.mjs
