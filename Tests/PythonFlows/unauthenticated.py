from metaflow import FlowSpec, metaflow_ray, pypi, step

# A client with the cluster's address and without its token.
PROGRAM = """
import os
import ray
try:
    ray.init(address=os.environ["ADDRESS_TO_TRY"], log_to_driver=False)
except Exception as error:
    raise SystemExit(f"refused: {type(error).__name__}: {error}")
"""


class UnauthenticatedFlow(FlowSpec):
    """A program without the attempt's token cannot connect to its Ray cluster; the body can."""

    @step
    def start(self):
        self.next(self.work, num_parallel=2)

    @pypi(packages={"ray": "2.60.0", "scikit-learn": "1.9.1"})
    @metaflow_ray
    @step
    def work(self):
        import os
        import subprocess
        import sys
        import ray
        others = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        client = subprocess.run(
            [sys.executable, "-c", PROGRAM], env={**others, "ADDRESS_TO_TRY": os.environ["RAY_ADDRESS"]},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90)
        print(client.stdout)
        print("client:", "let in" if client.returncode == 0 else "refused" if "oken" in client.stdout else "lost")
        ray.init()
        print("alive:", len([each for each in ray.nodes() if each["Alive"]]))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    UnauthenticatedFlow()
