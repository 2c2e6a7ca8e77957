"""One worker: fits a line with DeepSpeed's engine; rank 0 writes the slope."""

import argparse

import deepspeed
import torch
import torch.distributed as distributed
from deepspeed.ops import __compatible_ops__

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int)
parser.add_argument("--output")
# DeepSpeed's launcher passes it before the script's own arguments.
parser.add_argument("--local_rank", type=int, default=0)
arguments = parser.parse_args()

# An all-reduce through shared memory helps ranks of one machine alone, and would first be compiled, for a minute.
__compatible_ops__["deepspeed_shm_comm"] = False
deepspeed.init_distributed("gloo")
rank, size = distributed.get_rank(), distributed.get_world_size()
torch.manual_seed(0)
x = torch.linspace(0, 1, 256).unsqueeze(1)[rank::size]
model = torch.nn.Linear(1, 1)
engine, _, _, _ = deepspeed.initialize(
    model=model,
    model_parameters=model.parameters(),
    config={
        "train_micro_batch_size_per_gpu": len(x),
        # torch's Adam needs no compiler, unlike DeepSpeed's own.
        "optimizer": {"type": "AdamW", "params": {"lr": 0.2, "weight_decay": 0, "torch_adam": True}},
        "zero_optimization": {"stage": 2},
        "zero_allow_untested_optimizer": True,
        "steps_per_print": 1_000_000,
    },
)
for _ in range(arguments.steps):
    loss = torch.nn.functional.mse_loss(engine(x), 3 * x + 1)
    engine.backward(loss)
    engine.step()
print(f"rank {rank} of {size}: loss {loss.item():.5f}")
if rank == 0:
    with open(arguments.output, "w") as file:
        file.write(str(model.weight.item()))
distributed.barrier()
distributed.destroy_process_group()
