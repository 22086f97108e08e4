"""`python -m engine.training.example_sheet`: paint the example sheet of the model card, and measure the first stage."""

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from diffusers import AutoencoderKL
from PIL import Image, ImageDraw, ImageFont

from engine.catalog.catalog import ModelCatalogue
from engine.generation.device_settings import DeviceSettings
from engine.generation.generator import ImageGenerator
from engine.layout_prior import CollageComposer
from engine.layout_prior.layout_prior import load_prior
from engine.training.evaluation.eval_prompts import PLAIN
from engine.training.evaluation.sampling import EvaluationRun
from engine.training.stages.autoencoder import to_tensor
from studio.domain.requests import Strength

PROMPTS = """
a red apple on a blue background
a yellow star
two cats on grass at night
a green car next to a house in snow
a rocket in space
a cup of coffee on a wooden table
a purple elephant in a room
a sailboat on the sea at sunset
a dog in front of a house
three balloons in the sky
a lighthouse by the sea at night
five pink tulips in a meadow
a robot in the city
a fox in the forest
a cat sitting on a red car
a turtle on the beach
a doctor
a woman firefighter
a wizard at night
a group of people at the beach
an astronaut on the moon
a bird in a cage
a teddy bear in a box
a hot air balloon in the mountains
a flat sticker of a strawberry
line icon of a camera
clip art of a sun
a pixel art castle at sunset
a sketch of a lion
a watercolour of a windmill
a glossy 3d guitar
a flat penguin on ice
nine stars at night
four green apples on a table
two dogs and three cats
a black cat and a white dog
a red cube, a green ball and a blue cone
a blue bird above a tree
a bee over a sunflower
a teddy bear to the left of a gift
a pirate ship on the sea
a taxi on the street in the rain
a castle in the mountains at sunset
a mermaid underwater
a birthday cake on a pink background
a unicorn in the forest
a slice of watermelon
a blue heart on a white background
""".strip().splitlines()
Cell = tuple[str, Image.Image]
_CELL_PX, _CAPTION_PX, _COLUMNS = 176, 18, 8


def show(
    out: Annotated[Path, typer.Option(help="Where the sheet goes.")] = Path("docs/thimble.png"),
    seed: Annotated[int, typer.Option(help="The seed of every picture.")] = 7,
    model: Annotated[str, typer.Option(help="The model, by its name in the catalogue.")] = "thimble",
    threads: Annotated[int, typer.Option(help="CPU threads.", min=1)] = 2,
    plain: Annotated[
        bool, typer.Option("--plain", help="Paint the plain prompts of the exam instead.")
    ] = False,
) -> None:
    """Paint 48 prompts, variations, blends, an edit, an expansion and an upscale, as people get them."""
    models = ModelCatalogue.load()
    folder = models.folder(models.find(model))
    generator = ImageGenerator(models, DeviceSettings(threads=threads), default_model=model)
    try:
        sitting = EvaluationRun(generator, model)
        prompts = PLAIN if plain else PROMPTS
        cells = [(prompt, sitting.imagine(prompt, seed=seed)[0]) for prompt in prompts]
        if plain:
            add_captions(cells).save(out, optimize=True)
            return
        prior = load_prior(folder)
        by_sight = prior is not None and prior.mixer is not None
        cells += [*_variations(sitting, seed, by_sight=by_sight), *_further(sitting, seed)]
    finally:
        generator.close()
    add_captions(cells).save(out, optimize=True)
    autoencoder = AutoencoderKL.from_pretrained(folder / "vae", dtype=torch.float32)
    print(
        f"first stage: {fidelity(autoencoder, CollageComposer.load(folder / 'prior'), seed=seed):.1f} dB (16 collages)"
    )


def _variations(sitting: EvaluationRun, seed: int, *, by_sight: bool) -> list[Cell]:
    """One picture, varied by its words and, where the model can see, by what it shows."""
    prompt = "a cow in a meadow"
    (source,) = sitting.imagine(prompt, seed=seed)
    cells: list[Cell] = [(prompt, source)]
    rows_of_words = [("with words", prompt, 3)] + (
        [("by sight", "", 4)] if by_sight else [("with words", prompt, 4)]
    )
    for words, caption, count in rows_of_words:
        for at in range(count):
            strength = Strength.STRONG if at else Strength.SUBTLE
            varied = sitting.vary(source, seed=seed + 10 * len(cells), variation=strength, prompt=caption)
            cells.append((f"{strength} variation, {words}", varied))
    return cells


def _further(sitting: EvaluationRun, seed: int) -> list[Cell]:
    """A blend, an edit, an expansion and an upscale, each beside what it started from."""
    (rocket,) = sitting.imagine("a rocket in space", seed=seed)
    (cat,) = sitting.imagine("a cat on grass", seed=seed)
    (house,) = sitting.imagine("a house on grass", seed=seed)
    (cup,) = sitting.imagine("a cup of coffee on a wooden table", seed=seed)
    edited, _ = sitting.edit(cup, "a red apple", shares=(0.68, 0.5, 1.0, 0.95), seed=seed)
    expanded = sitting.expand(house, "a house on grass", sides=("left", "right"), seed=seed)
    large = sitting.upscale(house, seed=seed)
    side = large.width // 3
    return [
        ("a cat on grass", cat),
        ("… blended with the rocket", sitting.blend((cat, rocket), seed=seed)),
        ("… and again", sitting.blend((cat, rocket), seed=seed + 1)),
        ("a cup of coffee: edited, a red apple", edited),
        ("a house on grass", house),
        ("… expanded to both sides", _letterbox(expanded)),
        ("… a third of it, enlarged plainly", _middle(house, house.width // 3)),
        ("… and upscaled", _middle(large, side)),
    ]


def _middle(picture: Image.Image, side: int) -> Image.Image:
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    part = picture.crop((left, top, left + side, top + side))
    return part.resize((_CELL_PX, _CELL_PX), Image.Resampling.BICUBIC)


def _letterbox(picture: Image.Image) -> Image.Image:
    square = Image.new("RGB", (picture.width, picture.width), "white")
    square.paste(picture, (0, (picture.width - picture.height) // 2))
    return square


def add_captions(cells: list[Cell]) -> Image.Image:
    """A sheet of pictures with their prompts beneath."""
    rows = -(-len(cells) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * _CELL_PX, rows * (_CELL_PX + _CAPTION_PX)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=10.5)
    for at, (prompt, picture) in enumerate(cells):
        left, top = (at % _COLUMNS) * _CELL_PX, (at // _COLUMNS) * (_CELL_PX + _CAPTION_PX)
        small = picture.resize((_CELL_PX - 4, _CELL_PX - 4), Image.Resampling.LANCZOS)
        sheet.paste(small, (left + 2, top + 2))
        pen.text(
            (left + _CELL_PX // 2, top + _CELL_PX + 6), prompt, fill=(40, 40, 50), font=font, anchor="mm"
        )
    return sheet


@torch.no_grad()
def fidelity(autoencoder: AutoencoderKL, collage: CollageComposer, *, seed: int) -> float:
    """Mean peak signal-to-noise ratio, in dB, of collages encoded and decoded."""
    found = []
    for prompt in PROMPTS[:16]:
        picture = np.asarray(collage.compose(prompt, seed=seed, width=256, height=256))
        tensor = to_tensor(picture[None], torch.device("cpu"))
        made = autoencoder.decode(autoencoder.encode(tensor).latent_dist.mean).sample.clamp(-1, 1)
        found.append(10 * torch.log10(4 / (made - tensor).square().mean()).item())
    return float(np.mean(found))


if __name__ == "__main__":
    typer.run(show)
