"""Trains one model on all workers together; the chief saves its weights and what it got right.

The cluster is in TF_CONFIG. Every worker draws its own share of each batch, the gradients are summed over all of them, and
the weights stay the same everywhere. The loop is written out: `model.fit` of Keras 3 does not run under this strategy.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy
import tensorflow as tf
from sklearn.datasets import load_digits

BATCH = 128

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--epochs", type=int, default=20)
arguments = parser.parse_args()

tf.random.set_seed(0)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
workers = strategy.num_replicas_in_sync
resolver = strategy.cluster_resolver
# Without a task of the type "chief" worker 0 is the chief.
is_chief = resolver.task_type in (None, "chief") or (
    resolver.task_id == 0 and "chief" not in resolver.cluster_spec().as_dict())

digits = load_digits()
pixels = (digits.data / 16).astype(numpy.float32)
labels = digits.target.astype(numpy.int64)
held_out = numpy.arange(len(labels)) % 5 == 0
images, answers = pixels[~held_out], labels[~held_out]
share = max(1, BATCH // workers)
steps = len(answers) // (share * workers)


def batches(context):
    """This worker's part of the images, in a new order each epoch."""
    mine = tf.data.Dataset.from_tensor_slices((images, answers)).shard(context.num_input_pipelines, context.input_pipeline_id)
    return mine.shuffle(len(answers), seed=0).repeat().batch(share, drop_remainder=True)


def variable(value):
    # Every replica assigns the same value, so any one of them will do.
    return tf.Variable(value, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)


def weights(rows, columns):
    return variable(tf.random.stateless_normal([rows, columns], seed=[rows, columns]) * (2 / rows) ** 0.5)


with strategy.scope():
    layers = [weights(64, 128), variable(tf.zeros([128])), weights(128, 10), variable(tf.zeros([10]))]
    velocities = [variable(tf.zeros_like(layer)) for layer in layers]


def network(images):
    first, first_bias, second, second_bias = layers
    return tf.nn.relu(images @ first + first_bias) @ second + second_bias


def step(images, labels):
    with tf.GradientTape() as tape:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=network(images))
        # Divided by the images of all workers: the sum of the gradients is then that of one large batch.
        loss = tf.reduce_sum(losses) / (share * workers)
    gradients = tape.gradient(loss, layers)
    context = tf.distribute.get_replica_context()
    for layer, velocity, gradient in zip(layers, velocities, context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)):
        velocity.assign(0.9 * velocity + gradient)
        layer.assign_sub(0.1 * velocity)
    return loss


@tf.function
def train(iterator):
    total = tf.zeros([])
    for _ in tf.range(steps):
        losses = strategy.run(step, args=next(iterator))
        total += strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)
    return total / steps


iterator = iter(strategy.distribute_datasets_from_function(batches))
for epoch in range(arguments.epochs):
    loss = train(iterator)
    if is_chief:
        print(f"epoch {epoch + 1}/{arguments.epochs}: loss {loss.numpy():.4f}", flush=True)

if is_chief:
    right = numpy.argmax(network(pixels[held_out]).numpy(), axis=1) == labels[held_out]
    print(f"{right.sum()} of {len(right)} held-out images right, {workers} workers", flush=True)
    numpy.concatenate([layer.numpy().ravel() for layer in layers]).tofile(f"{arguments.folder}/weights")
    numpy.array([right.mean(), workers], dtype=numpy.float64).tofile(f"{arguments.folder}/result")
