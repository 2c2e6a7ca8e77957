from muster.user_decorators import MutableFlow  # noqa: F401
