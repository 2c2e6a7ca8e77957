"""Prints when the workers' first all-reduce was done."""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()


def one():
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, tf.constant(1))


size = tf.function(lambda: strategy.run(one))()
if strategy.cluster_resolver.task_id in (None, 0):
    print(f"first-collective {time.time():.6f} of {int(size)}", flush=True)
