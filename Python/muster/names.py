"""Names that are nearly right."""


def hint(name, known):
    """`; did you mean …?` for a name that one of `known` is close to, else nothing."""
    import difflib
    near = difflib.get_close_matches(str(name), [str(each) for each in known], n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
