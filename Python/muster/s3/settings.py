"""Metaflow's settings for S3: variables `METAFLOW_…`, then its file `config.json`."""

import json
import os
from functools import lru_cache

from .errors import MetaflowS3Exception, MetaflowS3URLException


def setting(name, default=None):
    """The value of a setting by its name without `METAFLOW_`."""
    value = os.environ.get(f"METAFLOW_{name}")
    return value if value is not None else _file(_path()).get(f"METAFLOW_{name}", default)


def _path():
    profile = os.environ.get("METAFLOW_PROFILE")
    return os.path.join(
        os.path.expanduser(os.environ.get("METAFLOW_HOME", "~/.metaflowconfig")),
        f"config_{profile}.json" if profile else "config.json")


@lru_cache(maxsize=None)
def _file(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise MetaflowS3Exception(f"Metaflow's settings in {path} cannot be read: {error}") from None


def root():
    """The address below which `S3(run=…)` keeps the data of runs, or None if there is none."""
    named = setting("DATATOOLS_S3ROOT")
    if named:
        return named
    store = setting("DATASTORE_SYSROOT_S3") or os.environ.get("MUSTER_STORE_ADDRESS") or _store()
    return f"{store.rstrip('/')}/{setting('DATATOOLS_SUFFIX', 'data')}" if store else None


def _store():
    from ..client.layout import locate
    store = locate()
    return store if store.startswith("s3://") else None


def required_root():
    """The address as `root` finds it. Raises MetaflowS3URLException if there is none."""
    found = root()
    if not found:
        raise MetaflowS3URLException(
            "S3(run=…) keeps data in the bucket of the store, and this run's store is a folder: run it with --store "
            "s3://bucket/prefix, name a place in METAFLOW_DATATOOLS_S3ROOT, or use S3(s3root='s3://…')")
    return found


# boto3's names of arguments, by the variables of AWS that say the same.
_VARIABLES = {
    "aws_access_key_id": "AWS_ACCESS_KEY_ID", "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY",
    "aws_session_token": "AWS_SESSION_TOKEN", "region_name": "AWS_REGION", "profile_name": "AWS_PROFILE",
    "endpoint_url": "AWS_ENDPOINT_URL_S3",
}
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def variables(role=None, session_vars=None, client_params=None):
    """The environment of a helper that speaks with the server, and has the rights, that these arguments name."""
    own = dict(os.environ)
    given = {**_table("DATATOOLS_SESSION_VARS"), **(session_vars or {}), **_parameters(client_params)}
    if given.get("profile_name") or given.get("aws_access_key_id"):
        # Keys of the environment would win, or be mixed with those that are given.
        for name in _KEYS:
            own.pop(name, None)
    for name, value in given.items():
        if name == "verify":
            _trust(value, own)
        elif name not in _VARIABLES:
            raise MetaflowS3Exception(
                f"'{name}' among session_vars or client_params is not known: {', '.join([*_VARIABLES, 'verify'])} are")
        elif value is not None:
            own[_VARIABLES[name]] = str(value)
    if role:
        own["MUSTER_ASSUME_ROLE"] = role
    return own


def _parameters(given):
    parameters = {"endpoint_url": setting("S3_ENDPOINT_URL"), "verify": setting("S3_VERIFY_CERTIFICATE")}
    parameters = {name: value for name, value in parameters.items() if value}
    return {**parameters, **_table("DATATOOLS_CLIENT_PARAMS"), **(given or {})}


def _table(name):
    value = setting(name)
    if not isinstance(value, str):
        return value or {}
    try:
        return json.loads(value)
    except ValueError as error:
        raise MetaflowS3Exception(f"METAFLOW_{name} is not JSON: {error}") from None


def _trust(value, own):
    if value in (False, "False", "false", "0"):
        raise MetaflowS3Exception("certificates are always checked: name a file with the authority's in 'verify' or AWS_CA_BUNDLE")
    if value not in (None, True, "True", "true", "1"):
        own["AWS_CA_BUNDLE"] = str(value)
