"""The elements of a foreach as lines of JSON, which the engine hands out one by one.

A text, a whole number, a fraction, true, false and null stand for themselves. Anything else is an object: `pickle` with
the element's pickle in base64, or, where that would be large, `variable` and `index`, its place in the list that the
task before left.
"""

import base64
import json
import pickle

# A larger element is read from the artifact that holds all of them.
LARGEST_PICKLE = 16 << 10


def encode(element, variable, index):
    if element is None or isinstance(element, bool) or type(element) is str and _is_text(element):
        return json.dumps(element)
    if type(element) is int and -(1 << 63) <= element < 1 << 63:
        return json.dumps(element)
    # JSON has no infinities, and does not tell 1.0 from 1.
    if type(element) is float and element - element == 0 and not element.is_integer():
        return json.dumps(element)
    data = pickle.dumps(element, protocol=5)
    if len(data) > LARGEST_PICKLE:
        return json.dumps({"variable": variable, "index": index})
    return json.dumps({"pickle": base64.b64encode(data).decode()})


def _is_text(text):
    """Half of a surrogate pair is no text that JSON in other languages can hold."""
    try:
        text.encode()
        return True
    except UnicodeEncodeError:
        return False


def decode(line, artifact):
    """The element again; `artifact(name)` gives the list that a large one stands in."""
    if not isinstance(line, dict):
        return line
    if "pickle" in line:
        return pickle.loads(base64.b64decode(line["pickle"]))
    holder = artifact(line["variable"])
    try:
        return holder[line["index"]]
    except (TypeError, KeyError):
        # Sets, dicts and the like have an order but no places.
        from itertools import islice
        return next(islice(iter(holder), line["index"], None))
