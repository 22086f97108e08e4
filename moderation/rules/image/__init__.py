"""Rules that judge pictures. A new one is a file here and a line in `default_image_rules`."""

from collections.abc import Sequence
from pathlib import Path

from moderation.policy.categories import Category
from moderation.policy.policy import Policy, default_policy
from moderation.remote.safety_model import SafetyModel
from moderation.rules.image.blank import Blank
from moderation.rules.image.blocked_everywhere import Blocked
from moderation.rules.image.faces import Faces
from moderation.rules.image.nudity import Nudity
from moderation.rules.image.safety_model import LargerModel
from moderation.rules.image.size import Size
from moderation.rules.image.subject import ImageRule, ImageSubject

__all__ = ["ImageRule", "ImageSubject", "default_image_rules"]


def default_image_rules(
    *,
    blocked_pictures: Path | None = None,
    policy: Policy | None = None,
    safety_models: Sequence[SafetyModel] = (),
    known_abuse: Path | None = None,
) -> tuple[ImageRule, ...]:
    """The rules every studio has, its lists of blocked pictures and known abuse, and larger models if it runs any."""
    policy = policy or default_policy()
    rules: list[ImageRule] = [
        Size(),
        Blank(),
        Blocked(known_abuse, name="known_abuse", category=Category.MINORS),
        Blocked(blocked_pictures),
        Nudity(),
        Faces(policy.faces),
    ]
    return (*rules, *map(LargerModel, safety_models))
