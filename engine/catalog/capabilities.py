"""What a model does with pictures beside its words, by the pipeline class that its index names. Loads no weights."""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """`edits_by_words`: changes a picture as an instruction says, without a region.

    `takes_references` pictures at most can stand beside the words; `needs_reference`: it paints nothing without one.
    `fixed_pixels`: so many its pipeline makes of every size, of which only the ratio counts; 0 means any size. Its
    sides are cut to multiples of the grid, or where it `rounds_up`, filled up.
    `sizes`, width and height in pixels, are the only ones that a server makes; `fixed_pixels` is their largest area.
    """

    edits_by_words: bool = False
    takes_references: int = 0
    needs_reference: bool = False
    fixed_pixels: int = 0
    rounds_up: bool = False
    sizes: tuple[tuple[int, int], ...] = ()


PLAIN = Capabilities()
_EDITOR = Capabilities(edits_by_words=True, takes_references=1, needs_reference=True)
_FLUX2 = Capabilities(edits_by_words=True, takes_references=4)

_BY_CLASS: Mapping[str, Capabilities] = {
    "Flux2KleinInpaintPipeline": _FLUX2,
    "Flux2KleinKVPipeline": _FLUX2,
    "Flux2KleinPipeline": _FLUX2,
    "Flux2Pipeline": _FLUX2,
    "FluxKontextInpaintPipeline": Capabilities(edits_by_words=True, takes_references=1),
    "FluxKontextPipeline": Capabilities(edits_by_words=True, takes_references=1),
    "HiDreamImagePipeline": Capabilities(fixed_pixels=1024 * 1024),
    "LongCatImageEditPipeline": replace(_EDITOR, fixed_pixels=1024 * 1024, rounds_up=True),
    "QwenImageEditInpaintPipeline": _EDITOR,
    "QwenImageEditPipeline": _EDITOR,
    # Its model card promises good results for one to three pictures.
    "QwenImageEditPlusPipeline": Capabilities(edits_by_words=True, takes_references=3, needs_reference=True),
    "StableDiffusionInstructPix2PixPipeline": _EDITOR,
    "StableDiffusionXLInstructPix2PixPipeline": _EDITOR,
}


def capabilities_of_sizes(
    sizes: tuple[tuple[int, int], ...], *, edits_by_words: bool, takes_references: int
) -> Capabilities:
    """Those of a model on a server."""
    return Capabilities(
        edits_by_words=edits_by_words,
        takes_references=takes_references,
        fixed_pixels=max((width * height for width, height in sizes), default=0),
        sizes=sizes,
    )


def capabilities_of(pipeline_class: str) -> Capabilities:
    """Those of a class of diffusers; none of them for a class that is not known to have any."""
    return _BY_CLASS.get(pipeline_class, PLAIN)
