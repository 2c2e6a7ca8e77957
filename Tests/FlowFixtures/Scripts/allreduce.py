"""Every rank adds its number to the others' and writes the sum and its environment into a folder."""

import argparse
import json
import os
import sys
import time

import torch
import torch.distributed as dist

parser = argparse.ArgumentParser()
parser.add_argument("--output", required=True)
parser.add_argument("--failing-rank", type=int, default=-1)
arguments = parser.parse_args()

dist.init_process_group("gloo")
rank = dist.get_rank()
number = torch.tensor([rank])
dist.all_reduce(number)
print(f"rank {rank} of {dist.get_world_size()}: sum {int(number)}", flush=True)

if rank == arguments.failing_rank:
    print(f"rank {rank} fails on purpose", flush=True)
    sys.stdout.flush()
    os._exit(13)
if arguments.failing_rank >= 0:
    time.sleep(600)

with open(f"{arguments.output}/sum-{rank}", "w") as file:
    file.write(str(int(number)))
with open(f"{arguments.output}/environment-{rank}.json", "w") as file:
    json.dump(dict(os.environ), file, sort_keys=True)

dist.barrier()
dist.destroy_process_group()
# gloo's threads can abort an interpreter that is being torn down; everything is written, so leave without that.
sys.stdout.flush()
sys.stderr.flush()
os._exit(0)
