"""`@secrets`: sets variables of the step's environment from the places where people store secrets."""

import os
import re
import sys

from .base import Decorator, step_decorator

_INLINE = "{'type': 'inline', 'options': {'env_vars': {'NAME': 'value'}}}"
_FILE = "{'type': 'file', 'options': {'path': '~/secrets.env'}}"
_KNOWN = f"this machine has the sources {_INLINE} and {_FILE}"


class Secrets(Decorator):
    """Variables from the source itself (`inline`), or from a file of lines `NAME=value` that no package includes."""

    name = "secrets"
    defaults = {"sources": [], "role": None, "allow_override": False}

    def apply(self, settings):
        for source in self._sources():
            self._check(source)

    def _sources(self):
        sources = self.options["sources"]
        if not isinstance(sources, (list, tuple)):
            self.fail(f"sources has to be a list, not {sources!r}")
        return sources

    def _check(self, source):
        kind = source.get("type") if isinstance(source, dict) else str(source).split(".", 1)[0]
        if not isinstance(source, dict) or kind not in ("inline", "file"):
            self.fail(f"the source '{kind}' is not supported; {_KNOWN}")
        options = source.get("options")
        if kind == "inline":
            variables = options.get("env_vars") if isinstance(options, dict) else None
            if not isinstance(variables, dict):
                self.fail(f"an inline source is written {_INLINE}")
            self._check_names(variables, self.fail)
        else:
            path = options.get("path") if isinstance(options, dict) else None
            if not isinstance(path, str) or not path.startswith(("/", "~")):
                self.fail(
                    f"a file source is written {_FILE}; the path is absolute or begins with ~, so that the file is not "
                    "packed with the code")
            self._check_place(os.path.realpath(os.path.expanduser(path)))

    def _check_place(self, path):
        """Fails if the file lies in the folder of the flow, which is packed into the store. Packages leave out files with
        these names: IgnorePatterns.secrets in Sources/MusterStore has the same list.
        """
        if re.fullmatch(r"\.env(rc|\.(?!(example|sample|template|dist)$).*)?|\.netrc|\.pypirc", os.path.basename(path)):
            return
        folder = os.path.dirname(os.path.realpath(sys.argv[0]))
        if os.path.commonpath([path, folder]) == folder:
            self.fail(
                f"{path} lies in the folder of the flow, which is packed into the store with all that is in it; move it "
                "elsewhere")

    @staticmethod
    def _check_names(variables, fail):
        for name in variables:
            if not isinstance(name, str) or not re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name):
                fail(f"{name!r} is no name for a variable")
            if name.startswith(("METAFLOW_", "MUSTER_")):
                fail(f"{name} is Muster's own and no secret may be called so")

    def prepare(self, task):
        found = {}
        for source in self._sources():
            variables = self._variables(source)
            for name, value in variables.items():
                if name in found:
                    self._stop(f"two sources set {name}; keep one")
                if name in os.environ and not self.options["allow_override"]:
                    self._stop(f"{name} is set already; write allow_override=True to replace it")
                found[name] = str(value)
        os.environ.update(found)

    def _stop(self, reason):
        from ..errors import StepEnvironmentError
        raise StepEnvironmentError(f"{self.place}: @secrets: {reason}")

    def _variables(self, source):
        if source["type"] == "inline":
            return source["options"]["env_vars"]
        path = os.path.expanduser(source["options"]["path"])
        if path.startswith("~"):
            self._stop(f"{path} names a home folder that is not known here; set HOME, or give a path without ~")
        try:
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            self._stop(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}")
        variables = {}
        for number, line in enumerate(lines, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            name, equals, value = line.partition("=")
            if not equals:
                # Without the line, which may hold a part of a secret.
                self._stop(f"line {number} of {path} is not of the form NAME=value")
            variables[name.strip()] = _unquoted(value.strip())
        self._check_names(variables, self._stop)
        return variables


def _unquoted(value):
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if is_quoted else value


secrets = step_decorator(Secrets)
