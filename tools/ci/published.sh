#!/usr/bin/env bash
# What the packages look like to TypeScript where they are installed: "are the types wrong", and all their types without skipLibCheck.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/project"
packs=$("$root/tools/ci/packs.sh" "$folder/packs")
node "$root/tools/ci/are-the-types-wrong.mjs" "$packs"/*.tgz
cd "$folder/project"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund "$packs"/*.tgz @types/node@20 vitest@4
node "$root/tools/ci/packed-types.mjs" "$folder/project"
