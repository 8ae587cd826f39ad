#!/usr/bin/env bash
# What the packages look like to TypeScript as each kind of import finds them: "are the types wrong".
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
packs=$("$root/tools/ci/packs.sh" "$folder/packs")
node "$root/tools/ci/are-the-types-wrong.mjs" "$packs"/*.tgz
