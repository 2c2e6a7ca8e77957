from metaflow import FlowSpec, Parameter, metaflow_ray, pypi, resources, step


class RayFlow(FlowSpec):
    """Spreads tasks over a Ray cluster that is up when the body begins."""

    nodes = Parameter("nodes", default=2, help="Nodes of the cluster.")

    @step
    def start(self):
        self.next(self.work, num_parallel=self.nodes)

    @resources(cpu=1, memory=1024)
    @pypi(packages={"ray": "2.60.0", "scikit-learn": "1.9.1"})
    @metaflow_ray
    @step
    def work(self):
        """Runs on the control node; ray.init() finds the cluster."""
        import ray
        ray.init()

        @ray.remote(num_cpus=1)
        def square(number):
            import time
            time.sleep(0.2)
            return number * number, ray.get_runtime_context().get_node_id()

        results = ray.get([square.remote(number) for number in range(20)])
        self.total = sum(result for result, _ in results)
        self.places = len({place for _, place in results})
        self.size = len(ray.nodes())
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total, self.places, self.size = inputs[0].total, inputs[0].places, inputs[0].size
        self.next(self.end)

    @step
    def end(self):
        print(f"{self.size} nodes, the sum of squares is {self.total}")


if __name__ == "__main__":
    RayFlow()
