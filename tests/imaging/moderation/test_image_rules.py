"""Each picture rule by itself, and inspection as a whole: what cannot be judged is not shown."""

import hashlib
import io
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageEnhance

from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.rules.image import ImageSubject, default_image_rules
from moderation.rules.image.blank import Blank
from moderation.rules.image.blocked_everywhere import Blocked
from moderation.rules.image.size import Size
from moderation.rules.image_judge import ImageJudge
from moderation.vision.hash_lists import HashKind, read_list
from moderation.vision.image_analysis import LocalFeatures, decode
from moderation.vision.pdq import SAME_BITS, distance, pdq, pdq_of_turns, pdq_with_flips
from studio.domain.people import Person, Platform
from studio.domain.provenance import SAME_TURNED_BITS
from studio.domain.requests import Operation, PaintRequest
from studio.domain.verdicts import Ruling
from studio.errors import InspectionError
from studio.ports import Inspected, Inspection

PERSON = Person(platform=Platform.WEB, community="room", user_id="1", display_name="Ada")


def painting(size: tuple[int, int] = (256, 192)) -> Image.Image:
    """A still life of simple shapes, with enough detail to be told from other pictures."""
    image = Image.new("RGB", size, "#88aacc")
    draw = ImageDraw.Draw(image)
    width, height = size
    draw.rectangle((0, height * 2 // 3, width, height), fill="#664422")
    draw.ellipse((width // 6, height // 4, width // 2, height * 5 // 6), fill="#cc2222")
    draw.polygon(
        [(width * 3 // 5, height * 4 // 5), (width * 4 // 5, height // 5), (width - 9, height - 9)],
        fill="#ddcc22",
    )
    return image


def png(image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def request(**fields: Any) -> PaintRequest:
    return PaintRequest(**{"operation": Operation.IMAGINE, "seed": 1, "prompt": "a still life"} | fields)


def inspection(
    data: bytes, kind: Inspected = Inspected.OUTPUT, asked: PaintRequest | None = None
) -> Inspection:
    return Inspection(kind=kind, person=PERSON, png=data, request=asked or request())


def subject(
    image: Image.Image, kind: Inspected = Inspected.OUTPUT, asked: PaintRequest | None = None
) -> ImageSubject:
    return ImageSubject(kind=kind, person=PERSON, sight=LocalFeatures(image), request=asked or request())


# ---- the perceptual hash


def test_hashes_are_those_of_the_reference_implementation() -> None:
    """The expected values were made with the package `pdqhash` 0.2.8 from the same pixels."""
    assert pdq(painting()).hex == "e24b45a423d2152f2c961d61ece5655ba3b554ca1b8d9d5664eba97417713aa9"
    assert pdq(painting((640, 333))).hex == "e25f45ac23d0512e2c941d72e825645ba3b556ce0b8d1d56e6efed7413b1aa89"


def test_a_copy_has_nearly_the_same_hash_and_another_picture_has_not() -> None:
    image = painting((512, 384))
    small = image.resize((200, 150))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=40)
    brighter = ImageEnhance.Brightness(image).enhance(1.2)
    bits = pdq(image).bits
    for copy in (small, Image.open(buffer), brighter):
        assert distance(bits, pdq(copy).bits) <= SAME_BITS
    other = Image.radial_gradient("L").resize((512, 384)).rotate(30)
    assert distance(bits, pdq(other).bits) > 60


def test_the_eight_views_are_those_of_the_turned_picture() -> None:
    image = painting((640, 640))
    views = [view.bits for view in pdq_with_flips(image)]
    assert views[0] == pdq(image).bits
    for turn in Image.Transpose:
        turned = pdq(image.transpose(turn)).bits
        assert min(distance(turned, view) for view in views) <= SAME_BITS


def test_a_flat_picture_has_no_quality() -> None:
    assert pdq(Image.new("RGB", (64, 64), "white")).quality == 0


@pytest.mark.parametrize("degrees", [-2, 1])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("cropped", [False, True])
def test_a_turned_copy_is_nearer_to_the_picture_once_it_is_turned_back(
    degrees: int, mirrored: bool, cropped: bool
) -> None:
    picture = painting((512, 384))
    copy = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else picture
    copy = copy.rotate(degrees, Image.Resampling.BICUBIC)
    if cropped:
        copy = copy.crop((10, 10, 502, 374))
    nearest = min(distance(pdq(picture).bits, view.bits) for view in pdq_of_turns(copy))
    assert nearest <= SAME_TURNED_BITS
    assert nearest < min(distance(pdq(picture).bits, view.bits) for view in pdq_with_flips(copy))


# ---- blocked pictures


def test_a_blocked_picture_is_refused_also_mirrored_and_smaller(tmp_path: Path) -> None:
    path = tmp_path / "blocked.txt"
    path.write_text(f"# reported in May\n{pdq(painting((512, 384))).hex}  # a remark\n", "utf-8")
    rule = Blocked(path)
    for copy in (painting((512, 384)), painting((300, 225)).transpose(Image.Transpose.FLIP_LEFT_RIGHT)):
        finding = rule.judge(subject(copy))
        assert finding is not None
        assert finding.ruling is Ruling.REFUSE
    assert rule.judge(subject(Image.radial_gradient("L").convert("RGB"))) is None


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256"])
def test_the_very_file_of_known_abuse_is_core_however_it_looks(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "abuse.txt"
    path.write_text(f"{kind}:{hashlib.new(kind, b'the file as it came').hexdigest()}\n", "utf-8")
    rule = Blocked(path, name="known_abuse", category=Category.MINORS)
    finding = rule.judge(replace(subject(painting()), original=b"the file as it came"))
    assert finding is not None
    assert (finding.rule, finding.category) == ("known_abuse", Category.MINORS)
    assert rule.judge(replace(subject(painting()), original=b"another file")) is None
    assert rule.judge(subject(painting())) is None


def test_a_list_that_grows_counts_at_once(tmp_path: Path) -> None:
    path = tmp_path / "blocked.txt"
    rule = Blocked(path)
    assert rule.judge(subject(painting())) is None
    path.write_text(pdq(painting()).hex, "utf-8")
    assert rule.judge(subject(painting())) is not None


def test_a_list_with_a_broken_line_judges_nothing_rather_than_less(tmp_path: Path) -> None:
    path = tmp_path / "blocked.txt"
    path.write_text("not a hash\n", "utf-8")
    with pytest.raises(ValueError, match="line 1"):
        Blocked(path).judge(subject(painting()))
    with pytest.raises(InspectionError):
        ImageJudge([Blocked(path)]).judge(inspection(png(painting())))


def test_the_same_hash_twice_counts_once() -> None:
    assert list(read_list("\n".join(["0" * 63 + "1"] * 2))) == [(HashKind.PDQ, 1)]


# ---- blank and wrongly sized paintings


def test_a_blank_painting_is_a_fault_but_a_blank_canvas_may_be_uploaded() -> None:
    black = Image.new("RGB", (64, 64))
    with pytest.raises(ValueError, match="blank"):
        Blank().judge(subject(black))
    assert Blank().judge(subject(black, kind=Inspected.UPLOAD)) is None
    assert Blank().judge(subject(black, asked=request(operation=Operation.EXPAND))) is None
    nearly = black.copy()
    nearly.putpixel((5, 5), (1, 0, 0))
    assert Blank().judge(subject(nearly)) is None


def test_a_painting_of_another_size_is_a_fault() -> None:
    assert Size().judge(subject(painting((256, 192)), asked=request(width=256, height=192))) is None
    assert Size().judge(subject(painting((256, 192)), asked=request(width=250, height=200))) is None
    with pytest.raises(ValueError, match="size"):
        Size().judge(subject(painting((256, 192)), asked=request(width=512, height=192)))
    assert (
        Size().judge(subject(painting((256, 192)), asked=request(operation=Operation.UPSCALE, width=64)))
        is None
    )


# ---- inspection


def test_an_ordinary_painting_passes_and_its_fingerprint_is_told() -> None:
    verdict = ImageJudge(default_image_rules()).judge(inspection(png(painting())))
    assert verdict.allows
    assert verdict.fingerprint == pdq(painting()).hex


def test_a_large_picture_has_nearly_the_fingerprint_of_a_small_one() -> None:
    assert distance(pdq(painting((2600, 1950))).bits, pdq(painting((1300, 975))).bits) <= 8


BROKEN = {
    "empty": b"",
    "text": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "truncated": png(painting())[:-2000],
    "another format": b"GIF89a" + bytes(100),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_whole_picture_is_not_shown(data: bytes) -> None:
    with pytest.raises(InspectionError):
        ImageJudge(()).judge(inspection(data))


def test_an_animated_picture_is_not_shown() -> None:
    data = png(painting(), save_all=True, append_images=[painting().transpose(Image.Transpose.ROTATE_180)])
    with pytest.raises(InspectionError):
        ImageJudge(()).judge(inspection(data))


def test_a_picture_that_unpacks_to_too_much_is_not_even_decoded() -> None:
    with (
        pytest.raises(ValueError, match="pixels"),
        Image.open(io.BytesIO(png(Image.new("1", (9_000, 9_000))))),
    ):
        decode(png(Image.new("1", (9_000, 9_000))))


class Raising:
    name = "raising"

    def judge(self, subject: ImageSubject) -> Finding | None:
        raise ZeroDivisionError


class Hanging:
    name = "hanging"

    def __init__(self) -> None:
        self.released = threading.Event()

    def judge(self, subject: ImageSubject) -> Finding | None:
        self.released.wait()
        return None


def test_a_rule_that_fails_hides_the_picture(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(InspectionError):
        ImageJudge([Raising()]).judge(inspection(png(painting())))
    assert "raising" in caplog.text


def test_a_rule_that_hangs_hides_the_picture() -> None:
    hanging = Hanging()
    try:
        with pytest.raises(InspectionError):
            ImageJudge([hanging], timeout_seconds=0.2).judge(inspection(png(painting())))
    finally:
        hanging.released.set()


class Noting:
    name = "noting"

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []

    def judge(self, subject: ImageSubject) -> Finding | None:
        self.threads.append(threading.current_thread())
        return None


def test_all_rules_look_in_one_thread_that_a_hanging_one_cannot_keep_open() -> None:
    noting = Noting()
    ImageJudge([noting, noting]).judge(inspection(png(painting())))
    first, second = noting.threads
    assert first is second
    assert first.daemon
    assert first is not threading.current_thread()
