"""Converts arguments that flows give as a dict or a list into a program's arguments. No shell splits or quotes them."""


def flags(given):
    """Returns `--lr 0.1 --verbose` for `{"lr": 0.1, "verbose": ""}`, and the texts of a list."""
    if given is None:
        return []
    if isinstance(given, dict):
        words = []
        for name, value in given.items():
            words.append(name if str(name).startswith("-") else f"--{name}")
            if value is not None and value != "":
                words.append(str(value))
        return words
    return texts(given)


def pairs(given):
    """Does the same, but a list whose first word has no dash alternates between names and values."""
    if not isinstance(given, dict) and given and not str(given[0]).startswith("-"):
        words = texts(given)
        if len(words) % 2:
            raise ValueError(f"the list {words} has to alternate between names and values, and ends with the name {words[-1]}")
        return flags(dict(zip(words[::2], words[1::2])))
    return flags(given)


def texts(given):
    if isinstance(given, (str, bytes)):
        raise TypeError(f"arguments are a list or a dict, not the text {given!r}")
    return [str(each) for each in given or []]
