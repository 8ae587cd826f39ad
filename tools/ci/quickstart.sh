#!/usr/bin/env bash
# The quickstart cut down to one seed, a few steps and a small data set: the table, the report, a second run that computes nothing, a prediction.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
quickstart() { node tools/quickstart.mjs --output "$folder/run" 'grid.seed=[1]' dataset.use=emoji-plants dataset.shots=2 train.steps=3; }

quickstart | tee "$folder/first"
for method in 'no prompt' CoOp MaPLe COMMA; do
  [ "$(grep -c "│ *$method *│" "$folder/first")" -eq 2 ] # with frozen labels and with LAMM
done
grep -q '<svg\|vega' "$folder/run/report.html"
cells=("$folder"/run/cells/*)
[ "${#cells[@]}" -eq 8 ]
before=$(stat -c '%n %Y' "$folder"/run/cells/*/result.json)
quickstart >"$folder/second"
[ "$before" = "$(stat -c '%n %Y' "$folder"/run/cells/*/result.json)" ]
learned=$(dirname "$(ls "$folder"/run/cells/*/prompts.safetensors | head -n 1)")
node apps/cli/bin/promptweave.js predict ':dog face:' --run "$learned" | grep openmoji
