"""Prints when the ranks' first all-reduce was done."""

import os
import sys
import time

import deepspeed
import deepspeed.comm as dist
import torch
from deepspeed.ops import __compatible_ops__

# Else the first start would compile an all-reduce through shared memory, for a minute.
__compatible_ops__["deepspeed_shm_comm"] = False
deepspeed.init_distributed("gloo")
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
