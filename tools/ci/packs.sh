#!/usr/bin/env bash
# packs.sh FOLDER prints a folder with the archives of all packages, as npm publishes them: the one that is named in PROMPTWEAVE_PACKS
# where `.ci/run` has made it for all its checks, else FOLDER, which it makes.
set -euo pipefail
packs=${PROMPTWEAVE_PACKS:-$1}
if [ ! -d "$packs" ]; then
  cd "$(dirname "${BASH_SOURCE[0]}")/../.."
  mkdir "$packs"
  npm pack --silent --workspaces --pack-destination "$packs" >/dev/null
fi
echo "$packs"
