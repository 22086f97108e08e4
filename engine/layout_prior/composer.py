"""From a prompt and a seed to a collage: cut-outs laid out as the words say before a painted background."""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from engine.layout_prior.attachment.assembly import assemble
from engine.layout_prior.attachment.bodies import embody
from engine.layout_prior.cutouts.compositing import Chosen, Sheet, paste
from engine.layout_prior.cutouts.cutout_styles import STYLES, Style
from engine.layout_prior.cutouts.selection import choose, choose_backdrop, choose_style
from engine.layout_prior.language.translation import LANGUAGES
from engine.layout_prior.layout.arrangement import arrange
from engine.layout_prior.layout.boxes import Box, Shape
from engine.layout_prior.layout.free_area import largest_free_box
from engine.layout_prior.library.cutout_library import Library
from engine.layout_prior.outpainting import carry_on
from engine.layout_prior.prompt.parser import parse
from engine.layout_prior.prompt.scene_spec import SceneObject, SceneSpec
from engine.layout_prior.prompt.tokenizer import tokens
from engine.layout_prior.recomposition import remake
from engine.layout_prior.scenes.sky import Backdrop
from engine.layout_prior.vision.appearance_index import Appearances
from engine.layout_prior.vision.scene_summary import blend
from studio.coded_text import coded, to_stored
from studio.parsing.prompt_weights import plain_words

if TYPE_CHECKING:
    from engine.layout_prior.vision.layout_encoder import LayoutEncoder

# A scene asked for without things gets some of these, as many as the seed says.
_PROPS = {
    "sky": ("sun behind cloud", "bird", "airplane", "rainbow", "balloon"),
    "sea": ("sailboat", "dolphin", "water wave", "desert island", "whale"),
    "beach": ("palm tree", "umbrella on ground", "crab", "spiral shell"),
    "grass": ("tulip", "butterfly", "deciduous tree", "rabbit", "sunflower"),
    "snow": ("snowman", "evergreen tree", "penguin"),
    "room": ("couch and lamp", "potted plant", "teddy bear"),
    "city": ("taxi", "bus", "bicycle"),
    "street": ("automobile", "bus", "bicycle"),
    "forest": ("mushroom", "deer", "evergreen tree", "fox"),
    "space": ("ringed planet", "rocket", "shooting star", "flying saucer"),
    "moonscape": ("astronaut", "rocket"),
    "desert": ("cactus", "camel", "lizard"),
    "mountains": ("evergreen tree", "goat", "eagle"),
    "table": ("potted plant", "hot beverage", "red apple"),
    "underwater": ("tropical fish", "octopus", "coral", "turtle"),
    "wall": ("bicycle", "potted plant", "cat"),
}
_SEASON_PROPS = {
    "spring": ("tulip", "butterfly", "rabbit", "bench"),
    "summer": ("sunflower", "butterfly", "deciduous tree", "bench"),
    "autumn": ("deciduous tree", "chipmunk", "mushroom", "bench"),
}


_MOST_UNKNOWN, _LONGEST_UNKNOWN = 5, 24  # words, and letters of one


class CollageComposer:
    """The layout prior. Safe to share between threads; every picture depends on prompt, seed and size alone.

    With an image encoder in its folder it also lays out what pictures show.
    """

    def __init__(self, library: Library, folder: Path | None = None) -> None:
        self.library = library
        self._folder = folder
        self._vision: tuple[LayoutEncoder, Appearances] | None = None
        self._lock = Lock()

    @classmethod
    def load(cls, folder: Path) -> "CollageComposer":
        """Read `index.json` and `cutouts.zip` from a model's `prior` folder. Raises ModelBroken."""
        return cls(Library(folder), folder)

    @property
    def sees(self) -> bool:
        """Whether there is an image encoder, and so `resemble` can be asked for."""
        return self._folder is not None and (self._folder / "beholder.safetensors").exists()

    def resemble(
        self,
        pictures: Sequence[tuple[Image.Image, float]],
        *,
        seed: int,
        width: int,
        height: int,
        freedom: float = 0.6,
    ) -> Image.Image:
        """A new RGB picture of what one or more pictures show, each by its share; the shares add up to 1.

        `freedom` 0..1 is how far it may go from them. Raises ModelBroken for an encoder that cannot be read.
        """
        layout_encoder, appearances = self._see()
        seen = blend([(layout_encoder.look(picture), share) for picture, share in pictures])
        rng = dice_of("", seed)
        return remake(seen, self.library, appearances, rng, freedom=freedom, size=(width, height))

    def _see(self) -> "tuple[LayoutEncoder, Appearances]":
        """The encoder, read when it is first needed: it needs torch, and most pictures are asked for in words."""
        from engine.layout_prior.vision.layout_encoder import LayoutEncoder

        with self._lock:
            if self._vision is None:
                assert self._folder is not None  # noqa: S101 - asked for only where there is one
                self._vision = LayoutEncoder.load(self._folder), Appearances.load(self._folder, self.library)
            return self._vision

    def remark(self, prompt: str, *, model: str) -> str:
        """What to say where nothing in the library answers to a prompt, as a stored coded text; else nothing. Of the
        prompt it holds letters, digits and hyphens only, so that no platform reads anything else into them.
        """
        unknown = parse(prompt, self.library).unknown
        if not unknown:
            return ""
        words = self.library.translator.translate(tuple(tokens(prompt, self.library)))
        if self.library.is_foreign([word for word in words if word != ","]):
            return to_stored(coded("model_remark.other_language", model=model, languages=LANGUAGES))
        named = tuple(word[:_LONGEST_UNKNOWN] for word in unknown[:_MOST_UNKNOWN])
        return to_stored(coded("model_remark.unknown_words", model=model, words=named))

    def compose(self, prompt: str, *, seed: int, width: int, height: int) -> Image.Image:
        """An RGB picture of what the prompt says; any size from 64 to 1024."""
        return self.sheet_of(prompt, seed=seed, width=width, height=height).picture

    def sheet_of(self, prompt: str, *, seed: int, width: int, height: int) -> Sheet:
        """The same picture, with what lies where in it."""
        prompt = plain_words(prompt)
        rng = dice_of(prompt, seed)
        spec = self.fill(parse(prompt, self.library), rng)
        return self.compose_spec(spec, rng, width=width, height=height)

    def compose_spec(self, spec: SceneSpec, rng: np.random.Generator, *, width: int, height: int) -> Sheet:
        """A collage of a wish, and what lies where in it."""
        style = choose_style(spec, rng)
        spec, chosen = self._choose(spec, style, rng)
        backdrop = choose_backdrop(spec, chosen, style, rng, (width, height))
        edge = 0.05 * min(width, height)
        if backdrop.ground is None:
            room = Box(edge, edge, width - 2 * edge, height - 2 * edge)
            ground = None
        else:
            ground = backdrop.ground * height
            room = Box(edge, edge, width - 2 * edge, height - edge)
        spots = arrange(spec, _shapes(spec, chosen), room, ground=ground)
        sheet = paste(backdrop, spots, chosen, rng)
        return replace(sheet, picture=style.wash(sheet.picture))

    def retouch(self, prompt: str, picture: Image.Image) -> Image.Image:
        """The painted RGB picture with what its style needs and repainting softens: squares, strokes, grain."""
        style = parse(plain_words(prompt), self.library).style
        return STYLES[style].retouch(picture) if style else picture

    def place(self, prompt: str, *, seed: int, canvas: Image.Image, mask: Image.Image) -> Image.Image:
        """`canvas` with the prompt's things in the white part of `mask` (mode L, the same size).

        The masked part becomes the scene or background the prompt names; when it names none, the surroundings
        are carried on into it. Pixels under black stay exactly as they are.
        """
        prompt = plain_words(prompt)
        rng = dice_of(prompt, seed)
        canvas = canvas.convert("RGB")
        free = np.asarray(mask.convert("L")) > 127
        if not free.any():
            return canvas
        spec = parse(prompt, self.library)
        style = choose_style(spec, rng)
        spec, chosen = self._choose(spec, style, rng)
        if spec.scene or spec.time or spec.background or spec.abstract:
            backdrop = choose_backdrop(spec, chosen, style, rng, canvas.size)
        else:
            backdrop = Backdrop(picture=carry_on(canvas, free), ground=None)
        painted = backdrop.picture
        if spec.things:
            spots = arrange(spec, _shapes(spec, chosen), *_room(canvas, free))
            painted = paste(backdrop, spots, chosen, rng).picture
        return Image.composite(painted, canvas, Image.fromarray(free.astype(np.uint8) * 255, "L"))

    def _choose(
        self, spec: SceneSpec, style: Style, rng: np.random.Generator
    ) -> tuple[SceneSpec, list[Chosen]]:
        """A drawing for each thing, with what belongs to it attached; the wish of what is left to lay out."""
        spec = embody(spec, self.library)
        return assemble(spec, choose(spec, self.library, style, rng), drawings=style.drawings)

    def fill(self, spec: SceneSpec, rng: np.random.Generator) -> SceneSpec:
        """A scene without things gets props, a word that nothing answers to an abstract picture of its own; no words
        at all get a surprise.
        """
        nowhere = spec.scene is None and spec.background is None and spec.time is None
        if nowhere and len(spec.things) == 1 and not spec.things[0].subjects:
            return replace(spec, things=(), abstract=(spec.things[0].word,))
        if spec.things or spec.abstract:
            return spec
        scene = spec.scene or (
            {"night": "grass", "sunset": "sea"}.get(spec.time or "") if spec.time else None
        )
        if scene is None and spec.background is not None:
            return spec
        if scene is None:
            subject = self.library.subjects[int(rng.integers(len(self.library.subjects)))]
            return replace(spec, things=(SceneObject(word=subject.name, subjects=(subject,)),))
        usual = _SEASON_PROPS.get(spec.season or "", ()) if scene == "grass" else ()
        props = rng.permutation(usual or _PROPS[scene])[: int(rng.integers(1, 3))]
        things = tuple(SceneObject(word=name, subjects=self.library.find_named(name)) for name in props)
        return replace(spec, scene=scene, things=tuple(thing for thing in things if thing.subjects))


def dice_of(prompt: str, seed: int) -> np.random.Generator:
    """Two prompts of one seed share no chances, nor do two seeds of one prompt."""
    return np.random.default_rng([seed & 0xFFFFFFFFFFFFFFFF, zlib.crc32(prompt.encode("utf-8", "replace"))])


def _room(canvas: Image.Image, free: np.ndarray) -> tuple[Box, float | None]:
    """The room for things in the free part, and the height in pixels they stand on there."""
    box = largest_free_box(free)
    edge = 0.04 * min(box.width, box.height)
    room = Box(box.left + edge, box.top + edge, box.width - 2 * edge, box.height - 2 * edge)
    grounded = (
        box.bottom > 0.97 * canvas.height and box.height > 0.5 * canvas.height and _has_ground(canvas, free)
    )
    return room, canvas.height * 0.9 if grounded else None


def _has_ground(canvas: Image.Image, free: np.ndarray) -> bool:
    """Whether what is known of a picture looks different at its bottom than at its top."""
    rows = np.flatnonzero((~free).any(1))
    if not rows.size:
        return False
    pixels, known = np.asarray(canvas, np.float32), ~free
    edge = max(1, rows.size // 7)
    top, bottom = (pixels[part][known[part]].mean(0) for part in (rows[:edge], rows[-edge:]))
    return bool(np.abs(top - bottom).mean() > 28)


def _shapes(spec: SceneSpec, chosen: list[Chosen]) -> list[Shape]:
    alone = len(spec.things) == 1
    return [
        Shape(
            size=thing.size if alone else item.size,
            aspect=item.aspect,
            in_sky=item.in_sky,
        )
        for thing, item in zip(spec.things, chosen, strict=True)
    ]
