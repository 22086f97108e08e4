"""The root of all errors."""


class ChatelierError(Exception):
    """The root of the tree. `code` names the kind for front ends, metrics and the job's row."""

    code = "error"
