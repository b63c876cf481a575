"""Files that another process is still writing."""


def whole_lines(file):
    """The lines of a text that are at their end; what follows may be on its way, or never come.

    A file that is not there yet has none.
    """
    return file.read_text().split("\n")[:-1] if file.exists() else []
