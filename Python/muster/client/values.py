"""The values of artifacts, read from their files."""

import os
from hashlib import sha256
from pickle import loads

from ..errors import ArtifactUnreadable, MusterException

# Bytes that are read at once. A smaller artifact is one read; a larger one is read for its digest and then mapped.
PIECE = 1 << 20


class Values:
    """Reads the artifacts of one store."""

    def __init__(self, files):
        """files: the store's ``Layout``."""
        self.files = files

    def read(self, reference, name):
        """The value of an artifact. Raises ArtifactUnreadable unless the bytes have the digest of the reference.

        name: of the artifact, for the error.
        """
        digest = reference["digest"]
        try:
            self.files.bring([reference])
        except MusterException as error:
            raise ArtifactUnreadable(f"artifact '{name}' cannot be had: {error}") from None
        path = self.files.artifact(digest)
        try:
            found, data = _read(path, reference["size"])
        except OSError as error:
            raise ArtifactUnreadable(f"artifact '{name}' is not in the store: {path}: {error.strerror}") from None
        if found != digest:
            raise ArtifactUnreadable(f"artifact '{name}' is corrupt: the bytes of {path} have another digest")
        # A file that ends with the opcode STOP is a pickle without out-of-band buffers. To load it here, without the module
        # `artifacts` and its imports, saves 3 ms of 50, Benchmarks: python-client.
        if data is not None and reference["encoding"] == "pickle" and data.endswith(b"."):
            try:
                return loads(data)
            except Exception:
                pass  # `decode` fails in the same way, and its error names the artifact and the cause.
        from ..artifacts import decode
        return decode(path, reference, name, data)


def _read(path, size):
    """The digest of a file that should have `size` bytes; and its bytes, or None where they are more than one piece."""
    if size < PIECE:
        # `os.read` without a file object saves 4 ms of 50, Benchmarks: python-client. One byte more than `size` is asked
        # for, so that a file that is too long has another digest.
        descriptor = os.open(path, os.O_RDONLY)
        try:
            data = os.read(descriptor, size + 1)
        finally:
            os.close(descriptor)
        return sha256(data).hexdigest(), data
    found = sha256()
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(PIECE):
            found.update(piece)
    return found.hexdigest(), None
