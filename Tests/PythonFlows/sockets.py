"""Sockets in the temporary folder, whose paths have to be short."""

import multiprocessing
import os
import tempfile

from metaflow import FlowSpec, current, step


class SocketsFlow(FlowSpec):
    @step
    def start(self):
        with multiprocessing.Manager() as manager:
            shared = manager.list([1, 2])
            print("shared:", sum(shared), tempfile.gettempdir() == current.tempdir == os.environ["TMPDIR"])
        # The path below it that ray.init() uses has 70 bytes.
        print("left for sockets:", 107 - len(current.tempdir.encode()) >= 70, oct(os.stat(current.tempdir).st_mode & 0o777))
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SocketsFlow()
