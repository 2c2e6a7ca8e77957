"""The description of a checkpoint."""


class CheckpointArtifact:
    """The key and the metadata of a checkpoint, as attributes. `to_dict()` returns them for an artifact."""

    FIELDS = (
        "key", "url", "name", "version_id", "attempt", "pathspec", "created_on", "size", "storage_format", "metadata",
        "creation_context")

    def __init__(self, fields):
        self._fields = {name: fields.get(name) for name in self.FIELDS}

    def __getattr__(self, name):
        if name in CheckpointArtifact.FIELDS:
            return self._fields[name]
        raise AttributeError(f"a checkpoint has no '{name}'; it has {', '.join(self.FIELDS)}")

    def __reduce__(self):
        return CheckpointArtifact, (self._fields,)

    def __repr__(self):
        return f"CheckpointArtifact({self.key!r})"

    def to_dict(self):
        return {**self._fields, "type": "checkpoint"}
