"""`S3`: a context with temporary files."""

import json
import os
import re
import shutil
from tempfile import mkdtemp

from ..running import running
from .errors import MetaflowS3Exception, MetaflowS3NotFound, MetaflowS3URLException
from .helper import ask
from .objects import ATTRIBUTES, RangeInfo, S3Object, S3PutObject
from .settings import required_root, root, setting, variables
from .sources import Sources

_SCHEME = "s3://"


class S3:
    """Gets, puts, lists and looks at objects, many at the same time.

    Keys are relative to a prefix: `S3(run=self)`, or a `Run`, is below the data of the run; `S3(s3root="s3://…")` is the
    place that it names; with `S3()` every key is a whole address. Files that are fetched lie in a folder below `tmproot`
    that `close`, or the end of the `with` block, removes.
    """

    TYPE = "s3"

    @classmethod
    def get_root_from_config(cls, echo, create_on_absent=True):
        return root()

    def __init__(self, tmproot=setting("TEMPDIR", "."), bucket=None, prefix=None, run=None, s3root=None,
                 encryption=setting("S3_SERVER_SIDE_ENCRYPTION"), **kwargs):
        """bucket, prefix: with `run`, in place of those of the root. encryption: the server's, for what is put.

        Of boto3's arguments, `session_vars` and `client_params` may name keys, profile, region, endpoint and certificate,
        and `role` a role to be assumed.
        """
        if kwargs.get("external_client") is not None:
            raise MetaflowS3Exception(
                "external_client is not possible: Muster moves objects itself; give keys or an endpoint in client_params")
        self._s3root = _root_of(run, bucket, prefix) if run else _named_root(s3root) if s3root else None
        self._variables = variables(kwargs.get("role"), kwargs.get("session_vars"), kwargs.get("client_params"))
        self._encryption = encryption
        self._count = 0
        self._tmpdir = os.path.abspath(mkdtemp(dir=tmproot, prefix="metaflow.s3."))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Removes the files that were fetched."""
        if self._tmpdir:
            shutil.rmtree(self._tmpdir, ignore_errors=True)
            self._tmpdir = None

    # Listing

    def list_paths(self, keys=None):
        """The next level below each key: objects, and prefixes of which `exists` is False."""
        urls = [self._url(key).rstrip("/") + "/" for key in _all(keys)]
        return list(self._list(urls, urls, False))

    def list_recursive(self, keys=None):
        """All objects below each key."""
        urls = [self._url(key) for key in _all(keys)]
        return list(self._list(urls, [url.rstrip("/") + "/" for url in urls], True))

    def _list(self, prefixes, urls, is_recursive):
        for prefix, entry, size in self._listed(prefixes, urls, is_recursive):
            yield S3Object(prefix, entry, None, size)

    def _listed(self, prefixes, urls, is_recursive):
        """(prefix, address, size) of each entry, in the order of the prefixes; the size of a prefix is None."""
        found = [[] for _ in urls]
        for answer in self._ask("list", [{"url": _plain(url)} for url in urls], recursive=is_recursive):
            bucket = _bucket(urls[answer["index"]])
            entries = found[answer["index"]]
            entries += [(f"{bucket}/{each['key'].lstrip('/')}", each["size"]) for each in answer["objects"]]
            entries += [(f"{bucket}/{each}", None) for each in answer["folders"]]
        return [(prefix, *entry) for prefix, entries in zip(prefixes, found) for entry in entries]

    # Looking

    def info(self, key=None, return_missing=False):
        """Size and attributes of one object.

        return_missing: a missing one is returned with `exists` False, and is no MetaflowS3NotFound.
        """
        return self.info_many([key], return_missing)[0]

    def info_many(self, keys, return_missing=False):
        """Size and attributes of many objects, in the order of the keys."""
        urls = [self._url(key) for key in keys]
        found = [S3Object(self._s3root, url, None) for url in urls]
        for answer in self._ask("info", [{"url": _plain(url)} for url in urls], all=not return_missing):
            if "size" in answer:
                found[answer["index"]] = S3Object(
                    self._s3root, urls[answer["index"]], None, answer["size"], **_attributes(answer))
        return found

    # Getting

    def get(self, key=None, return_missing=False, return_info=True):
        """One object, or the part that an S3GetObject names."""
        return self.get_many([key], return_missing, return_info)[0]

    def get_many(self, keys, return_missing=False, return_info=True):
        """Many objects or parts of objects, in the order of the keys."""
        keys = list(keys)
        urls = [self._url(key) for key in keys]
        return self._get([self._s3root] * len(urls), urls, [_range(key) for key in keys], return_missing, return_info)

    def get_recursive(self, keys, return_info=False):
        """All objects whose addresses begin with the keys'."""
        prefixes = [self._url(key) for key in keys]
        entries = self._listed(prefixes, prefixes, True)
        prefixes = [self._s3root if return_info else prefix for prefix, _, _ in entries]
        return self._get(prefixes, [url for _, url, _ in entries], [{}] * len(entries), False, return_info)

    def get_all(self, return_info=False):
        """All objects below the prefix that this `S3` was made with."""
        if self._s3root is None:
            raise MetaflowS3URLException("Can't get_all() when S3 is initialized without a prefix")
        return self.get_recursive([None], return_info)

    def _get(self, prefixes, urls, ranges, return_missing, return_info):
        # A part that several keys ask for is fetched once.
        wanted = {}
        places = [wanted.setdefault((url, *part.items()), len(wanted)) for url, part in zip(urls, ranges)]
        items = [{"url": _plain(url), "path": self._file(url), **dict(part)} for url, *part in wanted]
        answers = {}
        for answer in self._ask("get", items, all=not return_missing):
            answers[answer["index"]] = answer
        found = []
        for prefix, url, place in zip(prefixes, urls, places):
            answer = answers[place]
            if "size" not in answer:
                found.append(S3Object(prefix, url, None))
                continue
            info = _attributes(answer) if return_info else {}
            if return_info:
                info["range_info"] = RangeInfo(answer["size"], answer["offset"], answer["length"])
            found.append(S3Object(prefix, url, items[place]["path"], **info))
        return found

    # Putting

    def put(self, key, obj, overwrite=True, content_type=None, metadata=None):
        """Stores text, bytes, or the contents of a file that is open for reading, which is closed. Returns the address.

        overwrite: False leaves an object that is there as it is.
        """
        url = self._url(key)
        with self._sources() as sources:
            item = {"url": _plain(url), **sources.add(key, obj, from_start=True)}
            self._put(sources, [{**item, **self._attributes(content_type, metadata)}], overwrite)
        if hasattr(obj, "close"):
            obj.close()
        return url

    def put_many(self, key_objs, overwrite=True):
        """Stores pairs of key and value, or S3PutObjects. Returns (key, address) of those that were stored."""
        with self._sources() as sources:
            keys, items = [], []
            for each in key_objs:
                key, value = (each.key, each.value) if isinstance(each, S3PutObject) else (each[0], each[1])
                where = sources.add(key, value, from_start=False)
                keys.append((key, self._url(key)))
                items.append({"url": _plain(keys[-1][1]), **where, **self._attributes_of(each)})
            return self._stored(keys, self._put(sources, items, overwrite))

    def put_files(self, key_paths, overwrite=True):
        """Stores files: pairs of key and path, or S3PutObjects. Returns (key, address) of those that were stored."""
        keys, items = [], []
        for each in key_paths:
            key, path = (each.key, each.path) if isinstance(each, S3PutObject) else (each[0], each[1])
            if not os.path.exists(path):
                raise MetaflowS3NotFound(f"Local file not found: {path}")
            if os.path.isdir(path):
                raise MetaflowS3Exception(f"{path} is a folder, and an object is a file: give the paths of its files")
            keys.append((key, self._url(key)))
            items.append({
                "url": _plain(keys[-1][1]), "path": os.path.realpath(os.fsdecode(path)), **self._attributes_of(each)})
        return self._stored(keys, self._put(None, items, overwrite))

    def _sources(self):
        return Sources(self._file("values"))

    def _put(self, sources, items, overwrite):
        """The indexes of the items that were stored."""
        if sources:
            sources.finish()
        return {answer["index"] for answer in self._ask("put", items, overwrite=bool(overwrite)) if answer["stored"]}

    @staticmethod
    def _stored(keys, indexes):
        return [pair for index, pair in enumerate(keys) if index in indexes]

    def _attributes_of(self, given):
        return self._attributes(
            getattr(given, "content_type", None), getattr(given, "metadata", None), getattr(given, "encryption", None))

    def _attributes(self, content_type, metadata, encryption=None):
        entries = {
            "contentType": content_type, "encryption": encryption or self._encryption,
            "metadata": {ATTRIBUTES: json.dumps(metadata)} if metadata else None}
        return {name: value for name, value in entries.items() if value}

    # Addresses and files

    def _url(self, key_value):
        key = getattr(key_value, "key", key_value)
        key = key.decode() if isinstance(key, bytes) else key
        if self._s3root is None:
            if isinstance(key, str) and key.startswith(_SCHEME) and "/" in key[len(_SCHEME):]:
                return key
            raise MetaflowS3URLException(
                "Specify S3(run=self) when you use S3 inside a running flow. Otherwise you have to use S3 with full "
                "s3:// urls." if running.task is not None else
                "Initialize S3 with an 's3root' or 'run' if you don't want to specify full s3:// urls.")
        if not key:
            return self._s3root
        if key.startswith(_SCHEME):
            raise MetaflowS3URLException(
                f"Don't use absolute S3 URLs when the S3 client is initialized with a prefix. URL: {key}")
        return f"{self._s3root}/{key.lstrip('/')}"

    def _file(self, url):
        """The path of a file that is to be made."""
        if not self._tmpdir:
            raise MetaflowS3Exception("this S3 has been closed, and its folder for files removed: make another one")
        self._count += 1
        leaf = re.sub(r"[^A-Za-z0-9._-]", "_", url.rsplit("/", 1)[-1])[-100:]
        return f"{self._tmpdir}/{self._count}-{leaf}"

    def _ask(self, verb, items, **options):
        return ask(self._variables, verb, items, **options)


def _all(keys):
    return [None] if keys is None else keys


def _plain(url):
    """The address with the key that Metaflow gives an object: without slashes at its beginning."""
    bucket, _, key = url[len(_SCHEME):].partition("/")
    return f"{_SCHEME}{bucket}/{key.lstrip('/')}"


def _bucket(url):
    return _SCHEME + url[len(_SCHEME):].partition("/")[0]


def _range(key):
    """The part of an object that an S3GetObject names."""
    offset, length = getattr(key, "offset", None), getattr(key, "length", None)
    if offset is None and length is None:
        return {}
    part = {"offset": offset or 0}
    if length is not None:
        part["length"] = length
    return part


def _attributes(answer):
    return {
        "content_type": answer.get("contentType"), "metadata": answer.get("metadata"),
        "encryption": answer.get("encryption"), "last_modified": answer.get("modified")}


def _named_root(s3root):
    s3root = s3root.decode() if isinstance(s3root, bytes) else s3root
    if not s3root.startswith(_SCHEME):
        raise MetaflowS3URLException("s3root needs to be an S3 URL prefixed with s3://.")
    return s3root.rstrip("/")


def _root_of(run, bucket, prefix):
    """The place of a run's data."""
    if not (bucket and prefix):
        own_bucket, _, own_prefix = required_root()[len(_SCHEME):].partition("/")
        bucket, prefix = bucket or own_bucket, prefix or own_prefix
    from ..flow.spec import FlowSpec
    if not isinstance(run, FlowSpec):
        flow, number = run.parent.id, run.id
    elif running.task is not None:
        flow, number = (running.task.description["attempt"][name] for name in ("flow", "run"))
    else:
        raise MetaflowS3URLException(
            "Initializing S3 with a FlowSpec outside of a running flow is not supported.")
    return f"{_SCHEME}{bucket}/" + "/".join(part for part in (prefix.strip("/"), flow, number) if part)
