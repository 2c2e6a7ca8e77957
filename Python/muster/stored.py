"""Converts the texts in which a run stores its parameters into values."""

import json


def value(stored, kind, separator=None, encoding=None, read=None):
    """Returns the value that a flow sees.

    stored: a text, or None. kind: the parameter's kind in the manifest. separator: splits the text of a list. encoding:
    of a file that is a text. read: returns the bytes for a file's reference.
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
    """The parameters of one run, by the attributes of its flow."""

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
        """Returns the reference of a parameter that is a file, else None."""
        entry, stored = self._found[name]
        return json.loads(stored) if stored is not None and "file" in entry.get("kind", {}) else None

    def value(self, name):
        entry, stored = self._found[name]
        artifact = entry.get("artifact") or {}
        return value(
            stored, next(iter(entry.get("kind", {"string": {}}))), artifact.get("separator"), artifact.get("encoding"),
            lambda reference: self._read(reference, name))
