"""Suggestions for misspelled names."""


def hint(name, known):
    """Returns `; did you mean …?` if `name` is similar to one of `known`, else an empty text."""
    import difflib
    near = difflib.get_close_matches(str(name), [str(each) for each in known], n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
