"""A painted picture of one flat colour is a fault, not a picture: overflowing numbers come out black."""

from moderation.findings import Finding
from moderation.rules.image.subject import ImageSubject
from studio.ports import Inspected
from studio.requests import Operation


class Blank:
    name = "blank"

    def judge(self, subject: ImageSubject) -> Finding | None:
        """Raises ValueError for a flat painting. Uploads, and what is made from them, may be flat."""
        imagined = subject.request is not None and subject.request.operation is Operation.IMAGINE
        if (
            subject.kind is Inspected.OUTPUT
            and imagined
            and len(set(subject.image.resize((64, 64)).tobytes())) < 4
        ):
            pixels = subject.image.tobytes()
            if pixels == pixels[:3] * (len(pixels) // 3):
                raise ValueError("the picture is blank")
        return None
