"""`python -m engine.training.show`: paint the example grid of the model card, and measure time and fidelity."""

import time
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from diffusers import AutoencoderKL, StableDiffusionPipeline
from PIL import Image, ImageDraw, ImageFont

from engine.painters.collage import Collage
from engine.training.autoencoder import to_tensor
from engine.training.export import paint, read_prior

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
a cactus in the desert
five pink flowers in a meadow
a robot in the city
a fox in the forest
a cat sitting on a red car
a turtle on the beach
an octopus underwater
a castle in the mountains at sunset
a snowman in winter
a birthday cake on a pink background
a taxi on the street in the rain
a teddy bear to the left of a gift
nine stars at night
a penguin on ice
a blue bird above a tree
a green dinosaur in the jungle
a guitar on a yellow background
a bee over a sunflower
an astronaut on the moon
four green apples on a table
a black cat and a white dog
a pizza
a frog on a mushroom in the rain
a lion in the desert
a pink bicycle in the park
a crown on a purple background
a train in the mountains
an orange fish in the sea
a cat wearing a hat
a strawberry
a big dog and a small cat
a brown horse on grass
seven ducks on a lake
an owl under the moon
a unicorn under a rainbow
a white rabbit in the snow
a blue heart on a white background
a key, a book and a candle
""".strip().splitlines()
_CELL_PX, _CAPTION_PX, _COLUMNS = 176, 18, 8


def show(
    model: Annotated[Path, typer.Option(help="A diffusers folder with a prior.")] = Path(
        "engine/models/thimble"
    ),
    out: Annotated[Path, typer.Option(help="Where the grid goes.")] = Path("docs/thimble.png"),
    seed: Annotated[int, typer.Option(help="The seed of every picture.")] = 7,
    threads: Annotated[int, typer.Option(help="CPU threads.", min=1)] = 2,
) -> None:
    """Paint 48 prompts with stock diffusers on the CPU."""
    torch.set_num_threads(threads)
    pipeline = StableDiffusionPipeline.from_pretrained(
        model, torch_dtype=torch.float32, local_files_only=True
    )
    collage, prior = Collage.load(model / "prior"), read_prior(model)
    seconds, cpu_seconds = [], []
    cells: list[Image.Image] = []
    for at in range(0, len(PROMPTS), 4):
        begun, cpu_begun = time.perf_counter(), time.process_time()
        cells += paint(pipeline, collage, PROMPTS[at : at + 4], seeds=[seed] * 4, prior=prior)[1]
        seconds.append(time.perf_counter() - begun)
        cpu_seconds.append(time.process_time() - cpu_begun)
    captioned([*zip(PROMPTS, cells, strict=True)]).save(out, optimize=True)
    print(f"four pictures: {np.median(seconds):.1f} s (median of {len(seconds)}, {threads} threads)")
    print(f"processor time for four: {np.median(cpu_seconds):.1f} s")
    print(
        f"first stage alone: {fidelity(pipeline.vae, collage, seed=seed):.1f} dB (PSNR, mean of 16 collages)"
    )


def captioned(cells: list[tuple[str, Image.Image]]) -> Image.Image:
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
def fidelity(autoencoder: AutoencoderKL, collage: Collage, *, seed: int) -> float:
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
