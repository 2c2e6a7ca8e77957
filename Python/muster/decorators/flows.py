"""Decorators of flows. @schedule and triggers are recorded in the manifest, and have no effect on this machine."""

import os
import re
import sys

from .base import Decorator, flow_decorator, plain
from .steps import Conda, PyPI


class Project(Decorator):
    """The project that a flow belongs to: `current.project_name`, `current.branch_name`, `current.is_production`."""

    name = "project"
    defaults = {"name": None, "branch": None, "production": False}

    def manifest(self):
        """Adds the branch of this run, from the source or the command line."""
        entry = super().manifest()
        name, branch, production = self._chosen()
        entry["options"].update({"name": name, "branch": branch, "production": production})
        return entry

    def tags(self):
        """Returns the system tags of every run."""
        name, branch, *_ = self.identity()
        return [f"project:{name}", f"project_branch:{branch}"]

    def identity(self):
        """Returns the name, the branch, and whether it is production or a user's own, under Metaflow's names."""
        name, branch, production = self._chosen()
        if branch:
            return name, f"{'prod' if production else 'test'}.{branch}", production, False
        return name, "prod" if production else f"user.{self._owner()}", production, not production

    @staticmethod
    def _owner():
        from ..users import user
        return os.environ.get("METAFLOW_OWNER") or user()

    def _chosen(self):
        """Returns name, branch and production from the source, or from the command line."""
        from ..launch import launch
        options = self.options
        name = options["name"]
        if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9_]{1,128}", name):
            self.fail(f"name is {name!r}; it has to be 1 to 128 small letters, digits and _")
        for option, wanted in launch.project_options().items():
            if option in self.given and options[option] != wanted:
                self.fail(f"{option} is {options[option]!r} here and {wanted!r} where the flow was started; keep one")
            options[option] = wanted
        branch = options["branch"]
        if branch is not None and not re.fullmatch(r"[A-Za-z0-9_\-.]{0,128}", str(branch)):
            self.fail(f"branch is {branch!r}; it has to be letters, digits, _, - and .")
        return name, branch, bool(options["production"])


class Schedule(Decorator):
    """The times at which a deployed flow runs."""

    name = "schedule"
    defaults = {"cron": None, "weekly": False, "daily": True, "hourly": False, "timezone": None}


class _Started(Decorator):
    """Its options may be functions, which are called when the flow's project is known."""

    @property
    def options(self):
        return _called(super().options)


def _called(value):
    if callable(value):
        return value()
    if isinstance(value, dict):
        return {_called(name): _called(each) for name, each in value.items()}
    return [_called(each) for each in value] if isinstance(value, (list, tuple)) else value


class Trigger(_Started):
    """The events that start a deployed flow."""

    name = "trigger"
    defaults = {"event": None, "events": [], "options": {}}


class TriggerOnFinish(_Started):
    """The flows whose end starts a deployed flow."""

    name = "trigger_on_finish"
    defaults = {"flow": None, "flows": [], "options": {}}


class ExitHook(Decorator):
    """Functions that are called after a run: given themselves, or by name, from the flow's file or with a module."""

    name = "exit_hook"
    is_repeatable = True
    defaults = {"on_success": [], "on_error": [], "options": {}}

    def functions(self, has_succeeded):
        """Returns the functions, or their names, for a run that has succeeded, or for one that has failed."""
        option = "on_success" if has_succeeded else "on_error"
        found = list(self.options[option])
        for each in found:
            if not (isinstance(each, str) or callable(each)):
                self.fail(f"{option} has {each!r}; it holds functions, or their names as texts")
        return found

    def manifest(self):
        names = {option: [each if isinstance(each, str) else getattr(each, "__name__", repr(each)) for each in self.functions(value)]
                 for option, value in (("on_success", True), ("on_error", False))}
        if not any(names.values()):
            self.fail("it needs on_success or on_error")
        for each in [*self.functions(True), *self.functions(False)]:
            if isinstance(each, str) and "." not in each and not hasattr(sys.modules["__main__"], each):
                self.fail(f"there is no function '{each}' in the flow's file")
        return {"name": self.name, "options": {**names, "options": plain(self.options["options"])}}


class PyPIBase(PyPI):
    """@pypi for every step without one of its own."""

    name = "pypi_base"


class CondaBase(Conda):
    """@conda for every step without one of its own."""

    name = "conda_base"


project = flow_decorator(Project)
schedule = flow_decorator(Schedule)
trigger = flow_decorator(Trigger)
trigger_on_finish = flow_decorator(TriggerOnFinish)
exit_hook = flow_decorator(ExitHook)
pypi_base = flow_decorator(PyPIBase)
conda_base = flow_decorator(CondaBase)
