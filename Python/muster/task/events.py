"""Events of Metaflow that start deployed flows. Muster deploys none, so publishing one only prints a sentence."""

import functools
import re
import sys

from ..errors import MusterException
from .current import current


def namespaced_event_name(event_name):
    """Returns a function that gives an event's name within the flow's project: `mfns.PROJECT.BRANCH.NAME`."""
    if not isinstance(event_name, str):
        raise ValueError(f"an event's name is a text, not {event_name!r}")
    return functools.partial(_named, event_name=event_name)


def _named(context=None, event_name=None):
    project, branch = current.get("project_name"), current.get("branch_name")
    parts = [re.sub(r"[^a-zA-Z0-9_\-.]", "", each) for each in (project, branch)] if project and branch else []
    return ".".join(["mfns", *parts, event_name])


class ArgoEvent:
    """An event for Argo Workflows."""

    def __init__(self, name, url=None, payload=None, access_token=None):
        self.name = name() if callable(name) else name
        self.payload = dict(payload or {})

    def add_to_payload(self, key, value):
        self.payload[key] = str(value)
        return self

    def safe_publish(self, payload=None, ignore_errors=True):
        """Does nothing, as in every flow that is not deployed."""

    def publish(self, payload=None, force=True, ignore_errors=True):
        if not force:
            return
        reason = f"the event {self.name} is not published: there is no service for events here"
        if not ignore_errors:
            raise MusterException(reason)
        sys.stderr.write(f"{reason}\n")
