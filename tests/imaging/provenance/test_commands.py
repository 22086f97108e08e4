"""`chatelier verify`, `chatelier provenance` and what the doctor says of certificates."""

import json
from datetime import timedelta

import pytest

from chatelier.cli import main
from chatelier.doctor import runner
from chatelier.doctor.findings import Health
from chatelier.doctor.provenance import chain as examine_chain
from chatelier.settings import read_settings
from chatelier.wiring.database import upgrade_database
from chatelier.wiring.provenance import open_signer
from engine.imaging.codecs.encoding import encode_png
from moderation.provenance import certificates
from moderation.provenance.watermark.robustness import photograph
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.domain.requests import Operation
from tests.support.fakes import fake_ports, someone, somewhere
from tests.support.finished_jobs import paint_job

PICTURE = "k3v9m2p4qx7a.2"


@pytest.fixture
def home(tmp_path, monkeypatch, restored_logging):
    monkeypatch.setenv("CHATELIER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "home"


@pytest.fixture
def run(home, capsys):
    def run(*arguments):
        status = main.carry_out(list(arguments))
        output = capsys.readouterr()
        return status, output.out, output.err

    return run


def signed(settings, picture_id):
    signer = open_signer(settings)
    png = encode_png(signer.mark(photograph(256, seed=2), picture_id=picture_id))
    return signer.certify(png, picture_id=picture_id, operation=Operation.IMAGINE)


@pytest.fixture
def file(home, tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(signed(read_settings().settings, PICTURE))
    return path


def test_a_signed_file_is_known_without_any_records(run, file):
    status, out, _ = run("verify", str(file))
    assert status == 0
    assert out.startswith("Made here\n")
    assert "signed with the key of this instance" in out


def test_a_signed_file_is_found_in_the_records(run, home, tmp_path):
    settings = read_settings().settings
    upgrade_database(settings)
    ports = fake_ports(settings.database)
    call = Call(person=someone("ana"), address=somewhere(), request_key="1")
    job_id = execute(ports, call, "imagine", {"prompt": "a red apple", "count": 1}).job_id
    paint_job(ports, job_id)
    ports.database.close()
    path = tmp_path / "picture.png"
    path.write_bytes(signed(settings, f"{job_id}.1"))
    status, out, err = run("verify", str(path))
    assert (status, err) == (0, "")
    assert "Painted by @Ana" in out
    assert f"{job_id}.1" in out
    assert "a red apple" in out
    assert "this studio signed it, and it is unchanged since" in out


def test_programs_get_json(run, file):
    status, out, _ = run("verify", str(file), "--json")
    report = json.loads(out)
    assert (status, report["file"]["mark"], report["records"]["by"]) == (0, PICTURE, "credentials")
    assert report["verification"]["origin"] == "here"


def test_a_file_without_traces_ends_with_1(run, home, tmp_path):
    path = tmp_path / "plain.png"
    path.write_bytes(encode_png(photograph(128, seed=3)))
    status, out, _ = run("verify", str(path))
    assert status == 1
    assert out.startswith("Nothing found\n")
    assert "- Whether AI made it." in out


def test_what_cannot_be_read_is_one_sentence(run, home, tmp_path):
    assert run("verify", str(tmp_path / "gone.png"))[0] == 1
    (tmp_path / "words.png").write_text("words")
    status, _, err = run("verify", str(tmp_path / "words.png"))
    assert status == 1
    assert "not a picture" in err


# ---- certificates


def test_certificates_are_made_once(run, home):
    status, out, _ = run("provenance", "init", "--organization", "Ana's studio")
    assert status == 0
    assert "are made: Ana's studio" in out
    assert "are there already: Ana's studio" in run("provenance", "init")[1]
    status, out, _ = run("provenance", "root")
    assert (status, out.count("BEGIN CERTIFICATE")) == (0, 1)


def test_without_certificates_there_is_no_root_to_print(run, home):
    status, _, err = run("provenance", "root")
    assert status == 1
    assert "chatelier provenance init" in err


def findings():
    return list(examine_chain(read_settings()))


def test_the_doctor_looks_at_the_certificates(run, home, monkeypatch):
    assert ("provenance", examine_chain) in runner.CHECKS
    assert "the first worker makes them" in findings()[0].said
    run("provenance", "init")
    (finding,) = findings()
    assert (finding.health, "Chatelier" in finding.said) == (Health.GOOD, True)
    (home / "provenance" / certificates.KEY_FILE).chmod(0o644)
    assert [finding.health for finding in findings()] == [Health.BAD, Health.GOOD]


@pytest.mark.parametrize(("days", "health"), [(2, Health.BAD), (30, Health.NOTE), (90, Health.GOOD)])
def test_the_doctor_says_when_certificates_end(run, home, monkeypatch, days, health):
    monkeypatch.setattr(certificates, "_DAYS", days)
    monkeypatch.setattr(certificates, "now", lambda: now() - timedelta(days=3))
    run("provenance", "init")
    assert findings()[-1].health is health


def test_the_doctor_says_when_certificates_are_broken_or_switched_off(run, home, monkeypatch):
    run("provenance", "init")
    (home / "provenance" / certificates.CHAIN_FILE).write_text("no certificate")
    assert findings()[0].health is Health.BAD
    monkeypatch.setenv("CHATELIER_PROVENANCE__CREDENTIALS", "false")
    assert "switched off" in findings()[0].said


def test_everything_may_be_switched_off(home, monkeypatch):
    for part in ("SIGNATURE", "MARK", "CREDENTIALS", "METADATA"):
        monkeypatch.setenv(f"CHATELIER_PROVENANCE__{part}", "false")
    assert open_signer(read_settings().settings) is None
    assert not (home / "provenance").exists()
