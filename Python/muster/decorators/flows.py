"""The decorators of flows. Those that say when a flow is to run are for other places; here they are recorded."""

import re

from .base import Decorator, flow_decorator
from .steps import Conda, PyPI


class Project(Decorator):
    """The project that a flow belongs to: `current.project_name`, `current.branch_name`, `current.is_production`."""

    name = "project"
    defaults = {"name": None, "branch": None, "production": False}

    def identity(self):
        """Name, branch and whether it is the production, as Metaflow spells them."""
        from ..launch import launch
        from ..users import user
        options = {**self.options, **launch.project}
        name = options["name"]
        if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9_]{1,128}", name):
            self.fail(f"name is {name!r}; it has to be 1 to 128 small letters, digits and _")
        branch = options["branch"]
        if branch is not None and not re.fullmatch(r"[A-Za-z0-9_\-.]{1,128}", str(branch)):
            self.fail(f"branch is {branch!r}; it has to be letters, digits, _, - and .")
        production = bool(options["production"])
        if branch:
            branch_name = f"prod.{branch}" if production else f"test.{branch}"
        else:
            branch_name = "prod" if production else f"user.{user()}"
        return name, branch_name, production


class Schedule(Decorator):
    """When a deployed flow runs."""

    name = "schedule"
    defaults = {"cron": None, "weekly": False, "daily": True, "hourly": False, "timezone": None}


class Trigger(Decorator):
    """The events that start a deployed flow."""

    name = "trigger"
    defaults = {"event": None, "events": [], "options": {}}


class TriggerOnFinish(Decorator):
    """The flows whose end starts a deployed flow."""

    name = "trigger_on_finish"
    defaults = {"flow": None, "flows": [], "options": {}}


class ExitHook(Decorator):
    """Functions to call when a run is over."""

    name = "exit_hook"
    defaults = {"on_success": [], "on_error": [], "options": {}}

    def notes(self):
        return ["the functions of @exit_hook are not called when a run is over"]


class PyPIBase(PyPI):
    """@pypi for every step that has none of its own."""

    name = "pypi_base"


class CondaBase(Conda):
    """@conda for every step that has none of its own."""

    name = "conda_base"


project = flow_decorator(Project)
schedule = flow_decorator(Schedule)
trigger = flow_decorator(Trigger)
trigger_on_finish = flow_decorator(TriggerOnFinish)
exit_hook = flow_decorator(ExitHook)
pypi_base = flow_decorator(PyPIBase)
conda_base = flow_decorator(CondaBase)
