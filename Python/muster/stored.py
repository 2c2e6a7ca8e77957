"""The values of parameters, from what a run keeps of them: texts as they were given."""

import json


def value(stored, kind, separator=None, encoding=None, read=None):
    """What a flow sees.

    stored: a text, or None. kind: as the manifest names it. separator: of a list in one text. encoding: of a file that is a text. read: gives the
    bytes of a file's reference.
    """
    if stored is None:
        return None
    if kind == "file":
        data = read(json.loads(stored))
        return data.decode(encoding) if encoding else data
    if separator and stored:
        return stored.split(separator)
    return _READERS.get(kind, str)(stored)


_READERS = {"int": int, "double": float, "bool": lambda text: text == "true", "json": json.loads}


class StoredParameters:
    """Those of one run, by the names under which its flow has them."""

    def __init__(self, record, read):
        entries = {entry["name"]: entry for entry in record["manifest"].get("parameters", [])}
        self._read = read
        self._found = {}
        for name, stored in record["parameters"].items():
            entry = entries.get(name, {})
            self._found[(entry.get("artifact") or {}).get("name", name)] = (entry, stored)

    def __iter__(self):
        return iter(self._found)

    def __contains__(self, name):
        return name in self._found

    def reference(self, name):
        """Of a file; None for any other parameter."""
        entry, stored = self._found[name]
        return json.loads(stored) if stored is not None and "file" in entry.get("kind", {}) else None

    def value(self, name):
        entry, stored = self._found[name]
        artifact = entry.get("artifact") or {}
        return value(
            stored, next(iter(entry.get("kind", {"string": {}}))), artifact.get("separator"), artifact.get("encoding"),
            lambda reference: self._read(reference, name))
