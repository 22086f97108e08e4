"""Making one cut-out of a thing and of what is attached to it, so that whatever comes later moves both together."""

from dataclasses import replace

import numpy as np
from PIL import Image

from engine.layout_prior.attachment.fitting import Figure, Placement, fit
from engine.layout_prior.attachment.wearables import WEARABLES, Worn
from engine.layout_prior.cutouts.compositing import Chosen
from engine.layout_prior.language.relations import Relation
from engine.layout_prior.layout.boxes import Box
from engine.layout_prior.prompt.scene_spec import SceneSpec

ITEMS_MAX = 4  # more of a thing than these are not attached to one other
_GLASS = 0.42


def assemble(spec: SceneSpec, chosen: list[Chosen], *, drawings: str) -> tuple[SceneSpec, list[Chosen]]:
    """The wish and its drawings with every attached thing joined to its bearer; indices of relations follow.

    `chosen` has one entry for each thing of `spec`. Relations that attach nothing stay as they are.
    """
    pieces = list(chosen)
    owner = list(range(len(pieces)))
    relations = []
    for first, relation, second in _attachments_first(spec):
        item, host = (second, first) if relation in _BEARER_FIRST else (first, second)
        item, host = owner[item], owner[host]
        kind = Relation.INSIDE if relation is Relation.CONTAINING else relation
        if kind is Relation.INSIDE and _is_headwear(pieces[host]):
            kind, item, host = Relation.WEARING, host, item
        joined = (
            None if item == host else _join(kind, pieces[item], pieces[host], spec, (item, host), drawings)
        )
        if joined is None:
            relations.append((first, relation, second))
            continue
        pieces[host] = joined
        owner = [host if at == item else at for at in owner]
    left = [at for at in range(len(pieces)) if owner[at] == at]
    where = {at: number for number, at in enumerate(left)}
    moved = [(where[owner[one]], relation, where[owner[other]]) for one, relation, other in relations]
    return (
        replace(
            spec,
            things=tuple(spec.things[at] for at in left),
            relations=tuple(entry for entry in moved if entry[0] != entry[2]),
        ),
        [pieces[at] for at in left],
    )


_BEARER_FIRST = frozenset({Relation.WEARING, Relation.HOLDING, Relation.PLAYING, Relation.CONTAINING})
_ON_BODIES = frozenset({Relation.WEARING, Relation.HOLDING, Relation.PLAYING})


def _attachments_first(spec: SceneSpec) -> list[tuple[int, Relation, int]]:
    """The relations, what is worn or held first: a dog that wears a hat rides with it on.

    "A dog wearing a hat riding a bicycle" names the hat beside the bicycle, and "a hat and sunglasses" the hat
    beside the sunglasses; both mean the dog.
    """
    bearer: dict[int, int] = {}
    meant = []
    for first, named, second in spec.relations:
        subject, relation = bearer.get(first, first), named
        if named is Relation.BESIDE and subject != first and _can_be_worn(spec, second):
            relation = Relation.WEARING
        elif named is Relation.BESIDE:
            subject = first
        if relation in _ON_BODIES:
            bearer[second] = subject
        meant.append((subject, relation, second))
    return sorted(meant, key=lambda entry: entry[1] not in _ON_BODIES)


def _can_be_worn(spec: SceneSpec, at: int) -> bool:
    return any(subject.name in WEARABLES for subject in spec.things[at].subjects[:1])


def _is_headwear(piece: Chosen) -> bool:
    worn = None if piece.subject is None else WEARABLES.get(piece.subject.name)
    return worn is not None and worn.part is Worn.HEAD


def _join(
    kind: Relation, item: Chosen, host: Chosen, spec: SceneSpec, at: tuple[int, int], drawings: str
) -> Chosen | None:
    """The host with its item on every cut-out; None where nothing is attached."""
    items, hosts = (spec.things[number].count for number in at)
    apart = kind in (Relation.ON, Relation.RIDING, Relation.LEANING, Relation.INSIDE) and hosts > 1
    if host.subject is None or item.subject is None or items > max(ITEMS_MAX, hosts) or apart:
        return None
    copies = 1 if kind is Relation.WEARING or hosts > 1 or kind is Relation.LEANING else items
    cutouts, grown = [], 1.0
    for number in range(max(len(host.cutouts), 1)):
        worn = item.cutouts[number % len(item.cutouts)]
        bearer = _figure(host, host.cutouts[number], drawings)
        placement = fit(kind, _figure(item, worn, drawings), bearer)
        if placement is None:
            return None
        joined = paste_together(bearer.picture, worn, placement, copies=copies)
        cutouts.append(joined)
        grown = joined.height / bearer.picture.height
    return replace(host, cutouts=tuple(cutouts), size=host.size * min(1.6, max(1.0, grown)))


def _figure(piece: Chosen, picture: Image.Image, drawings: str) -> Figure:
    subject = piece.subject
    assert subject is not None  # noqa: S101 - checked by `_join`
    return Figure(
        picture=picture, name=subject.name, size=piece.size, drawings=drawings, person=bool(subject.looks)
    )


def paste_together(
    host: Image.Image, item: Image.Image, placement: Placement, *, copies: int = 1
) -> Image.Image:
    """One RGBA cut-out of both, cropped to what can be seen; several copies stand side by side, a little smaller."""
    boxes = _side_by_side(placement.box, copies)
    left, top = (min(0.0, *(getattr(box, edge) for box in boxes)) for edge in ("left", "top"))
    right = max(float(host.width), *(box.right for box in boxes))
    bottom = max(float(host.height), *(box.bottom for box in boxes))
    margin = 2 + round(0.3 * max(box.height for box in boxes)) if placement.turn else 2
    size = round(right - left) + 2 * margin, round(bottom - top) + 2 * margin
    offset = round(margin - left), round(margin - top)
    sheet = Image.new("RGBA", size)
    base = Image.new("RGBA", size)
    base.paste(host, offset)
    layers = [_layer(size, item, box, offset, placement.turn) for box in boxes]
    for layer in (base, *layers) if placement.front else (*layers, base):
        sheet = Image.alpha_composite(sheet, layer)
    if placement.glass:
        sheet = Image.alpha_composite(sheet, _thin(base))
    if placement.rim is not None:
        wall = base.copy()
        wall.paste((0, 0, 0, 0), (0, 0, size[0], offset[1] + round(placement.rim)))
        sheet = Image.alpha_composite(sheet, wall)
    seen = sheet.getchannel("A").point(lambda value: 255 * (value > 8)).getbbox()
    return sheet.crop(seen) if seen else sheet


def _side_by_side(box: Box, copies: int) -> list[Box]:
    if copies == 1:
        return [box]
    share = 1.25 / (copies + 0.25)
    width, height = box.width * max(share, 0.55), box.height * max(share, 0.55)
    step = (box.width * 1.25 - width) / (copies - 1)
    left = box.left - 0.125 * box.width
    return [
        Box(left + number * step, box.bottom - height * (1.12 if number % 2 else 1.0), width, height)
        for number in range(copies)
    ]


def _layer(
    size: tuple[int, int], item: Image.Image, box: Box, offset: tuple[int, int], turn: float
) -> Image.Image:
    width, height = max(2, round(box.width)), max(2, round(box.height))
    drawn = item.resize((width, height), Image.Resampling.LANCZOS)
    left, top = box.left, box.top
    if turn:
        turned = drawn.rotate(turn, Image.Resampling.BICUBIC, expand=True)
        left, top = left - (turned.width - width) / 2, top - (turned.height - height)
        drawn = turned
    layer = Image.new("RGBA", size)
    layer.paste(drawn, (offset[0] + round(left), offset[1] + round(top)))
    return layer


def _thin(base: Image.Image) -> Image.Image:
    """A container as seen through: its dark and saturated parts stay, the rest only tints."""
    pixels = np.asarray(base, np.float32)
    luma = pixels[..., :3].mean(-1)
    alpha = pixels[..., 3] * np.where(pixels[..., 3] < 200, 0.5, np.where(luma > 236, 0.7, _GLASS))
    return Image.fromarray(np.dstack([pixels[..., :3], alpha]).astype(np.uint8), "RGBA")
