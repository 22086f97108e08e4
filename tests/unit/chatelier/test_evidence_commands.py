"""`chatelier evidence`: an administrator lists, exports, holds and releases what is kept."""

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chatelier.cli.admin.evidence import evidence_app
from chatelier.doctor import evidence
from chatelier.doctor.findings import Health
from chatelier.runtime import db_schema
from chatelier.settings import load_settings, read_settings
from chatelier.wiring.moderation import evidence_cipher
from moderation.records.evidence import EvidenceDraft, EvidenceKind, save_evidence
from studio.db.database import Database
from studio.errors import ConfigurationError, NotFoundError
from tests.support.fakes import someone


@pytest.fixture
def evidence_id(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setenv("CHATELIER_HOME", str(tmp_path))
    monkeypatch.setenv("CHATELIER_DATABASE_URL", f"sqlite:///{tmp_path}/records.sqlite3")
    draft = EvidenceDraft(
        cipher=evidence_cipher(load_settings()),
        kind=EvidenceKind.MATERIAL,
        words=("what was asked for",),
        files={"judged.png": b"pixels", "original": b"a file"},
    )
    database = Database(load_settings().database)
    db_schema.upgrade(database)
    with database.begin() as session:
        evidence_id = save_evidence(session, draft, someone("ana"), job_id=None, case_id=None).id
    database.close()
    return evidence_id


def run(*arguments: str) -> str:
    found = CliRunner().invoke(evidence_app, list(arguments), catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.output


def test_it_is_listed_exported_for_its_owner_alone_held_and_released(
    evidence_id: str, tmp_path: Path
) -> None:
    assert evidence_id in run("list")
    folder = tmp_path / "bundle"
    assert "3 files" in run("export", evidence_id, str(folder))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["words"] == ["what was asked for"]
    assert {file["name"] for file in manifest["files"]} == {"judged.png", "original"}
    assert (folder / "original").read_bytes() == b"a file"
    assert stat.S_IMODE((folder / "original").stat().st_mode) == 0o600
    with pytest.raises(ConfigurationError, match="Name a new one"):
        run("export", evidence_id, str(folder))
    run("hold", evidence_id, "a request of the police")
    assert "a request of the police" in run("list")
    run("release", evidence_id, "--yes")
    assert evidence_id not in run("list")
    with pytest.raises(NotFoundError):
        run("release", evidence_id, "--yes")


def test_the_key_is_made_once_and_private(evidence_id: str, tmp_path: Path) -> None:
    assert evidence_id
    key = tmp_path / "evidence-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_the_doctor_says_whether_todays_key_decrypts_it(
    evidence_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> list[tuple[str, Health]]:
        return [(finding.said, finding.health) for finding in evidence.evidence(read_settings())]

    assert found() == [("1 kept, and today's key decrypts each", Health.GOOD)]
    monkeypatch.setenv("CHATELIER_MODERATION__EVIDENCE_KEY", "another key, long enough")
    assert found() == [(f"1 of 1 cannot be decrypted: {evidence_id}", Health.BAD)]
    monkeypatch.delenv("CHATELIER_MODERATION__EVIDENCE_KEY")
    (tmp_path / "evidence-key").unlink()
    assert found() == [("1 kept, and the key is not there", Health.BAD)]
    assert not (tmp_path / "evidence-key").exists()


def test_without_evidence_or_records_the_doctor_says_nothing_of_it(
    evidence_id: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run("release", evidence_id, "--yes")
    assert list(evidence.evidence(read_settings())) == []
    monkeypatch.setenv("CHATELIER_DATABASE_URL", f"sqlite:///{tmp_path}/none.sqlite3")
    assert list(evidence.evidence(read_settings())) == []
