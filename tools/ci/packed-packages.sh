#!/usr/bin/env bash
# Packs every package, installs the archives into an empty project outside the repository, and works there as a user would.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/packs" "$folder/project"
cd "$root"
npm pack --silent --workspaces --pack-destination "$folder/packs" >/dev/null
cd "$folder/project"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund "$folder"/packs/*.tgz
npx promptweave runtime ensure
npx promptweave doctor
npx promptweave plugins >/dev/null
node "$root/tools/ci/smoke.mjs" "$(command -v node)" "$folder/project/node_modules/promptweave/bin/promptweave.js"
