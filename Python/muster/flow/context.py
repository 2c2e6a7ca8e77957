"""The argument of functions that compute the default of a parameter or a config."""

from ..config import ConfigValue
from ..users import user


class Context:
    """configs: the flow's configs by name, as far as they are known."""

    # Runs on this machine keep their artifacts in a local folder.
    ds_type = "local"

    def __init__(self, flow_name, parameter_name, configs):
        self.configs = ConfigValue(configs)
        self.flow_name = flow_name
        self.parameter_name = parameter_name
        self.user_name = user()

    @staticmethod
    def logger(message):
        import sys
        sys.stderr.write(f"{message}\n")
