"""A painted picture has the size that was asked for."""

from moderation.policy.findings import Finding
from moderation.rules.image.subject import ImageSubject
from studio.domain.requests import Operation
from studio.ports import Inspected

_GRANULARITY = 64  # pixels: a model may round a side to its own step


class Size:
    name = "size"

    def judge(self, subject: ImageSubject) -> Finding | None:
        """Raises ValueError for another size: then this is not the picture that was painted."""
        request = subject.request
        if (
            subject.kind is not Inspected.OUTPUT
            or request is None
            or request.operation is not Operation.IMAGINE
        ):
            return None
        for requested, found in zip((request.width, request.height), subject.image.size, strict=True):
            if requested is not None and abs(requested - found) >= _GRANULARITY:
                raise ValueError("the size of the picture differs from the requested size")
        return None
