#!/bin/bash
#SBATCH --job-name=mu-abcdefgh-train-12-0
#SBATCH --comment=muster:Train/17/train/12/0
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=16384M
#SBATCH --gpus-per-node=a100:2
#SBATCH --time=1-12:00:00
#SBATCH --export=ALL
#SBATCH --chdir="/a path/100%"
#SBATCH --output="/a path/100%%/\"12\".0.slurm.out"
#SBATCH --open-mode=append
#SBATCH --no-requeue
#SBATCH --kill-on-invalid-dep=yes
#SBATCH --wait-all-nodes=1
#SBATCH --exclusive
#SBATCH --partition=gpu
#SBATCH --account=a
#SBATCH --qos=high
#SBATCH --constraint=a100&nvlink
#SBATCH --nodelist=n[1-4]
#SBATCH --switches=1@10:00
#SBATCH --mail-type=END
#SBATCH --hint=nomultithread
set -eu
export SLURM_EXPORT_ENV=ALL
unset SLURM_CPUS_PER_TASK SLURM_TRES_PER_TASK SLURM_CPU_BIND SLURM_CPU_BIND_TYPE SLURM_CPU_BIND_LIST SLURM_CPU_BIND_VERBOSE SLURM_MEM_PER_CPU SLURM_MEM_PER_GPU SLURM_NTASKS_PER_NODE SLURM_DISTRIBUTION SLURM_MPI_TYPE
exec srun --kill-on-bad-exit=1 --mpi=none --cpu-bind=none --export=ALL --ntasks-per-node=1 --cpus-per-task=8 --input=none --container-image=docker://python:3.12 --container-mounts=/data:/data bash -l -c 'set -e
trap '\''code=$?; sleep 1; '\''\'\'''\''/a path/muster'\''\'\'''\''\'\''\'\'''\'''\''\'\'''\''s agent'\''\'\'''\'' setup-failed --order '\''\'\'''\''/a path/100%/12.0.order'\''\'\'''\'' $code'\'' EXIT
module load cuda/12.4
export A='\''b c'\''
exec "$@"' muster '/a path/muster'\''s agent' node --order '/a path/100%/12.0.order'
