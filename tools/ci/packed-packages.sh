#!/usr/bin/env bash
# Packs every package, installs the archives into an empty project outside the repository, and works there as a user would.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/project"
packs=$("$root/tools/ci/packs.sh" "$folder/packs")
emoji=$(ls "$packs"/promptweave-emoji-data-*.tgz)
cd "$folder/project"
npm init --yes >/dev/null
started=$SECONDS
npm install --silent --no-audit --no-fund $(ls "$packs"/*.tgz | grep -v emoji-data)
megabytes=$(du -sm node_modules | cut -f1)
echo "installed: $megabytes MB in $((SECONDS - started)) s"
[ "$megabytes" -lt 200 ] || { echo 'node_modules has 200 MB or more'; exit 1; }
for name in @promptweave/core @tensorflow/tfjs-core zod; do
  [ "$(find . -path "*/node_modules/$name/package.json" | wc -l)" = 1 ] || { echo "There is not one copy of $name:"; npm ls "$name"; exit 1; }
done
npm ls --all >/dev/null # fails where a peer is missing or of another version

npx promptweave runtime ensure
npx promptweave doctor
npx promptweave plugins >/dev/null
node "$root/tools/ci/smoke.mjs" "$(command -v node)" "$folder/project/node_modules/promptweave/bin/promptweave.js"

# Emoji come with an optional package, and who lacks it is told so.
cat >emoji.yaml <<'END'
dataset: { use: emoji-animals, shots: 1 }
prompt: { use: coop, contextLength: 2 }
train: { steps: 4, batch: 2 }
END
if npx promptweave train emoji.yaml 2>said.txt; then exit 1; fi
grep 'npm install @promptweave/emoji-data' said.txt
npm install --silent --no-audit --no-fund "$emoji"
npx promptweave train emoji.yaml runtime.backend=wasm --output runs/wasm

# What the READMEs show.
node "$root/tools/ci/readme-programs.mjs" "$folder/project"

# The program in examples/library, compiled against what was packed.
cp -r "$root/examples/library" .
node "$root/node_modules/native-typescript/bin/tsc" --project library/tsconfig.json --typeRoots "$root/node_modules/@types"
node library/dist/main.js photos holiday.jpg

# All their types, without skipLibCheck, beside those that a program's author has installed.
npm install --silent --no-audit --no-fund @types/node@20 vitest@4
node "$root/tools/ci/packed-types.mjs" "$folder/project"
