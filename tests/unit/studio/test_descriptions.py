"""What a model sees in pictures: asked once, judged, kept, and used as alternative text."""

import io
import json
import threading
from dataclasses import dataclass, field, replace

import pytest
from PIL import Image

from bots.presentation.compose.parts.pictures import alt_text_of
from bots.presentation.subject_lookup import load_subject
from chatelier.doctor.language_models import check_captioner
from chatelier.settings import read_settings
from chatelier.wiring.language_models import open_captioner
from engine.catalog.catalog import ModelCatalogue, ModelEntry
from engine.jobs.picture_descriptions import PictureDescriptions
from studio.chat_models.captioner import ChatCaptioner
from studio.chat_models.chat_completions import ChatCompletions
from studio.chat_models.json_client import JsonClient
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import queries
from studio.domain.events import PictureChanged
from studio.domain.jobs import JobState
from studio.domain.pictures import PictureDescribed
from studio.domain.verdicts import ALLOWED, Ruling
from studio.errors import (
    BadRequestError,
    BannedError,
    ConfigurationError,
    HelperUnavailableError,
    NotFoundError,
)
from studio.ports import Ports
from tests.support.chat_server import dripping, hanging, saying, serving
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job
from tests.support.worker_context import worker_context

SEEN = "A red fox sits in deep snow at dawn."


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (1200, 900), "red").save(out, "PNG")
    return out.getvalue()


@dataclass
class Captioner:
    text: str = SEEN
    asked: list[bytes] = field(default_factory=list)

    def describe(self, picture: bytes, *, model: str = "") -> str:
        self.asked.append(picture)
        if not self.text:
            raise HelperUnavailableError(reason="captioner")
        return self.text


@pytest.fixture
def captioner() -> Captioner:
    return Captioner()


@pytest.fixture
def seeing(ports: Ports, captioner: Captioner) -> Ports:
    return replace(ports, captioner=captioner)


def ask(ports: Ports, call: Call, count: int = 1) -> str:
    return execute(ports, call, "imagine", {"prompt": "a fox", "count": count}).job_id  # type: ignore[union-attr]


@pytest.fixture
def job(ports: Ports, call: Call) -> str:
    return paint_job(ports, ask(ports, call))


def describe(ports: Ports, call: Call, job: str) -> PictureDescribed:
    answer = execute(ports, call, "describe", {"picture": f"{job}.1"})
    assert isinstance(answer, PictureDescribed)
    return answer


def picture(ports: Ports, job: str, index: int = 1):
    with ports.database.read() as session:
        return queries.find_picture(session, f"{job}.{index}")


class TestDescribing:
    def test_it_is_asked_once_and_becomes_the_alternative_text(self, seeing, captioner, call, job):
        assert describe(seeing, call, job).text == SEEN
        assert describe(seeing, replace(call, person=someone("bo")), job) == PictureDescribed(
            picture_id=f"{job}.1", text=SEEN, own=False
        )
        assert len(captioner.asked) == 1
        assert SEEN in alt_text_of(picture(seeing, job))
        assert load_subject(seeing, f"{job}.1", call.person).alt_text == SEEN

    def test_the_owners_words_come_first(self, seeing, call, job):
        execute(seeing, call, "alt", {"picture": f"{job}.1", "text": "my fox"})
        describe(seeing, call, job)
        assert "my fox" in alt_text_of(picture(seeing, job))
        assert SEEN not in alt_text_of(picture(seeing, job))

    def test_what_the_rules_refuse_is_not_said(self, seeing, call, job, monkeypatch):
        verdict = replace(ALLOWED, ruling=Ruling.HOLD)
        monkeypatch.setattr(seeing.gate, "review", lambda admission: verdict)
        with pytest.raises(HelperUnavailableError):
            describe(seeing, call, job)
        assert picture(seeing, job).description == ""

    def test_its_makers_ban_is_not_the_askers(self, seeing, call, job, monkeypatch):
        def judge(admission):
            if admission.person.key == call.person.key:
                raise BannedError(until=None)
            return ALLOWED

        monkeypatch.setattr(seeing.gate, "review", judge)
        assert describe(seeing, replace(call, person=someone("bo")), job).text == SEEN

    def test_without_a_model_it_says_so(self, ports, call, job):
        with pytest.raises(BadRequestError):
            describe(ports, call, job)

    def test_it_is_forgotten_with_its_person(self, seeing, call, job):
        describe(seeing, call, job)
        execute(seeing, call, "forget-me", {"confirm": "yes"})
        with pytest.raises(NotFoundError):
            describe(seeing, replace(call, person=someone("bo")), job)


class TestInTheWorker:
    def test_each_finished_picture_is_described(self, ports, captioner, call):
        job = paint_job(ports, ask(ports, call, 2))
        ports.events.published.clear()
        descriptions = PictureDescriptions(worker_context(ports), captioner)
        with ports.database.read() as session:
            descriptions.add(queries.find_job(session, job))
        descriptions._executor.shutdown(wait=True)
        assert [picture(ports, job, index).description for index in (1, 2)] == [SEEN, SEEN]
        changed = [event.picture_id for event in ports.events.published if isinstance(event, PictureChanged)]
        assert changed == [f"{job}.1", f"{job}.2"]

    def test_held_pictures_are_not_shown_to_it(self, ports, captioner, call):
        job = paint_job(ports, ask(ports, call), state=JobState.HELD)
        descriptions = PictureDescriptions(worker_context(ports), captioner)
        with ports.database.read() as session:
            descriptions.add(queries.find_job(session, job))
        descriptions._executor.shutdown(wait=True)
        assert captioner.asked == []

    def test_a_worker_that_ends_leaves_what_waits(self, ports, call):
        started, may_go = threading.Event(), threading.Event()

        class Slow(Captioner):
            def describe(self, picture: bytes, *, model: str = "") -> str:
                started.set()
                may_go.wait()
                return super().describe(picture)

        captioner = Slow()
        descriptions = PictureDescriptions(worker_context(ports), captioner)
        jobs = [paint_job(ports, ask(ports, replace(call, request_key=str(number)))) for number in range(3)]
        with ports.database.read() as session:
            for job in jobs:
                descriptions.add(queries.find_job(session, job))
        started.wait()
        descriptions.close()
        may_go.set()
        descriptions._executor.shutdown(wait=True)
        assert len(captioner.asked) == 1


def captioner_at(url: str, seconds: float = 5.0) -> ChatCaptioner:
    return ChatCaptioner(ChatCompletions(JsonClient(url, token="secret", timeout_seconds=seconds), "eyes"))


class TestBehindAServer:
    def test_it_sees_a_small_picture_and_no_recipe(self):
        with serving(saying(f' "{SEEN}"\n')) as (url, seen):
            assert captioner_at(url).describe(png()) == SEEN
        [part] = seen[0]["messages"][1]["content"]
        address = part["image_url"]["url"]
        assert address.startswith("data:image/png;base64,")
        assert len(json.dumps(seen[0])) < 50_000

    @pytest.mark.parametrize("content", ["", "x" * 700, "<script>", '{"text": "a fox"}', None, 7])
    def test_an_answer_that_is_none_is_trouble(self, content):
        with serving(saying(content)) as (url, _), pytest.raises(HelperUnavailableError):
            captioner_at(url).describe(png())

    def test_one_that_streams_for_ever_hangs_or_is_away_is_left(self):
        with dripping() as url, pytest.raises(HelperUnavailableError):
            captioner_at(url, 0.3).describe(png())
        with hanging() as url, pytest.raises(HelperUnavailableError):
            captioner_at(url, 0.3).describe(png())
        with pytest.raises(HelperUnavailableError):
            captioner_at("http://127.0.0.1:9/").describe(png())

    def test_what_is_no_picture_is_trouble(self):
        with serving(saying(SEEN)) as (url, seen), pytest.raises(HelperUnavailableError):
            captioner_at(url).describe(b"no picture")
        assert seen == []

    def test_doctor_shows_it_a_picture(self, monkeypatch):
        assert list(check_captioner(read_settings())) == []
        with serving(saying(SEEN)) as (url, seen):
            monkeypatch.setenv("CHATELIER_CAPTIONS__URL", url)
            [finding] = check_captioner(read_settings())
            assert len(seen) == 1
        assert "pictures are described" in finding.said
        [finding] = check_captioner(read_settings())
        assert "no picture is described" in finding.said
        monkeypatch.delenv("CHATELIER_CAPTIONS__URL")
        monkeypatch.setenv("CHATELIER_CAPTIONS__BUNDLED", "true")
        [finding] = check_captioner(read_settings())
        assert "its own pictures" in finding.said


def test_the_encoder_of_a_bundled_model_needs_one(monkeypatch):
    monkeypatch.setenv("CHATELIER_CAPTIONS__BUNDLED", "true")
    other = ModelCatalogue([ModelEntry(name="other", source="./other", family="sd", width=64, height=64)])
    monkeypatch.setattr("chatelier.wiring.model_catalogue.model_catalogue", lambda settings: other)
    with pytest.raises(ConfigurationError, match="no model of the catalogue is a bundled one"):
        open_captioner(read_settings().settings, generates=True)


def test_a_front_end_without_the_folders_model_says_that_it_comes_later(monkeypatch, tmp_path):
    monkeypatch.setenv("CHATELIER_CAPTIONS__FOLDER", str(tmp_path))
    captioner = open_captioner(read_settings().settings, generates=False)
    assert captioner is not None
    with pytest.raises(HelperUnavailableError) as error:
        captioner.describe(png())
    assert error.value.texts[0].code == "helper.not_described"
