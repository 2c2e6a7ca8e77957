"""Reading databases, JSON, pickles and digests with what Python has for them in C, and nothing besides.

To load all of `sqlite3`, `json`, `pickle`, `hashlib` and what they import takes as long as to read a thousand artifacts.
Where an interpreter lacks one of the parts, the whole module does.
"""

try:
    from _json import make_scanner
except ImportError:
    make_scanner = None

try:
    from _pickle import loads as unpickled
except ImportError:
    from pickle import loads as unpickled

try:
    from _sqlite3 import connect
except ImportError:
    from sqlite3 import connect

try:
    from _sha2 import sha256
except ImportError:
    try:
        from _sha256 import sha256
    except ImportError:
        from hashlib import sha256


class _Decoder:
    """What the scanner asks of `json.JSONDecoder`."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int = float, int
    parse_constant = staticmethod({"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": -float("inf")}.get)


_scan = make_scanner(_Decoder) if make_scanner else None


def from_json(text):
    """The value of a JSON text, or of its bytes, that begins with its first character."""
    text = text.decode() if isinstance(text, bytes) else text
    if _scan is None:
        import json
        return json.loads(text)
    return _scan(text, 0)[0]


__all__ = ["connect", "from_json", "sha256", "unpickled"]
