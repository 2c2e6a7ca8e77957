"""The folder in the run's part of the store that `current.ray_storage_path` gives to Ray, one for each attempt."""

import os


def of_attempt(attempt):
    """Returns the folder of an attempt of a step with @metaflow_ray, and makes it."""
    path = os.path.join(_root(attempt), attempt["step"], f"{attempt['task']}.{attempt['attempt']}")
    os.makedirs(path, exist_ok=True)
    return path


def of_earlier_step(description):
    """Returns the folder that an earlier step of the run has left, that of its last attempt.

    The steps that lead to this task count first. Raises AttributeError unless exactly one task is left to choose.
    """
    root, found = _root(description["attempt"]), {}
    for step in os.listdir(root) if os.path.isdir(root) else ():
        for task, attempt in (each.split(".") for each in os.listdir(os.path.join(root, step))):
            found[step, task] = max(found.get((step, task), 0), int(attempt))
    inputs = {(each["step"], each["taskID"].split("-")[0]) for each in description["inputs"]}
    places = inputs & set(found) or set(found)
    if len(places) != 1:
        raise AttributeError(
            f"there {'are several folders' if places else 'is no folder'} of Ray's that this step could mean; "
            "keep current.ray_storage_path as an artifact in the step with @metaflow_ray")
    (step, task), = places
    return os.path.join(root, step, f"{task}.{found[step, task]}")


def _root(attempt):
    return os.path.join(os.environ["MUSTER_STORE"], "runs", attempt["flow"], attempt["run"], "ray-storage")
