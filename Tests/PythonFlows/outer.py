"""A step that runs another flow with the given command."""

import subprocess

from metaflow import FlowSpec, Parameter, environment, secrets, step


class OuterFlow(FlowSpec):
    command = Parameter("command", default="")

    @secrets(sources=[{"type": "inline", "options": {"env_vars": {"TOKEN": "inline-secret-4711"}}}])
    @environment(vars={"PASSWORD": "variable-secret-4711"})
    @step
    def start(self):
        import os
        print("outer:", os.environ["TOKEN"][-4:], os.environ["PASSWORD"][-4:])
        if self.command:
            subprocess.run([self.command, "run", "branches.py"], check=True)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    OuterFlow()
