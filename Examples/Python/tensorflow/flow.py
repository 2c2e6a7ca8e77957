from metaflow import FlowSpec, Parameter, current, pypi, resources, step, tensorflow


class TensorFlowFlow(FlowSpec):
    """Fits a line with TensorFlow's MultiWorkerMirroredStrategy, in the step itself."""

    nodes = Parameter("nodes", default=2, help="Nodes to train on.")

    @step
    def start(self):
        self.next(self.train, num_parallel=self.nodes)

    @resources(cpu=1, memory=2048)
    @pypi(packages={"scikit-learn": "1.9.1", "tensorflow-cpu": "2.21.0"})
    @tensorflow
    @step
    def train(self):
        """Every node runs this, and finds the others in TF_CONFIG."""
        import tensorflow as tf
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
        self.workers = strategy.num_replicas_in_sync
        x = tf.reshape(tf.linspace(0.0, 1.0, 64), [64, 1])[current.parallel.node_index::self.workers]
        with strategy.scope():
            weight, bias = tf.Variable(0.0), tf.Variable(0.0)

        def step(x):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((weight * x + bias - (3 * x + 1)) ** 2)
            gradients = tape.gradient(loss, [weight, bias])
            context = tf.distribute.get_replica_context()
            for variable, gradient in zip([weight, bias], context.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)):
                variable.assign_sub(0.5 * gradient)

        @tf.function
        def train():
            for _ in tf.range(300):
                strategy.run(step, args=(x,))

        train()
        self.slope = float(weight.numpy())
        self.next(self.join)

    @step
    def join(self, inputs):
        self.slopes = [each.slope for each in inputs]
        self.workers = inputs[0].workers
        self.next(self.end)

    @step
    def end(self):
        assert len(set(self.slopes)) == 1, self.slopes
        print(f"{self.workers} workers, the slope is {self.slopes[0]:.1f}")


if __name__ == "__main__":
    TensorFlowFlow()
