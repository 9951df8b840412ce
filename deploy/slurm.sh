#!/bin/bash
# `stacker repro` on several machines of a Slurm cluster: sbatch deploy/slurm.sh, in the project's folder.
#
# Ray starts on every machine of the allocation (`ray symmetric-run`), the first one runs `stacker repro`, and all ends
# with it. The folder and its environment `.venv`, with the extra `cluster`, must be on a file system that all machines
# see; results travel through the project's default DVC remote, which all must reach.
#SBATCH --job-name=stacker
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --exclusive
# for GPUs: #SBATCH --gpus-per-task=2
set -eu

source .venv/bin/activate
export RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0
RAY_AUTH_TOKEN=$(python -c "import secrets; print(secrets.token_hex(32))") # srun hands it to all machines, nobody else
export RAY_AUTH_TOKEN

head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
port=$((20000 + SLURM_JOB_ID % 10000)) # two jobs that share a machine do not meet

srun --nodes="$SLURM_NNODES" --ntasks="$SLURM_NNODES" \
  ray symmetric-run --address "$head:$port" --min-nodes "$SLURM_NNODES" --num-cpus "$SLURM_CPUS_PER_TASK" -- \
  stacker repro --address "$head:$port"
