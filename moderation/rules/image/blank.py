"""A painted picture of one flat colour is a fault, not a picture: overflowing numbers come out black."""

from PIL import Image, ImageStat

from moderation.policy.findings import Finding
from moderation.rules.image.subject import ImageSubject
from studio.domain.requests import Operation
from studio.ports import Inspected


class Blank:
    name = "blank"

    def judge(self, subject: ImageSubject) -> Finding | None:
        """Raises ValueError for a flat painting. Uploads, and what is made from them, may be flat."""
        imagined = subject.request is not None and subject.request.operation is Operation.IMAGINE
        if subject.kind is Inspected.OUTPUT and imagined and _is_flat(subject.image):
            raise ValueError("the picture is blank")
        return None


def _is_flat(image: Image.Image) -> bool:
    """Whether every pixel of an RGB picture has the same colour."""
    return all(darkest == brightest for darkest, brightest in ImageStat.Stat(image).extrema)
