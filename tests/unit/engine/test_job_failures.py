"""Jobs that fail or whose pictures are judged: each ends once and costs nothing unpainted."""

import pytest

from bots.presentation.compose.job_message import end_sentence
from bots.texts.coded.sentences import say_stored
from engine.imaging.codecs.recipe_metadata import read_recipe
from studio.commands.registry import execute
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.domain.requests import Source
from studio.domain.verdicts import ALLOWED, Ruling, Verdict
from studio.errors import (
    InspectionError,
    ModelLoadError,
    NotSupportedError,
    StorageError,
)
from tests.support import job_runner
from tests.support.job_runner import entries, read
from tests.support.sentences import error_text

brush = job_runner.brush
leases = job_runner.leases
work = job_runner.work
job = job_runner.job


class TestFailing:
    @pytest.mark.parametrize(
        "error", [NotSupportedError("operation", model="m", operation="edit", able=("vary",)), StorageError()]
    )
    def test_a_failure_is_told_and_paid_back(self, ports, work, brush, job, error):
        def fail(order, cancelled):
            raise error

        brush.act = fail
        work.run(job)
        ended, _ = read(ports, job)
        assert (ended.state, ended.error_code) == (JobState.FAILED, error.code)
        assert ended.error_text is not None
        assert say_stored(ended.error_text) == error_text(error)
        assert entries(ports, job) == {"reserve": -4, "release": 4}

    def test_what_an_operator_can_do_is_in_the_log_and_not_in_the_message(
        self, ports, work, brush, job, caplog
    ):
        def fail(order, cancelled):
            raise ModelLoadError("The file unet.safetensors is damaged.")

        brush.act = fail
        work.run(job)
        assert "job failed: The file unet.safetensors is damaged." in caplog.messages
        sentence = say_stored(read(ports, job)[0].error_text)
        assert sentence == "The model cannot be loaded. Please tell an administrator."

    def test_what_an_earlier_version_stored_is_shown_as_it_is(self, ports, job):
        with ports.database.begin() as session:
            row = session.get_one(JobRow, job)
            row.state, row.error_code, row.error_text = (
                JobState.FAILED,
                "storage",
                "The disk was full, sorry.",
            )
        assert end_sentence(read(ports, job)[0]) == "The disk was full, sorry."

    def test_a_defect_is_told_without_its_inside(self, ports, work, brush, job):
        def fail(order, cancelled):
            raise ZeroDivisionError("secret path /srv/x")

        brush.act = fail
        work.run(job)
        ended, _ = read(ports, job)
        assert ended.state is JobState.FAILED
        assert "secret" not in ended.error_text

    def test_a_missing_source_is_told(self, ports, work, call):
        job = execute(ports, call, "upscale", {"image": Source(key="gone.png")}).job_id
        work.run(job)
        assert read(ports, job)[0].error_code == "not_found"

    def test_an_unreadable_source_is_told(self, ports, work, call):
        key = ports.store.put(b"no picture", suffix=".png")
        job = execute(ports, call, "upscale", {"image": Source(key=key)}).job_id
        work.run(job)
        assert read(ports, job)[0].state is JobState.FAILED

    def test_a_full_store_leaves_no_half_job(self, ports, work, job):
        ports.store.error = StorageError()
        work.run(job)
        ended, pictures = read(ports, job)
        assert (ended.state, pictures) == (JobState.FAILED, [])


class TestInspecting:
    def test_pictures_that_cannot_be_inspected_are_not_shown(self, ports, work, job):
        ports.gate.inspect_error = InspectionError()
        work.run(job)
        ended, pictures = read(ports, job)
        assert (ended.state, ended.error_code, pictures) == (JobState.FAILED, "inspection", [])
        assert ports.store.blobs == {}

    def test_refused_pictures_are_not_stored_and_not_charged(self, ports, work, job):
        ports.gate.picture_verdict = Verdict(ruling=Ruling.REFUSE, rule="nudity", category="sexual")
        work.run(job)
        ended, _ = read(ports, job)
        assert ended.state is JobState.REFUSED
        assert ports.store.blobs == {}
        assert entries(ports, job) == {"reserve": -4, "release": 4}

    def test_one_picture_against_the_core_takes_all_along_and_the_words(self, ports, work, job, monkeypatch):
        refused = Verdict(ruling=Ruling.REFUSE, rule="r", category="minors", appealable=False)

        def inspect(inspection):
            with ports.database.begin() as session:  # as when the account is frozen for it
                session.get_one(JobRow, job).cancel_requested = True
            work._leases.cancel(job)
            return refused if read_recipe(inspection.png).seed == 8 else ALLOWED

        monkeypatch.setattr(ports.gate, "inspect", inspect)
        work.run(job)
        ended, pictures = read(ports, job)
        assert (ended.state, ended.error_code, ended.request.prompt) == (JobState.REFUSED, "core", "")
        assert list(pictures) == []

    def test_one_refused_picture_does_not_take_the_others_along(self, ports, work, job):
        def inspect(inspection):
            ruling = Ruling.REFUSE if read_recipe(inspection.png).seed == 8 else Ruling.ALLOW
            return Verdict(ruling=ruling, rule="nudity", category="sexual")

        ports.gate.inspect = inspect
        work.run(job)
        ended, pictures = read(ports, job)
        assert ended.state is JobState.DONE
        assert [picture.index for picture in pictures] == [1, 3, 4]
        assert entries(ports, job) == {"reserve": -4, "capture": 1}

    def test_a_held_picture_holds_the_job_and_its_credits(self, ports, work, job):
        ports.gate.picture_verdict = Verdict(ruling=Ruling.HOLD, rule="face", category="named persons")
        work.run(job)
        assert read(ports, job)[0].state is JobState.HELD
        assert entries(ports, job) == {"reserve": -4}
