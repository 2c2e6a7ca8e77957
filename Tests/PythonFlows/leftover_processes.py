"""Leaves processes behind that are hard to find: forked, in a session of their own, with an empty environment."""

import os
import subprocess
import time

from metaflow import FlowSpec, Parameter, step


class LeftoverProcessesFlow(FlowSpec):
    pids = Parameter("pids", help="A file for the process ids of all that is left.")
    seconds = Parameter("seconds", default=300, type=int)

    @step
    def start(self):
        # The second task of a reused agent, whose processes have the mark of the first.
        self.next(self.leave)

    @step
    def leave(self):
        reading, writing = os.pipe()
        if os.fork() == 0:
            os.setsid()
            twin = os.fork()
            if twin:
                os.write(writing, f"{os.getpid()}\n{twin}\n".encode())
            time.sleep(300)
            os._exit(0)
        bare = subprocess.Popen(["/bin/sleep", "300"], env={}, start_new_session=True)
        stopped = subprocess.Popen(["/bin/sleep", "300"], env={}, start_new_session=True)
        os.kill(stopped.pid, 19)
        forked = os.read(reading, 100).decode()
        os.chmod(os.environ["TMPDIR"], 0)
        with open(self.pids + ".new", "w") as file:
            file.write(f"{os.getpid()}\n{forked}{bare.pid}\n{stopped.pid}\n")
        os.rename(self.pids + ".new", self.pids)
        print("everything is up", flush=True)
        time.sleep(self.seconds)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LeftoverProcessesFlow()
