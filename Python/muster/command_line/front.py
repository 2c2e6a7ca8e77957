"""The options before the verb of `python flow.py …`."""

import os

from .grammar import TRUE, Refused

# Options with few supported values, and the reason in the message about any other.
ONLY = {
    "--metadata": (("local",), "runs are recorded in a store on this machine"),
    "--datastore": (("local", "s3"), "artifacts are kept in a folder or in a bucket"),
    "--event-logger": (("nullSidecarLogger",), "there is no logger of events; `run --json` prints them"),
    "--monitor": (("nullSidecarMonitor",), "there is no monitor; `status` tells how long tasks took"),
    "--mode": ((), "there is no spin"),
}
ENVIRONMENTS = ("local", "conda", "pypi")
# Options without effect, with the number of words after each: Pylint's, and suffixes of files that are packaged anyway.
WITHOUT_MEANING = {
    "--pylint": 0, "--no-pylint": 0, "--package-suffixes": 1, "--force-rebuild-environments": 0,
    "--no-force-rebuild-environments": 0}
# Options that the flow itself reads, with the number of words after each.
FLOWS_OWN = {"--config": 2, "--config-value": 2, "--environment": 1, "--branch": 1, "--production": 0}
KNOWN = sorted([*ONLY, *WITHOUT_MEANING, *FLOWS_OWN, "--with", "--datastore-root", "--quiet", "--not-quiet"])


class Front:
    """The options before the verb."""

    def __init__(self):
        # Options of `muster` for the flow, and the store, a folder or a bucket, if one is given.
        self.words = []
        self.store = None
        self.is_quiet = False
        self._given = set()
        # `--datastore s3` without a root: Metaflow's own variable names it.
        self._is_bucket = False

    def read(self, words):
        """Removes the options from the beginning of `words`, a list. Returns the rest."""
        words = list(words)
        while words and words[0].startswith("-") and words[0] not in ("--help", "-h", "--version"):
            option, equals, text = words.pop(0).partition("=")
            self._take(option, [text] if equals else [], words)
        self._take_from_variables()
        if self._is_bucket and self.store is None:
            self.store = os.environ.get("METAFLOW_DATASTORE_SYSROOT_S3")
        if self._is_bucket and not (self.store or "").startswith("s3://"):
            raise Refused("--datastore s3 needs a bucket: --datastore-root s3://bucket/prefix, or METAFLOW_DATASTORE_SYSROOT_S3")
        return words

    def _take_from_variables(self):
        """Reads options from variables if the line does not have them: METAFLOW_DATASTORE_ROOT is --datastore-root."""
        for option in [*ONLY, "--environment", "--datastore-root"]:
            text = os.environ.get(f"METAFLOW_{option[2:].replace('-', '_').upper()}")
            if text and option not in self._given:
                self._keep(option, [text])
        for text in os.environ.get("METAFLOW_DECOSPECS", "").split():
            self._keep("--with", [text])
        if not self._given & {"--quiet", "--not-quiet"}:
            self.is_quiet = os.environ.get("METAFLOW_QUIET", "").lower() in TRUE

    def _take(self, option, values, words):
        count = FLOWS_OWN.get(option, WITHOUT_MEANING.get(option, 1 if option in ONLY or option in ("--with", "--datastore-root") else 0))
        if option not in KNOWN:
            from ..names import hint
            raise Refused(f"{option} is not supported before the verb{hint(option, KNOWN)}; supported are {', '.join(KNOWN)}")
        if len(values) > count:
            raise Refused(f"{option} takes no value")
        while len(values) < count:
            if not words:
                raise Refused(f"{option} needs {'a value' if count == 1 else 'a name and a value'} after it")
            values.append(words.pop(0))
        self._keep(option, values)

    def _keep(self, option, values):
        self._given.add(option)
        if option in ONLY:
            known, reason = ONLY[option]
            if values[0] not in known:
                supported = f"; Muster knows {option} {' and '.join(known)}" if known else ""
                raise Refused(f"{option} {values[0]} is not supported: {reason}{supported}")
            if option == "--datastore":
                self._is_bucket = values[0] == "s3"
        elif option == "--environment" and values[0] not in ENVIRONMENTS:
            advice = (
                "start the flow with `uv run`, and its steps run on that Python" if values[0] == "uv" else
                f"there are {', '.join(ENVIRONMENTS)}")
            raise Refused(f"--environment {values[0]} is not supported: {advice}")
        elif option in FLOWS_OWN:
            self.words += [f"--flow-option={word}" for word in [option, *values]]
        elif option == "--with":
            self.words += ["--with", values[0]]
        elif option == "--datastore-root":
            self.store = values[0]
        elif option in ("--quiet", "--not-quiet"):
            self.is_quiet = option == "--quiet"
