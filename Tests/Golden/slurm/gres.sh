#!/bin/bash
#SBATCH --job-name=mu-abcdefgh-train-12-0
#SBATCH --comment=muster:Train/17/train/12/0
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=16384M
#SBATCH --export=ALL
#SBATCH --chdir=/shared/.muster/runs/Train/17/train
#SBATCH --output=/shared/.muster/runs/Train/17/train/12.0.slurm.out
#SBATCH --open-mode=append
#SBATCH --no-requeue
#SBATCH --kill-on-invalid-dep=yes
#SBATCH --wait-all-nodes=1
#SBATCH --gres=gpu:a100:2
set -eu
export SLURM_EXPORT_ENV=ALL
unset SLURM_CPUS_PER_TASK SLURM_TRES_PER_TASK SLURM_CPU_BIND SLURM_CPU_BIND_TYPE SLURM_CPU_BIND_LIST SLURM_CPU_BIND_VERBOSE SLURM_MEM_PER_CPU SLURM_MEM_PER_GPU SLURM_NTASKS_PER_NODE SLURM_DISTRIBUTION SLURM_MPI_TYPE
exec srun --kill-on-bad-exit=1 --mpi=none --cpu-bind=none --export=ALL --ntasks-per-node=1 --cpus-per-task=8 --input=none bash -c 'set -e
trap '\''code=$?; sleep 1; /shared/.muster/agents/ab12/muster-agent setup-failed --order /shared/.muster/runs/Train/17/train/12.0.order $code'\'' EXIT
true
exec "$@"' muster /shared/.muster/agents/ab12/muster-agent node --order /shared/.muster/runs/Train/17/train/12.0.order
