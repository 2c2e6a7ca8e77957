from muster.user_decorators import USER_SKIP_STEP, StepMutator, UserStepDecorator, user_step_decorator  # noqa: F401
from muster.user_decorators.steps import UserStepDecoratorBase  # noqa: F401
