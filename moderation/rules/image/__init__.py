"""Rules that judge pictures. A new one is a file here and a line in `house_image_rules`."""

from pathlib import Path

from moderation.rules.image.blank import Blank
from moderation.rules.image.blocked import Blocked
from moderation.rules.image.size import Size
from moderation.rules.image.subject import ImageRule, ImageSubject

__all__ = ["ImageRule", "ImageSubject", "house_image_rules"]


def house_image_rules(*, blocked_pictures: Path | None = None) -> tuple[ImageRule, ...]:
    """The rules every studio has, and its list of blocked pictures (see `Blocked`)."""
    return (Size(), Blank(), Blocked(blocked_pictures))
