"""The configs that were given when the flow was started: by options, by variables, or by the run that is resumed."""

import json
import os

from ..errors import ParameterError
from ..launch import launch
from ..location import users_frame
from . import resumed


def given():
    """Returns the texts of given configs and the paths of given files, each by the config's name."""
    if launch.file is None and not launch.has_read_script:
        # Not loaded for the launcher, which has read its options already.
        from ..command_line.script import read_script
        read_script(launch)
    both = sorted({*launch.config_values} & {*launch.config_files})
    if both:
        raise ParameterError(f"the config '{both[0]}' is given with --config and with --config-value; keep one")
    if launch.is_settled:
        return launch.config_values, launch.config_files
    # A variable counts if the command line has no option of its kind, as under Metaflow.
    values = launch.config_values or _variable("METAFLOW_FLOW_CONFIG_VALUE")
    files = launch.config_files or _variable("METAFLOW_FLOW_CONFIG")
    if resumed.is_due():
        resumed.check(values, files)
        return resumed.texts(flow_being_read()), {}
    return values, {name: path for name, path in files.items() if name not in values}


def _variable(name):
    text = os.environ.get(name)
    if not text:
        return {}
    try:
        content = json.loads(text)
        if not isinstance(content, dict):
            raise ValueError("it is no dict")
    except ValueError as error:
        raise ParameterError(f"{name} has to be JSON of the form {{\"config\": …}}: {error}") from None
    return {config: each if isinstance(each, str) else json.dumps(each) for config, each in content.items()}


def check(known):
    """Refuses given configs whose names are not in `known`."""
    if resumed.is_due():
        return
    for kind, names in zip(("--config-value", "--config"), given()):
        for name in names:
            if name not in known:
                from ..names import hint
                raise ParameterError(f"{kind} {name}: the flow has no config of this name{hint(name, known)}")


def flow_being_read():
    """Returns the name of the class whose body makes the config; None outside of a class body."""
    frame = users_frame()
    name = frame and frame.f_locals.get("__qualname__")
    return name.rpartition(".")[2] if name else None
