"""Folders that are made once and kept between runs, outside the source tree, under a hash of what they are made from."""

import fcntl
import hashlib
import os
import pathlib
import shutil
import time

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "muster-tests"
# Seconds.
UNUSED = 30 * 86400


def kept(name, recipe, make):
    """The folder `name`-HASH, made by `make(folder)` unless an earlier run has made it from the same `recipe`."""
    digest = hashlib.sha256(repr(recipe).encode()).hexdigest()[:12]
    folder = CACHE / f"{name}-{digest}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _forget(name)
            new = pathlib.Path(f"{folder}.new")
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            make(new)
            new.rename(folder)
    return folder


def _forget(name):
    """Removes what other recipes of `name` have made and nobody has used for a month: opening the lock file for writing
    sets its time."""
    for lock in CACHE.glob(f"{name}-*.lock"):
        if time.time() - lock.stat().st_mtime > UNUSED:
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
