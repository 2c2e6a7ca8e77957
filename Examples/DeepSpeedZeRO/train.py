"""Trains one model on all ranks together, with the optimizer's state partitioned over them (ZeRO stage 2).

Every rank keeps Adam's moments for its own part of the parameters only, and counts them: rank 0 writes the counts of all
ranks beside the accuracy on images that nobody trained on.
"""

import argparse
import os
import sys

import deepspeed
import numpy
import torch
import torch.distributed as dist
from deepspeed.ops import __compatible_ops__
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler

import digits

BATCH = 120

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--epochs", type=int, default=20)
# DeepSpeed's launcher passes it before the script's own arguments.
parser.add_argument("--local_rank", type=int, default=0)
arguments = parser.parse_args()

# An all-reduce through shared memory helps ranks of one machine alone, and would first be compiled, for a minute.
__compatible_ops__["deepspeed_shm_comm"] = False
deepspeed.init_distributed("gloo")
rank, size = dist.get_rank(), dist.get_world_size()

torch.manual_seed(0)
training, held_out = digits.load()
network = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 10))
dataset = TensorDataset(*training)
sampler = DistributedSampler(dataset)
batches = DataLoader(dataset, batch_size=max(1, BATCH // size), sampler=sampler)
engine, _, _, _ = deepspeed.initialize(
    model=network,
    model_parameters=network.parameters(),
    config={
        "train_micro_batch_size_per_gpu": max(1, BATCH // size),
        # torch's Adam needs no compiler, unlike DeepSpeed's own.
        "optimizer": {"type": "AdamW", "params": {"lr": 3e-3, "torch_adam": True}},
        "zero_optimization": {"stage": 2},
        "zero_allow_untested_optimizer": True,
        "steps_per_print": 1_000_000,  # it would print a line every ten steps otherwise
    },
)

for epoch in range(arguments.epochs):
    sampler.set_epoch(epoch)
    total = torch.zeros(1)
    for images, labels in batches:
        loss = nn.functional.cross_entropy(engine(images), labels)
        engine.backward(loss)
        engine.step()
        total += loss.detach()
    dist.all_reduce(total)
    if rank == 0:
        print(f"epoch {epoch + 1}/{arguments.epochs}: loss {total.item() / size / len(batches):.4f}", flush=True)

moments = engine.optimizer.optimizer.state.values()
mine = sum(value.numel() for state in moments for value in state.values() if torch.is_tensor(value) and value.dim() > 0)
counts = [None] * size
dist.all_gather_object(counts, mine)

if rank == 0:
    images, labels = held_out
    with torch.no_grad():
        right = (network(images).argmax(dim=1) == labels).float().mean().item()
    parameters = sum(parameter.numel() for parameter in network.parameters())
    print(f"{right:.4f} of {len(labels)} held-out images right")
    print(f"{parameters} parameters; optimizer state per rank: {counts}")
    numpy.array([right, parameters, *counts], dtype=numpy.float64).tofile(f"{arguments.folder}/result")

dist.barrier()
dist.destroy_process_group()
# gloo's threads can abort an interpreter that is being torn down; everything is written, so leave without that.
sys.stdout.flush()
sys.stderr.flush()
os._exit(0)
