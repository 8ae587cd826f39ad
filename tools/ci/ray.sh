#!/usr/bin/env bash
# Sweeps on a real Ray head on this machine: four cells in two slots, a supervisor and the scheduler killed on the way; then cells with a GPU each,
# of which Ray is told that there are two (it does not look).
# Ray is that of python.sh, or of the environment whose folder is given.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d /tmp/pw-XXXXXX) # short: Ray puts sockets below it, whose paths may have 107 characters
head=

# Ends what belongs to this head and nothing else: `ray stop` would end every Ray on the machine.
ours() {
  for process in /proc/[0-9]*; do
    if [ "${process#/proc/}" != $$ ] && tr '\0' '\n' 2>/dev/null <"$process/cmdline" | grep -q "$folder/ray"; then
      echo "${process#/proc/}"
    fi
  done
}
clean() {
  if [ -n "$head" ]; then
    kill "$head" 2>/dev/null || true
    wait "$head" 2>/dev/null || true
    for process in $(ours); do kill -9 "$process" 2>/dev/null || true; done
  fi
  rm -rf "$folder"
}
trap clean EXIT

environment=${1:-$("$root/tools/ci/python.sh" ray "$folder/python")}

# Ray gives its parts 30 seconds to start, which a busy machine may need more than once.
for attempt in 1 2 3; do
  port=$((20000 + RANDOM % 10000))
  RAY_DISABLE_USAGE_STATS=1 "$environment/bin/ray" start --head --block --num-cpus 2 --num-gpus 2 --memory 2000000000 \
    --object-store-memory 100000000 --port $((port + 1)) --dashboard-host 127.0.0.1 --dashboard-port "$port" \
    --dashboard-agent-listen-port $((port + 2)) --ray-client-server-port $((port + 3)) --temp-dir "$folder/ray" \
    >"$folder/head.log" 2>&1 &
  head=$!
  until grep -qs 'Ray runtime started' "$folder/head.log"; do
    if ! kill -0 "$head" 2>/dev/null; then break; fi
    sleep 1
  done
  if kill -0 "$head" 2>/dev/null; then break; fi
  echo "Ray did not start (attempt $attempt): $(tail -n 1 "$folder/head.log")"
  for process in $(ours); do kill -9 "$process" 2>/dev/null || true; done
done
if ! node "$root/tools/ci/ray-sweep.mjs" "http://127.0.0.1:$port" "$folder"; then
  echo 'Ray says:'
  tail -n 40 "$folder/head.log"
  exit 1
fi
