"""Prints when the ranks' first all-reduce was done."""

import time

from mpi4py import MPI

size = MPI.COMM_WORLD.allreduce(1)
if MPI.COMM_WORLD.rank == 0:
    print(f"first-collective {time.time():.6f} of {size}", flush=True)
