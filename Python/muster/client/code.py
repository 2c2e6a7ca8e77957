"""The code package of a run."""

import os


class MetaflowCode:
    """A run's code package. path: a read-only folder of the store. info: its metadata."""

    path = info = None

    def __init__(self, flow_name, code_package):
        """code_package: the value of a task's metadata `code-package`, a JSON text."""
        import json
        package = json.loads(code_package)
        self._flow_name = flow_name
        self.path = package["location"]
        self.info = dict(package["metadata"])

    @property
    def script_name(self):
        """The name of the flow's file."""
        return self.info["script"]

    @property
    def flowspec(self):
        """The source of the flow's file."""
        with open(os.path.join(self.path, self.script_name), encoding="utf-8") as file:
            return file.read()

    @property
    def tarball(self):
        """The files of the package as a `tarfile.TarFile`."""
        import io
        import tarfile
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w:gz") as archive:
            for name in sorted(os.listdir(self.path)):
                archive.add(os.path.join(self.path, name), arcname=name)
        data.seek(0)
        return tarfile.open(fileobj=data, mode="r:gz")

    def extract(self):
        """A `tempfile.TemporaryDirectory` with a writable copy of the files."""
        import shutil
        import tempfile
        folder = tempfile.TemporaryDirectory()
        shutil.copytree(self.path, folder.name, symlinks=True, dirs_exist_ok=True)
        for place, _, names in os.walk(folder.name):
            for each in [place, *(os.path.join(place, name) for name in names)]:
                if not os.path.islink(each):
                    os.chmod(each, os.stat(each).st_mode | 0o200)
        return folder

    def __str__(self):
        return f"<MetaflowCode: {self.script_name}>"

    __repr__ = __str__
