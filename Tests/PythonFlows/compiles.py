"""A step that compiles as PyTorch does: the process that creates the lock file compiles, and all others wait until it
is removed.
"""

import os
import time

from metaflow import FlowSpec, Parameter, step


class CompilesFlow(FlowSpec):
    hangs = Parameter("hangs", type=bool, default=False)

    @step
    def start(self):
        folder = os.path.join(os.environ["TORCH_EXTENSIONS_DIR"], "an_operator")
        os.makedirs(folder, exist_ok=True)
        lock = os.path.join(folder, "lock")
        # torch.utils.file_baton
        while True:
            try:
                held = os.open(lock, os.O_CREAT | os.O_EXCL)
                break
            except FileExistsError:
                time.sleep(0.05)
        print("compiling", flush=True)
        while self.hangs:
            time.sleep(1)
        os.close(held)
        os.remove(lock)
        self.next(self.end)

    @step
    def end(self):
        print("compiled")


if __name__ == "__main__":
    CompilesFlow()
