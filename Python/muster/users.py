"""Who runs flows here."""

import os


def user():
    """A name, as `muster` decides it. A user without an entry in the list of users, as in many containers, has a number."""
    for name in ("MUSTER_USER", "METAFLOW_USER", "USER", "LOGNAME"):
        if os.environ.get(name):
            return os.environ[name]
    import pwd
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def identity():
    """The tag of this user's runs, which is the namespace of who says nothing else."""
    return f"user:{user()}"
