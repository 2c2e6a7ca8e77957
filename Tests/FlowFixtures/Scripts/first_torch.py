"""Prints when the ranks' first all-reduce was done."""

import os
import sys
import time

import torch
import torch.distributed as dist

dist.init_process_group("gloo")
ones = torch.ones(1)
dist.all_reduce(ones)
if dist.get_rank() == 0:
    print(f"first-collective {time.time():.6f} of {int(ones)}", flush=True)

dist.barrier()
dist.destroy_process_group()
# gloo's threads can abort an interpreter that is being torn down; everything is written, so leave without that.
sys.stdout.flush()
sys.stderr.flush()
os._exit(0)
