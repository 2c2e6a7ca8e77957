from muster.user_decorators import FlowMutator  # noqa: F401
