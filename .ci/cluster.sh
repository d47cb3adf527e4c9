#!/usr/bin/env bash
# docs/cluster for real: a SLURM of one node, where it can be installed, and Snakemake, on a small dataset.
# One task is killed in the middle and put back into the queue; nothing may be lost or done twice.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD python=${EFFACE_PYTHON:-python3}
work=$(mktemp -d)
stop() {
    for name in slurmd slurmctld munged; do
        [ -f "$work/$name.pid" ] || continue
        pid=$(cat "$work/$name.pid")
        kill "$pid" 2>/dev/null || continue
        # It writes to its folder until it ends.
        for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null && sleep 0.1; done
    done
    rm -rf "$work" || true
}
trap stop EXIT

"$python" - "$work/in" <<'PYTHON'
import sys
from pathlib import Path

sys.path.insert(0, "benches")
import dataset

dataset.make_heads(Path(sys.argv[1]), 6, 4, {4})
PYTHON
efface() { "$root/target/release/efface" "$@"; }
export PATH="$root/target/release:$PATH"
efface deface "$work/in" -o "$work/whole" --progress plain || [ $? -eq 1 ]

# The images of a run are those of the undisturbed one, each with its record, and every scan is logged once.
check() {
    local out=$1
    (cd "$work/whole" && find . -name '*.nii.gz' | sort | xargs sha256sum) > "$work/wanted"
    (cd "$out" && find . -name '*.nii.gz' | sort | xargs sha256sum) | cmp - "$work/wanted"
    [ "$(find "$out" -name '*.efface.json' | wc -l)" -eq 6 ]
    [ "$(wc -l < "$out.efface.jsonl")" -eq 6 ]
    [ -z "$(find "$work" -maxdepth 1 -name '.efface-*')" ]
}

echo "-- Snakemake"
python3 -m venv target/snakemake
if target/snakemake/bin/pip install --quiet snakemake==9.27.1; then
    (cd "$work" && "$root/target/snakemake/bin/snakemake" --quiet -s "$root/docs/cluster/Snakefile" --cores 2 \
        --config dataset=in out=by-snakemake parts=3)
    check "$work/by-snakemake"
else
    echo "-- Snakemake cannot be installed here: its workflow is not tested"
fi

if ! command -v slurmctld >/dev/null; then
    if [ "$(id -u)" -ne 0 ] || ! apt-get install -y -qq --no-install-recommends slurmd slurmctld slurm-client \
        munge >/dev/null 2>&1; then
        echo "-- SLURM cannot be installed here: its array is not tested"
        exit 0
    fi
fi
echo "-- SLURM"
host=$(hostname -s)
mkdir -p "$work/state" "$work/spool"
dd if=/dev/urandom of="$work/munge.key" bs=1024 count=1 status=none
chmod 0400 "$work/munge.key"
chmod 0711 "$work"
munged --force --key-file="$work/munge.key" --socket="$work/munge.socket" --pid-file="$work/munged.pid" \
    --log-file="$work/munged.log" --seed-file="$work/munge.seed"
cat > "$work/slurm.conf" <<CONF
ClusterName=one
SlurmctldHost=$host
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ReturnToService=2
JobRequeue=1
NodeName=$host CPUs=$(nproc) RealMemory=2000 State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF="$work/slurm.conf"
slurmctld
slurmd
for _ in $(seq 60); do
    sinfo -h -o %t 2>/dev/null | grep -q '^idle' && break
    sleep 1
done
if ! sinfo -h -o %t 2>/dev/null | grep -q '^idle'; then
    echo "-- SLURM does not start here: its array is not tested"
    exit 0
fi
job=$(cd "$work" && sbatch --parsable --array=1-2 --cpus-per-task=1 --mem=1500 "$root/docs/cluster/efface.sbatch" \
    "$work/in" "$work/by-slurm")
# In the middle of its scans one task is killed as a node failure would kill it, and queued again.
for _ in $(seq 600); do
    [ -n "$(find "$work/by-slurm" -name '*.nii.gz' 2>/dev/null)" ] && break
    sleep 0.1
done
if pkill -KILL -f "deface $work/in -o $work/by-slurm --resume --shard 1/2"; then
    echo "part 1 is killed"
    # It is queued again by SLURM, unless that has seen its end first; then below.
    scontrol requeue "${job}_1" || true
else
    echo "part 1 came to its end before it could be killed"
fi
for _ in $(seq 240); do
    [ -z "$(squeue -h -j "$job" 2>/dev/null)" ] && break
    # A task that is put back would wait for two minutes.
    scontrol update "JobId=${job}_1" StartTime=now 2>/dev/null || true
    sleep 1
done
for part in 1 2; do
    # What a task that was killed and not queued again has left.
    if ! tail -n 1 "$work/by-slurm.$part-of-2.efface.jsonl" | grep -q '"ended"'; then
        echo "part $part is taken up again"
        (cd "$work" && timeout 120 sbatch --wait --array="$part" --cpus-per-task=1 --mem=1500 \
            --export=ALL,PARTS=2 "$root/docs/cluster/efface.sbatch" "$work/in" "$work/by-slurm") ||
            true
    fi
done
efface merge "$work/by-slurm" || [ $? -eq 1 ]
check "$work/by-slurm"
