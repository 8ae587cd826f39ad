#!/usr/bin/env bash
# Sweeps on a real Slurm on this machine: six cells as a job array, one of them killed and submitted again; then cells with one of two GPUs each,
# which are no cards here (Slurm opens none).
# Installs Debian's slurm-wlm and munge where they are missing, which root alone can.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
  [ "$(id -u)" = 0 ] || { echo 'slurm-wlm and munge are not installed, and only root can install them.'; exit 1; }
  command -v apt-get >/dev/null || { echo 'slurm-wlm and munge are not installed, and there is no apt-get.'; exit 1; }
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq slurm-wlm munge >/dev/null ||
    { echo 'apt-get cannot install slurm-wlm and munge: see above.'; exit 1; }
fi
[ "$(id -u)" = 0 ] || { echo 'slurmd starts tasks as other users, which root alone can.'; exit 1; }

folder=$(mktemp -d)
chmod 755 "$folder"
started=()
clean() {
  for ((i = ${#started[@]} - 1; i >= 0; i--)); do
    kill "${started[i]}" 2>/dev/null || true
    wait "${started[i]}" 2>/dev/null || true
  done
  rm -rf "$folder"
}
trap clean EXIT

# A munge of our own, with its own key and socket.
mkdir "$folder/munge"
chmod 755 "$folder/munge"
dd if=/dev/urandom of="$folder/munge/key" bs=128 count=1 status=none
chmod 600 "$folder/munge/key"
munged --foreground --force --socket="$folder/munge/socket" --key-file="$folder/munge/key" --pid-file="$folder/munge/pid" \
  --log-file="$folder/munge/log" --seed-file="$folder/munge/seed" >"$folder/munge/out" 2>&1 &
started+=($!)

host=$(hostname -s)
port=$((30000 + RANDOM % 10000))
cat >"$folder/slurm.conf" <<CONF
ClusterName=trial
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CryptoType=crypto/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=2,batch_sched_delay=1
KillWait=5
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 RealMemory=3000 Gres=gpu:2 State=UNKNOWN
PartitionName=trial Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
CONF
ln -s /dev/null "$folder/nvidia0"
ln -s /dev/null "$folder/nvidia1"
echo "NodeName=$host Name=gpu File=$folder/nvidia[0-1]" >"$folder/gres.conf"
mkdir "$folder/state" "$folder/spool"
export SLURM_CONF="$folder/slurm.conf"
slurmctld -D -f "$SLURM_CONF" >"$folder/slurmctld.out" 2>&1 &
started+=($!)
slurmd -D -f "$SLURM_CONF" -N "$host" >"$folder/slurmd.out" 2>&1 &
started+=($!)

if ! node "$root/tools/ci/slurm-sweep.mjs" "$folder"; then
  echo 'Slurm says:'
  tail -n 30 "$folder"/slurmctld.log "$folder"/slurmd.log "$folder"/*.out "$folder/munge/out" 2>/dev/null || true
  exit 1
fi
