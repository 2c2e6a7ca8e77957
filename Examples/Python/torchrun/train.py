"""One worker: an ordinary script that calls init_process_group."""

import argparse

import torch
import torch.distributed as distributed
from torch.nn.parallel import DistributedDataParallel

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int)
parser.add_argument("--save")
arguments = parser.parse_args()

distributed.init_process_group("gloo")
rank, size = distributed.get_rank(), distributed.get_world_size()
torch.manual_seed(0)
x = torch.linspace(0, 1, 256).unsqueeze(1)[rank::size]
model = DistributedDataParallel(torch.nn.Linear(1, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for epoch in range(arguments.epochs):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), 3 * x + 1)
    loss.backward()
    optimizer.step()
print(f"rank {rank} of {size}: loss {loss.item():.4f}")
if rank == 0:
    torch.save(model.module.state_dict(), arguments.save)
distributed.barrier()
distributed.destroy_process_group()
