"""The name of the user who runs this process."""

import os


def user():
    """Returns the name, chosen by the same rules as in `muster`. A user without an entry in /etc/passwd has their
    number.
    """
    for name in ("MUSTER_USER", "METAFLOW_USER", "USER", "LOGNAME"):
        if os.environ.get(name):
            return os.environ[name]
    import pwd
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def identity():
    """Returns the tag of this user's runs, which is the default namespace."""
    return f"user:{user()}"
