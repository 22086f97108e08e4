"""The bundled model's encoder describes pictures that the bundled model painted (256 × 256, seed 3, as stored here)."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from chatelier.settings import read_settings
from chatelier.wiring.language_models import BundledCaptions, open_captioner
from engine.layout_prior.vision.layout_captioner import _SCENES, LayoutCaptioner
from engine.layout_prior.vision.layout_encoder import SCENES
from studio.errors import HelperUnavailableError

PICTURES = Path(__file__).parent / "pictures"
THIMBLE = Path(__file__).parents[3] / "engine/models/thimble"


@pytest.fixture(scope="module")
def captioner() -> LayoutCaptioner:
    return LayoutCaptioner(THIMBLE / "prior", models={"thimble"})


def picture(name: str) -> bytes:
    return (PICTURES / f"{name}.webp").read_bytes()


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("fox-forest", "A drawing of a fox in a forest."),
        ("two-cats", "A drawing of a cat on the left and a cat on the right in a room."),
    ],
)
def test_what_is_recognised_is_said(name: str, wanted: str, captioner: LayoutCaptioner) -> None:
    assert captioner.describe(picture(name), model="thimble") == wanted


def test_what_is_not_recognised_is_not_guessed(captioner: LayoutCaptioner) -> None:
    with pytest.raises(HelperUnavailableError):
        captioner.describe(picture("elephant"), model="thimble")


@pytest.mark.parametrize("model", ["sdxl", ""])
def test_pictures_of_other_models_are_refused_unseen(model: str, captioner: LayoutCaptioner) -> None:
    with pytest.raises(HelperUnavailableError):
        captioner.describe(picture("fox-forest"), model=model)


def test_a_broken_picture_or_model_is_no_description(captioner: LayoutCaptioner, tmp_path: Path) -> None:
    with pytest.raises(HelperUnavailableError):
        captioner.describe(b"no picture", model="thimble")
    with pytest.raises(HelperUnavailableError):
        LayoutCaptioner(tmp_path, models={"thimble"}).describe(picture("fox-forest"), model="thimble")


def test_every_scene_has_its_words() -> None:
    assert set(_SCENES) == set(SCENES) - {""}


@dataclass
class Answering:
    text: str

    def describe(self, picture: bytes, *, model: str = "") -> str:
        if not self.text:
            raise HelperUnavailableError(reason="captioner")
        return f"{self.text} {model}"


def test_another_model_describes_what_the_bundled_one_does_not() -> None:
    models = frozenset({"thimble"})
    both = BundledCaptions(Answering("own"), Answering("other"), models=models)
    assert both.describe(b"", model="thimble") == "own thimble"
    assert both.describe(b"", model="sdxl") == "other sdxl"
    assert BundledCaptions(Answering(""), Answering("other"), models=models).describe(
        b"", model="thimble"
    ) == ("other thimble")
    for model in ("thimble", "sdxl"):
        with pytest.raises(HelperUnavailableError):
            BundledCaptions(Answering(""), None, models=models).describe(b"", model=model)


def test_it_is_off_unless_it_is_set_and_front_ends_leave_it_to_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert open_captioner(read_settings().settings, generates=True) is None
    monkeypatch.setenv("CHATELIER_CAPTIONS__BUNDLED", "true")
    worker, front = (
        open_captioner(read_settings().settings, generates=generates) for generates in (True, False)
    )
    assert worker is not None
    assert worker.describe(picture("fox-forest"), model="thimble") == "A drawing of a fox in a forest."
    assert front is not None
    with pytest.raises(HelperUnavailableError) as error:
        front.describe(picture("fox-forest"), model="thimble")
    assert error.value.texts[0].code == "helper.not_described"
