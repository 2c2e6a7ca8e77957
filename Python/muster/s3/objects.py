"""The values that `S3` takes and gives."""

import json
import os
from typing import Dict, NamedTuple, Optional, Union


class S3GetObject(NamedTuple):
    """A part of an object. A negative `length` counts from the object's end; None means all bytes from `offset` on."""

    key: str
    offset: int
    length: int


class S3PutObject(NamedTuple):
    """An object to be stored: `value` for put_many, the `path` of a file for put_files."""

    key: str
    value: Optional[Union[str, bytes, object]] = None
    path: Optional[str] = None
    content_type: Optional[str] = None
    encryption: Optional[str] = None
    metadata: Optional[Dict[str, str]] = None


class RangeInfo(NamedTuple):
    """The bytes of an object that were fetched."""

    total_size: int
    request_offset: int = 0
    request_length: int = -1


# The name under which Metaflow keeps a user's metadata.
ATTRIBUTES = "metaflow-user-attributes"


class S3Object:
    """An object or a prefix, with a local copy where it was fetched. Methods of `S3` return it."""

    def __init__(self, prefix, url, path, size=None, content_type=None, metadata=None, range_info=None,
                 last_modified=None, encryption=None):
        self._url, self._path = url, path
        self._size = os.stat(path).st_size if path else size
        self._content_type, self._encryption, self._last_modified = content_type, encryption, last_modified
        self._metadata = json.loads(metadata[ATTRIBUTES]) if metadata and ATTRIBUTES in metadata else None
        if range_info and (range_info.request_length is None or range_info.request_length < 0):
            range_info = range_info._replace(request_length=range_info.total_size)
        self._range_info = range_info
        if prefix is None or prefix == url:
            self._prefix, self._key = None, url
        else:
            self._prefix, self._key = prefix, url[len(prefix.rstrip("/")) + 1:].rstrip("/")

    @property
    def exists(self):
        """True for an object, False for a prefix and for what is missing."""
        return self._size is not None

    @property
    def downloaded(self):
        """True if `path`, `blob` and `text` have its contents."""
        return bool(self._path)

    @property
    def url(self):
        """Its address, `s3://bucket/key`."""
        return self._url

    @property
    def prefix(self):
        """The prefix that it was found by, or None."""
        return self._prefix

    @property
    def key(self):
        """Its key as it was asked for: relative to the prefix, or the address."""
        return self._key

    @property
    def path(self):
        """The local copy, a file that is removed when the `S3` is closed, or None."""
        return self._path

    @property
    def blob(self):
        """The contents as bytes, or None."""
        if self._path:
            with open(self._path, "rb") as file:
                return file.read()
        return None

    @property
    def text(self):
        """The contents as text in UTF-8, or None."""
        return self.blob.decode(errors="replace") if self._path else None

    @property
    def size(self):
        """Bytes: of the local copy where there is one, else of the object; None for what is none."""
        return self._size

    @property
    def has_info(self):
        """True if one of content_type, metadata, range_info and encryption is there."""
        return any(each is not None for each in (self._content_type, self._metadata, self._range_info, self._encryption))

    @property
    def metadata(self):
        """The dict that was put with it, or None."""
        return self._metadata

    @property
    def content_type(self):
        """The MIME type, or None."""
        return self._content_type

    @property
    def encryption(self):
        """The server's encryption, or None."""
        return self._encryption

    @property
    def range_info(self):
        """The bytes that were fetched, as RangeInfo, or None."""
        return self._range_info

    @property
    def last_modified(self):
        """Seconds since 1970, or None."""
        return self._last_modified

    def __str__(self):
        if self._path:
            return f"<S3Object {self._url} ({self._size} bytes, local)>"
        if self._size is not None:
            return f"<S3Object {self._url} ({self._size} bytes, in S3)>"
        return f"<S3Object {self._url} (object does not exist)>"

    __repr__ = __str__
