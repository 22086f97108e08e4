"""The command line: answers on standard output, one sentence for a problem, never a traceback."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from chatelier.cli import main
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.database import Database
from studio.errors import ConfigurationError, ServiceError
from tests.support.fakes import fake_ports, someone, somewhere
from tests.support.finished_jobs import paint_job

Run = Callable[..., tuple[int, str, str]]


pytestmark = pytest.mark.usefixtures("restored_logging")


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command in this process: exit status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def carry_out(*arguments: str) -> tuple[int, str, str]:
        status = main.carry_out(list(arguments))
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return carry_out


OF_THE_WINGS = {"policy", "audit"}  # they come with words of their own


def commands() -> list[list[str]]:
    group = typer.main.get_command(main.app)
    found: list[list[str]] = [[]]
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        found.append([name])
        found += [[name, part] for part in getattr(command, "commands", {})]
    return found


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_command_explains_itself_with_an_example(run: Run, path: list[str]) -> None:
    status, out, _ = run(*path, "--help")
    assert status == 0
    assert "Usage:" in out
    is_group = "COMMAND [ARGS]" in out
    assert (
        is_group
        or path[0] in {"version", *OF_THE_WINGS}
        or "chatelier " in out.partition("Usage:")[2].partition("\n")[2]
    )


def test_help_and_light_commands_load_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from chatelier.cli.main import carry_out\n"
        "for arguments in (['--help'], ['config'], ['imagine', '--help'], ['up', '--help']):\n"
        "    assert carry_out(arguments) == 0\n"
        "heavy = {'torch', 'diffusers', 'transformers', 'celery', 'sqlalchemy', 'starlette', 'numpy', 'PIL'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def test_an_unknown_option_is_wrong_use(run: Run) -> None:
    status, _, err = run("config", "--bogus")
    assert status == 2
    assert "--bogus" in err


def failing(error: BaseException) -> Callable[..., None]:
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    return fail


def test_trouble_is_one_sentence_and_status_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "app", failing(ConfigurationError("Set [this] and that.")))
    assert run() == (1, "", "Set [this] and that.\n")


def test_a_defect_is_one_sentence_and_a_file_with_the_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(main, "app", failing(ZeroDivisionError("x")))
    status, out, err = run()
    assert (status, out) == (1, "")
    assert "ZeroDivisionError" in err
    assert "Traceback" not in err
    path = Path(err.strip().rpartition("Details: ")[2])
    assert path.is_relative_to(tmp_path / "home" / "logs")
    assert "Traceback" in path.read_text()


def test_ctrl_c_is_status_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "app", failing(KeyboardInterrupt()))
    assert run() == (130, "", "Stopped.\n")


def test_a_reader_that_has_enough_is_no_problem() -> None:
    command = f"{sys.executable} -m chatelier config --example | head -n 1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("# Settings of Chatelier")
    assert "Traceback" not in done.stderr


def test_config_shows_values_with_their_origin_and_hides_secrets(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATELIER_WEB__PORT", "9001")
    monkeypatch.setenv("CHATELIER_DISCORD__TOKEN", "s3cret-token")
    monkeypatch.setenv("CHATELIER_SERVICE_HOST", "10.0.0.1")
    status, out, err = run("config")
    assert status == 0
    assert "9001" in out
    assert "CHATELIER_WEB__PORT" in out
    assert "s3cret" not in out + err
    assert "(set, hidden)" in out
    assert "CHATELIER_SERVICE_HOST" in err


def test_bad_settings_are_listed_by_every_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_WEB__PORT", "x")
    monkeypatch.setenv("CHATELIER_WORKER__THREADS", "0")
    for command in (
        ["config"],
        ["up"],
        ["worker"],
        ["beat"],
        ["run", "web"],
        ["db", "upgrade"],
        ["models", "list"],
    ):
        status, _, err = run(*command)
        assert status == 1
        assert "CHATELIER_WEB__PORT" in err
        assert "CHATELIER_WORKER__THREADS" in err


def test_a_database_is_brought_up_to_date_once(run: Run, tmp_path: Path) -> None:
    status, _, err = run("db", "status")
    assert status == 1
    assert "chatelier db upgrade" in err
    assert "from empty to schema" in run("db", "upgrade")[1]
    assert "is up to date" in run("db", "upgrade")[1]
    assert run("db", "status")[0] == 0
    assert (tmp_path / "home" / "studio.sqlite3").exists()


@pytest.mark.parametrize("command", [["worker"], ["beat"], ["run", "web"]])
def test_a_process_without_redis_says_what_to_do(run: Run, command: list[str]) -> None:
    run("db", "upgrade")
    status, _, err = run(*command)
    assert status == 1
    assert "CHATELIER_REDIS_URL" in err


@pytest.mark.parametrize("command", [["worker"], ["beat"], ["run", "web"]])
def test_a_process_with_an_outdated_database_says_which_command_to_run(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("CHATELIER_REDIS_URL", "redis://127.0.0.1:1/0")
    status, _, err = run(*command)
    assert status == 1
    assert "chatelier db upgrade" in err


def test_a_home_that_cannot_be_made_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_HOME", "/proc/nowhere")
    status, _, err = run("up")
    assert status == 1
    assert "CHATELIER_HOME" in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["bad name", "/tmp"], "not a valid model name"),
        (["ours", "/nowhere"], "There is no folder"),
        (["ours", "/tmp", "--dtype", "int8"], "--dtype"),
        (["ours", "/tmp", "--family", "novel"], "--family"),
    ],
)
def test_a_model_that_cannot_be_is_not_added(
    run: Run, tmp_path: Path, arguments: list[str], says: str
) -> None:
    status, _, err = run("models", "add", *arguments)
    assert status == 1
    assert says in err
    assert not (tmp_path / "home" / "models.toml").exists()


def test_the_default_model_must_be_one_of_the_catalogue(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_MODEL", "nope")
    status, _, err = run("models", "list")
    assert status == 1
    assert "CHATELIER_MODEL" in err
    assert "thimble" in err


def test_version_names_what_matters(run: Run) -> None:
    _, out, _ = run("version")
    assert out.startswith("chatelier ")
    assert "celery" in out


def findings(out: str) -> dict[str, list[dict[str, str]]]:
    grouped: dict[str, list[dict[str, str]]] = {}
    for finding in json.loads(out):
        grouped.setdefault(finding["subject"], []).append(finding)
    return grouped


def test_the_doctor_names_each_trouble_and_its_cure(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHATELIER_DATABASE_URL", "postgresql://me:s3cret@127.0.0.1:1/studio")
    monkeypatch.setenv("CHATELIER_REDIS_URL", "redis://:s3cret@127.0.0.1:1/0")
    monkeypatch.setenv("CHATELIER_STORAGE_URL", "/proc/nowhere")
    monkeypatch.setenv("CHATELIER_DISCORD__TOKEN", "s3cret")
    monkeypatch.setenv("CHATELIER_SLACK__BOT_TOKEN", "xoxb-1234567890-s3cret")
    monkeypatch.setenv("CHATELIER_SLACK__APP_TOKEN", "s3cret")
    monkeypatch.setenv("CHATELIER_MODERATION__WORD_LIST", str(tmp_path / "words.txt"))
    status, out, err = run("doctor", "--json")
    found = findings(out)
    assert status == 1
    assert "s3cret" not in out + err
    for subject in ("database", "redis", "storage", "discord", "word list"):
        assert found[subject][0]["health"] == "bad", subject
        assert found[subject][0]["fix"]
    assert [finding["health"] for finding in found["slack"][:2]] == ["good", "bad"]
    assert found["disk"]
    assert found["home"][0]["health"] == "good"


def test_the_doctor_finds_an_outdated_database_and_open_access(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import sqlite3

    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    sqlite3.connect(home / "studio.sqlite3").close()
    (tmp_path / "chatelier.toml").write_text("[web]\nport = 9009\n")
    (tmp_path / "chatelier.toml").chmod(0o644)
    _, out, _ = run("doctor", "--json")
    found = findings(out)
    assert found["database"][0]["fix"] == "chatelier db upgrade"
    assert found["home"][0]["fix"] == f"chmod 700 {home}"
    assert "chmod 600" in found["settings"][1]["fix"]


def test_the_doctor_lists_bad_settings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_WEB__PORT", "x")
    status, out, _ = run("doctor")
    assert status == 1
    assert "CHATELIER_WEB__PORT" in out
    assert "1 to mend." in out


def test_the_doctor_tells_of_a_taken_port(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("CHATELIER_WEB__PORT", str(taken.getsockname()[1]))
        _, out, _ = run("doctor", "--json")
    assert findings(out)["web"][0]["health"] == "bad"


def test_the_tree_of_errors_is_caught_at_its_root(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "app", failing(ServiceError("Just so.")))
    assert run() == (1, "", "Just so.\n")


def test_services_that_do_not_answer_are_named_at_the_start(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatelier.launcher import launch

    monkeypatch.setattr(
        launch, "_require_model", lambda _settings: None
    )  # a fresh checkout may lack the weights
    monkeypatch.setenv("CHATELIER_DATABASE_URL", "postgresql://me:s3cret@127.0.0.1:1/studio")
    status, _, err = run("up")
    assert status == 1
    assert err.startswith("The database postgresql://me:***@127.0.0.1:1/studio does not answer")
    assert "CHATELIER_DATABASE_URL" in err
    monkeypatch.delenv("CHATELIER_DATABASE_URL")
    monkeypatch.setenv("CHATELIER_REDIS_URL", "redis://:s3cret@127.0.0.1:1/0")
    status, _, err = run("up")
    assert status == 1
    assert err.startswith("Redis at redis://:***@127.0.0.1:1/0 does not answer")


@pytest.mark.parametrize("command", [["db", "upgrade"], ["digest"], ["up"], ["audit", "verify"]])
def test_a_database_file_that_is_damaged_is_named_with_what_to_do(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    from chatelier.launcher import launch

    monkeypatch.setattr(launch, "_require_model", lambda _settings: None)
    (tmp_path / "broken.sqlite3").write_bytes(b"no database" * 500)
    monkeypatch.setenv("CHATELIER_DATABASE_URL", f"sqlite:///{tmp_path / 'broken.sqlite3'}")
    status, _, err = run(*command)
    assert status == 1
    output = " ".join(err.split())
    assert "file is not a database" in output
    assert "put a copy from before in its place" in output or "name another with --database" in output


def test_the_audit_of_an_empty_database_says_which_command_to_run(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATELIER_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    status, _, err = run("audit", "verify")
    assert status == 1
    assert "chatelier db upgrade" in " ".join(err.split())


def test_the_doctor_says_what_to_do_about_a_storage_that_cannot_be_used(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("CHATELIER_STORAGE_URL", str(tmp_path / "file" / "storage"))
    _, out, _ = run("doctor", "--json")
    finding = findings(out)["storage"][0]
    assert "cannot be used" in finding["said"]
    assert "CHATELIER_STORAGE_URL" in finding["fix"]


def test_the_digest_tells_what_was_asked_for(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'studio.sqlite3'}"
    monkeypatch.setenv("CHATELIER_DATABASE_URL", url)
    run("db", "upgrade")
    assert "Nothing was asked for" in run("digest")[1]
    ports = replace(fake_ports(f"sqlite:///{tmp_path / 'fake.sqlite3'}"), database=Database(url))
    call = Call(person=someone("ana"), address=somewhere(), request_key="cli:digest")
    execute(ports, call, "imagine", {"prompt": "a boat"})
    ports.database.close()
    status, out, _ = run("digest", "--days", "1")
    assert status == 0
    assert "web room" in out
    assert "Jobs: 1 (0 done, 0 refused, 0 failed). People: 1." in out


def test_the_rules_and_the_audit_are_the_instances_own_unless_others_are_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = tmp_path / "words.txt"
    words.write_text("zebra\n")
    monkeypatch.setenv("CHATELIER_MODERATION__WORD_LIST", str(words))
    _, out, _ = run("policy", "test", "a zebra")
    assert "verdict: refuse" in out
    assert run("db", "upgrade")[0] == 0
    status, out, err = run("audit", "verify")
    assert (status, err) == (0, "")
    assert "the chain is whole" in out


def test_top_shows_an_empty_installation_without_a_running_redis(run: Run) -> None:
    assert run("db", "upgrade")[0] == 0
    status, out, _ = run("top", "--json")
    assert status == 0
    assert json.loads(out)["communities"] == []
    status, out, _ = run("top", "--once")
    assert status == 0
    assert "0 waiting, 0 painting, 0 devices" in out
    assert run("db", "recount")[0] == 0
    assert "0 pictures measured, 0 sizes corrected; 0 uploads corrected." in run("db", "measure")[1]


def test_a_backup_without_the_pictures_ends_with_status_1(run: Run, tmp_path: Path) -> None:
    from chatelier.settings import load_settings
    from engine.storage import open_store

    assert run("db", "upgrade")[0] == 0
    ports = replace(fake_ports(load_settings().database), store=open_store(str(tmp_path / "another storage")))
    call = Call(person=someone("ana"), address=somewhere(), request_key="job")
    paint_job(ports, execute(ports, call, "imagine", {"prompt": "a boat"}).job_id)
    ports.database.close()
    status, out, err = run("backup", "saved")
    assert status == 1
    assert "files that records name were not in the storage" in out
    assert "CHATELIER_STORAGE_URL" in err


def test_a_backup_and_its_restoration_say_what_they_did(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("db", "upgrade")[0] == 0
    status, out, err = run("backup", "saved")
    assert status == 0, err
    assert out.strip().endswith("saved: 0 records, 0 files (0.0 MiB).")
    assert run("backup", "saved")[0] == 1
    monkeypatch.setenv("CHATELIER_HOME", str(tmp_path / "other"))
    status, out, err = run("restore", "saved")
    assert status == 0, err
    assert run("db", "status")[0] == 0
    status, _, err = run("restore", "nowhere")
    assert status == 1
    assert "is no backup" in err
