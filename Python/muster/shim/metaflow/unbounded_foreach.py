from muster.decorators.foreign import CONTROL as UBF_CONTROL  # noqa: F401
from muster.decorators.foreign import WORKER as UBF_TASK  # noqa: F401

CONTROL_TASK_TAG = "control_task"
