from muster.user_decorators import MutableStep  # noqa: F401
