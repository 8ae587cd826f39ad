#!/usr/bin/env bash
# A small real sweep (embedded CLIP, emoji), its report, and that report in a real headless Chromium.
# REPORT_SCREENSHOTS=FOLDER keeps screenshots and a print. The browser: see find-chromium.sh.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

source "$root/tools/ci/find-chromium.sh"

cat >"$folder/grid.yaml" <<'YAML'
backbone: { use: clip, checkpoint: icons }
dataset: { use: emoji-groups, shots: 4, size: 48 }
protocol: base-to-novel
train: { epochs: 3, batch: 16, learningRate: 0.01, augment: false }
grid:
  list:
    - { name: zero-shot, prompt: none }
    - { name: CoOp 2, prompt: { use: coop, contextLength: 2 } }
    - { name: CoOp 4, prompt: { use: coop, contextLength: 4 } }
    - { name: much too fast, prompt: coop, train.learningRate: 1.0e+30 }
  labels.use: [frozen, lamm]
  dataset.shots: [1, 4]
  seed: [1, 2]
  except:
    - { train.learningRate: 1.0e+30, dataset.shots: 4 }
    - { train.learningRate: 1.0e+30, labels.use: lamm }
YAML
cd "$folder"
promptweave=("$(command -v node)" "$root/apps/cli/bin/promptweave.js")
# The cells that are much too fast fail, and so does the command; the report tells of them.
status=0
"${promptweave[@]}" sweep grid.yaml --output study --retries 0 >/dev/null 2>sweep.log || status=$?
if [ "$status" -ne 1 ]; then
  cat sweep.log >&2
  echo "The sweep ended with $status instead of 1." >&2
  exit 1
fi
"${promptweave[@]}" report study --svg figures --png figures --baseline 'name=CoOp 2' labels.use=frozen
node "$root/tools/ci/check-report.mjs" "$browser" "$folder" "${promptweave[@]}"
