"""The wheel's METADATA, and the licences of all that its programs link."""

import glob
import os

# Linked by no program: the compiler's plugin uses it.
NOT_LINKED = ("swift-syntax",)
FIELDS = """\
Metadata-Version: 2.1
Name: muster
Version: {version}
Summary: Workflows whose steps can be clusters: the Python front end and the command.
License: Apache-2.0
Keywords: workflow,machine-learning,metaflow,distributed-training,torchrun,ray,mpi,deepspeed,tensorflow
Classifier: Development Status :: 4 - Beta
Classifier: Environment :: Console
Classifier: Intended Audience :: Developers
Classifier: Intended Audience :: Science/Research
Classifier: License :: OSI Approved :: Apache Software License
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: Python :: 3
Classifier: Programming Language :: Python :: 3 :: Only
Classifier: Programming Language :: Python :: 3.9
Classifier: Programming Language :: Python :: 3.10
Classifier: Programming Language :: Python :: 3.11
Classifier: Programming Language :: Python :: 3.12
Classifier: Programming Language :: Python :: 3.13
Classifier: Topic :: Scientific/Engineering :: Artificial Intelligence
Classifier: Topic :: System :: Distributed Computing
Requires-Python: >=3.9
Provides-Extra: uv
Requires-Dist: uv ; extra == 'uv'
Description-Content-Type: text/markdown
"""


def version(python):
    """The one place that says it: the programs embed the same file when they are compiled."""
    with open(os.path.join(python, "muster", "VERSION")) as file:
        return file.read().strip()


def text(root, version):
    """The fields, and the README of the package as the long description."""
    with open(os.path.join(root, "Python", "README.md"), encoding="utf-8") as file:
        return FIELDS.format(version=version) + "\n" + file.read()


def licences(root):
    """Muster's own licence, and those of the Swift packages, the Swift runtime and the C libraries that are linked in.

    Yields (place in the wheel, path). What this machine does not have is left out: a system that is not Debian keeps the
    C libraries' elsewhere.
    """
    yield "LICENSE", os.path.join(root, "LICENSE")
    for path in sorted(glob.glob(os.path.join(root, ".build", "checkouts", "*", "*.txt"))
                       + glob.glob(os.path.join(root, ".build", "checkouts", "*", "LICENSE"))):
        package, name = os.path.split(os.path.relpath(path, os.path.join(root, ".build", "checkouts")))
        if name.split(".")[0] in ("LICENSE", "NOTICE") and package not in NOT_LINKED:
            yield f"{package}/{name}", path
    for name, pattern in [
        ("swift", _beside_swift()), ("glibc", "/usr/share/doc/libc6-dev/copyright"),
        ("libstdc++", "/usr/share/doc/libstdc++-*-dev/copyright"), ("sqlite", "/usr/share/doc/libsqlite3-dev/copyright"),
    ]:
        for path in sorted(glob.glob(pattern))[:1] if pattern else []:
            yield f"{name}/{os.path.basename(path)}", path


def _beside_swift():
    import shutil
    swift = shutil.which("swift")
    return swift and os.path.join(os.path.dirname(os.path.realpath(swift)), "..", "share", "swift", "LICENSE.txt")
