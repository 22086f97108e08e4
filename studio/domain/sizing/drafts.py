"""Drafts: small pictures in few steps, of which one or two are painted at full size afterwards.

A draft shares the words and the seed of its picture, and its noise is the picture's, averaged over squares of
`draft_factor` latent cells. So the large shapes of both are often alike. What is small differs, since few steps and
small pictures leave it out.
"""

import math
from dataclasses import replace

from studio.domain.requests import MAX_DRAFTS, PRICED_SIDE, PRICED_STEPS, PaintRequest

USUAL_DRAFTS = 8
_SHARE_OF_STEPS = 3
_LEAST_STEPS = 4
_PER_PICTURE = 4
# Models that were made for smaller sides paint no whole things at half of them.
_LEAST_SIDE_HALVED = 768


def most_drafts(most_pictures: int) -> int:
    """Of one request, for a person who may ask for so many pictures."""
    return min(MAX_DRAFTS, _PER_PICTURE * most_pictures)


def usual_drafts(most_pictures: int) -> int:
    return min(USUAL_DRAFTS, most_drafts(most_pictures))


def draft_factor(width: int, height: int) -> int:
    """How many times smaller the sides of a draft are, by a model that was made for `width` × `height` pixels."""
    return 2 if min(width, height) >= _LEAST_SIDE_HALVED else 1


def draft_steps(steps: int) -> int:
    """A third of the model's usual steps, four at least; a model that needs fewer takes its own."""
    return min(steps, max(_LEAST_STEPS, math.ceil(steps / _SHARE_OF_STEPS)))


def price_draft(request: PaintRequest, *, width: int, height: int, steps: int) -> PaintRequest:
    """With the pixels and steps by which a draft is priced, by a model that was made for these.

    One that does not tell them (0) counts as one for a megapixel in 30 steps.
    """
    width, height = width or PRICED_SIDE, height or PRICED_SIDE
    asked = (request.width or request.height or 0) * (request.height or request.width or 0)
    pixels = (asked or width * height) // draft_factor(width, height) ** 2
    return replace(request, pixels=pixels, steps=request.steps or draft_steps(steps or PRICED_STEPS))
