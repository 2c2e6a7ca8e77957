"""Builds the wheel: the package, and the programs `muster` and `muster-agent` of this source tree's release build.

Nothing has to be fetched for it. The programs are for this machine's kind, so the wheel is too.
"""

import base64
import hashlib
import os
import sysconfig
import zipfile

NAME, VERSION = "muster", "0.1.0"
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAMS = ("muster", "muster-agent")
METADATA = f"""Metadata-Version: 2.1
Name: {NAME}
Version: {VERSION}
Summary: Workflows whose steps can be clusters: the Python front end and the command.
Requires-Python: >=3.9
"""
# `import metaflow` is Muster's where no Metaflow is installed; see muster_metaflow.py.
HOOK = "import muster_metaflow\n"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    tag = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
    info = f"{NAME}-{VERSION}.dist-info"
    files = [(path, os.path.relpath(path, ROOT), 0o644) for path in _sources()]
    files += [(path, f"{NAME}-{VERSION}.data/scripts/{os.path.basename(path)}", 0o755) for path in _programs()]
    texts = {
        "muster-metaflow.pth": HOOK,
        f"{info}/METADATA": METADATA,
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: {NAME}\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    name = f"{NAME}-{VERSION}-{tag}.whl"
    records = []
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, place, mode in files:
            with open(path, "rb") as file:
                _add(wheel, records, place, file.read(), mode)
        for place, text in texts.items():
            _add(wheel, records, place, text.encode(), 0o644)
        record = f"{info}/RECORD"
        _add(wheel, [], record, "".join(records + [f"{record},,\n"]).encode(), 0o644)
    return name


def _sources():
    yield os.path.join(ROOT, "muster_metaflow.py")
    for folder, folders, names in os.walk(os.path.join(ROOT, NAME)):
        folders[:] = sorted(each for each in folders if each != "__pycache__")
        yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(".py"))


def _programs():
    """The programs of the release build; MUSTER_BUILD_FOLDER names another one."""
    folder = os.environ.get("MUSTER_BUILD_FOLDER") or os.path.join(os.path.dirname(ROOT), ".build", "release")
    paths = [os.path.join(folder, name) for name in PROGRAMS]
    missing = [path for path in paths if not os.access(path, os.X_OK)]
    if missing:
        raise SystemExit(f"{missing[0]} is not there: run `make build` first, or name a folder in MUSTER_BUILD_FOLDER")
    return paths


def _add(wheel, records, place, data, mode):
    entry = zipfile.ZipInfo(place)
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    wheel.writestr(entry, data)
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    records.append(f"{place},sha256={digest},{len(data)}\n")
