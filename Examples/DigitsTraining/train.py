"""Trains one model on all ranks together; rank 0 saves the weights."""

import argparse
import os
import sys

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler

import model

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--epochs", type=int, default=20)
arguments = parser.parse_args()

torch.manual_seed(0)
dist.init_process_group("gloo")
rank, size = dist.get_rank(), dist.get_world_size()

dataset = TensorDataset(*model.read(arguments.folder))
sampler = DistributedSampler(dataset)
batches = DataLoader(dataset, batch_size=max(1, 128 // size), sampler=sampler)
network = DistributedDataParallel(model.build())
optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, arguments.epochs * len(batches))

for epoch in range(arguments.epochs):
    sampler.set_epoch(epoch)
    total = torch.zeros(1)
    for images, labels in batches:
        loss = nn.functional.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        total += loss.detach()
    dist.all_reduce(total)
    if rank == 0:
        print(f"epoch {epoch + 1}/{arguments.epochs}: loss {total.item() / size / len(batches):.4f}", flush=True)

if rank == 0:
    torch.save(network.module.state_dict(), f"{arguments.folder}/weights")

dist.barrier()
dist.destroy_process_group()
# gloo's threads can abort an interpreter that is being torn down; everything is written, so leave without that.
sys.stdout.flush()
sys.stderr.flush()
os._exit(0)
