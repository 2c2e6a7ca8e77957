from muster.decorators.foreign import ParallelDecorator  # noqa: F401


def _local_multinode_control_task_step_func(flow, env_to_use, step_func, retry_count, input_paths=None):
    """The nodes of a gang have been started already: each runs its own."""
    step_func()
