"""A step that is no gang starts a Ray cluster of its own, whose sockets are in the step's temporary folder."""

from metaflow import FlowSpec, current, pypi, step


class PlainRayFlow(FlowSpec):
    @pypi(packages={"ray": "2.60.0"})
    @step
    def start(self):
        import ray
        ray.init(num_cpus=1, include_dashboard=False, logging_level="ERROR")
        self.squares = ray.get([ray.remote(lambda x: x * x).remote(x) for x in range(3)])
        self.is_short = ray._private.worker._global_node.get_session_dir_path().startswith(current.tempdir)
        ray.shutdown()
        self.next(self.end)

    @step
    def end(self):
        print("squares:", self.squares, self.is_short)


if __name__ == "__main__":
    PlainRayFlow()
