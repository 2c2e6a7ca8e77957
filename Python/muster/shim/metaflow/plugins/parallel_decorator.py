from muster.decorators.foreign import ParallelDecorator  # noqa: F401


def _local_multinode_control_task_step_func(flow, env_to_use, step_func, retry_count, input_paths=None):
    """Runs the node's own step. Muster has started the other nodes already."""
    step_func()
