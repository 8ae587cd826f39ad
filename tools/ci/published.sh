#!/usr/bin/env bash
# What the packages look like to TypeScript where they are installed: "are the types wrong", and all their types without skipLibCheck.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/packs" "$folder/project"
cd "$root"
npm pack --silent --workspaces --pack-destination "$folder/packs" >/dev/null
for pack in "$folder"/packs/*.tgz; do
  # emoji-data has no code, so it has no types.
  case $pack in *emoji-data*) ;; *) npx attw "$pack" --profile esm-only --quiet ;; esac
done
cd "$folder/project"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund "$folder"/packs/*.tgz @types/node@20 vitest@4
node "$root/tools/ci/packed-types.mjs" "$folder/project"
