r"""How many faces the face finder finds, and how often it sees one where none is.

    python -m moderation.training.face_benchmark --scikit-image scikit_image-0.16.2-*.whl \
        --photographs face_recognition-1.3.0.tar.gz --photographs vladmandic-face-api-1.7.15.tgz

Faces: 100 of Labeled Faces in the Wild, 25 pixels wide, from an old wheel of scikit-image; the photographs of people
in the two packages, each as it is and small in the corner of gravel. No faces: 100 pieces of the same photographs,
scikit-image's other pictures, and the bundled model's cut-outs of things. Nothing of this is in the repository.
"""

import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image

from moderation.vision.face_detection import SURE, house_finder

_PORTRAITS = frozenset({"astronaut.png", "camera.png"})
_TEXTURE = "gravel.png"
_CUTOUTS = Path(__file__).parents[2] / "engine/models/thimble/prior"
_ALIVE = re.compile(
    r"face|person|man|woman|boy|girl|people|animal|adult|child|baby|cat|dog|monkey|bear|head|santa|elf|fairy|genie|"
    r"vampire|zombie|merm|family|couple|kiss|role|prince|ninja|troll|hero|villain|mage|angel|guard|polic|detect|"
    r"construct|ghost|robot|alien|monster|skull|pumpkin|doll|moon|sun|snowman|walking|bird|owl|fish|insect|judge|"
    r"worker|singer|scientist|dancer|teacher|artist|technolog|student|pilot|farmer|cook|mechanic|fight|nurse"
)


def measure(
    scikit_image: Annotated[Path, typer.Option()], photographs: Annotated[list[Path], typer.Option()]
) -> None:
    with zipfile.ZipFile(scikit_image) as archive:
        wild = np.load(io.BytesIO(archive.read("skimage/data/lfw_subset.npy")))
        others = {
            name.rsplit("/")[-1]: image
            for name in archive.namelist()
            if re.fullmatch(r"skimage/data/[^/]+\.(png|jpg)", name)
            and (image := _open_image(archive.read(name)))
        }
    portraits = [image for path in photographs for image in _photographs(path)]
    portraits += [others[name] for name in _PORTRAITS]
    groups = {
        "faces: Labeled Faces in the Wild, 25 pixels": [_enlarge(portrait) for portrait in wild[:100]],
        "faces: photographs": portraits,
        "faces: the same, small": [_in_a_corner(portrait, others[_TEXTURE]) for portrait in portraits],
        "none: pieces of the same photographs": [_enlarge(piece) for piece in wild[100:]],
        "none: other pictures": [image for name, image in others.items() if name not in _PORTRAITS],
        "none: drawn things": list(_things()),
    }
    for title, images in groups.items():
        found = np.array([house_finder().certainty(image) for image in images])
        shares = ", ".join(f"{100 * (found >= at).mean():.1f} from {at}" for at in (0.6, SURE, 0.7, 0.75))
        typer.echo(f"{title}: {len(images)}; percent {shares}")


def _open_image(data: bytes) -> Image.Image | None:
    try:
        return Image.open(io.BytesIO(data)).convert("RGB")
    except OSError:
        return None


def _photographs(package: Path) -> Iterator[Image.Image]:
    with tarfile.open(package) as archive:
        for member in archive:
            if re.search(r"(test_images|demo)/[^/]+\.(jpg|png)$", member.name) and member.size > 100_000:
                file = archive.extractfile(member)
                image = _open_image(file.read()) if file else None
                if image and "screenshot" not in member.name:
                    yield image


def _enlarge(grey: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray((grey * 255).astype(np.uint8)).resize((128, 128), 3).convert("RGB")


def _in_a_corner(image: Image.Image, texture: Image.Image) -> Image.Image:
    small = image.copy()
    small.thumbnail((512, 512))
    ground = texture.resize((1536, 1536))
    ground.paste(small, (768, 768))
    return ground


def _things() -> Iterator[Image.Image]:
    subjects = json.loads((_CUTOUTS / "index.json").read_text("utf-8"))["subjects"]
    with zipfile.ZipFile(_CUTOUTS / "cutouts.zip") as archive:
        for subject in subjects:
            if not _ALIVE.search(" ".join([subject["name"], *subject["keywords"]])):
                stored = archive.read(next(iter(subject["files"].values())))
                cutout = Image.open(io.BytesIO(stored)).convert("RGBA").resize((200, 200))
                ground = Image.new("RGB", (256, 256), "#88bbee")
                ground.paste(cutout, (28, 28), cutout)
                yield ground


if __name__ == "__main__":
    typer.run(measure)
