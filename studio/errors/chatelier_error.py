"""The root of all errors."""

from studio.coded_text import CodedText, Value


class ChatelierError(Exception):
    """The root of the tree. `code` names the kind for front ends, metrics and the job's row.

    `reason` names the case where a kind has several, and `values` are what its sentence says besides. `advice` are
    further sentences: what the person can do about it. `str(error)` is for logs: ``not_found.picture id=…``.
    """

    code = "error"

    def __init__(self, reason: str = "", /, *, advice: tuple[CodedText, ...] = (), **values: Value) -> None:
        self.reason = reason
        self.values = values
        self.coded = CodedText(f"{self.code}.{reason}" if reason else self.code, values)
        self.advice = advice
        super().__init__(str(self.coded))

    @property
    def texts(self) -> tuple[CodedText, ...]:
        """What the person is told, sentence by sentence."""
        return (self.coded, *self.advice)
