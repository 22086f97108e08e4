"""What the picture rules say of a file at hand, for an operator who tries them."""

from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from moderation.findings import Finding
from moderation.policy import Policy
from moderation.rules.image import ImageSubject, house_image_rules
from moderation.sight import MAX_PIXELS, OwnSight
from studio.people import Person, Platform
from studio.ports import Inspected
from studio.requests import Operation, PaintRequest

_OPERATOR = Person(platform=Platform.CLI, community="", user_id="operator", display_name="operator")


def look(
    path: Path, *, upload: bool, prompt: str, policy: Policy
) -> Iterator[tuple[str, Finding | None, Finding | None]]:
    """Each rule's name, what it found, and what the policy makes of that. Raises OSError or ValueError."""
    with Image.open(path, formats=("PNG", "JPEG", "WEBP", "GIF")) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise ValueError("This picture has more pixels than any that is judged.")
        image = opened.convert("RGB")
    request = None if upload else PaintRequest(operation=Operation.VARY, seed=0, prompt=prompt)
    kind = Inspected.UPLOAD if upload else Inspected.OUTPUT
    subject = ImageSubject(kind=kind, person=_OPERATOR, sight=OwnSight(image), request=request)
    for rule in house_image_rules(policy=policy):
        finding = rule.judge(subject)
        yield rule.name, finding, finding and policy.apply(finding)
