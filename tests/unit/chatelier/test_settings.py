"""Settings: from the environment and a file, every problem at once, secrets never shown."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from chatelier.settings import InvalidSettingsError, load_settings, read_settings
from chatelier.settings.display import effective, example_file
from chatelier.settings.loader import setting_names, variable_of
from chatelier.settings.redaction import mask_url


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "somewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def problems() -> dict[str, str]:
    with pytest.raises(InvalidSettingsError) as caught:
        read_settings()
    return {problem.setting: f"{problem.fault} {problem.fix}" for problem in caught.value.problems}


def test_everything_has_a_default(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.home == tmp_path / "home"
    assert settings.database == f"sqlite:///{tmp_path}/home/studio.sqlite3"
    assert settings.storage == f"{tmp_path}/home/storage"
    assert settings.redis_url is None
    assert settings.web.is_loopback
    assert settings.discord.api_url == "https://discord.com/api/v10"


def test_the_environment_wins_over_the_file(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_folder / "chatelier.toml").write_text("[web]\nport = 9001\nname = 'Ours'\n")
    monkeypatch.setenv("CHATELIER_WEB__PORT", "9002")
    loaded = read_settings()
    assert (loaded.settings.web.port, loaded.settings.web.name) == (9002, "Ours")
    assert loaded.origin("web.port") == "CHATELIER_WEB__PORT"
    assert loaded.origin("web.name") == str(empty_folder / "chatelier.toml")
    assert loaded.origin("web.host") == "default"


def test_the_settings_file_is_in_the_home_folder_or_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "chatelier.toml").write_text("model = 'ours'\n")
    assert load_settings().model == "ours"
    named = tmp_path / "other.toml"
    named.write_text("model = 'theirs'\n")
    monkeypatch.setenv("CHATELIER_CONFIG", str(named))
    assert load_settings().model == "theirs"


def test_an_empty_value_means_unset(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_REDIS_URL", "")
    (empty_folder / "chatelier.toml").write_text("model = ''\n[discord]\ntoken = ''\n")
    settings = load_settings()
    assert settings.redis_url is None
    assert settings.model is None
    assert settings.discord.token is None


def test_every_setting_may_be_empty_as_compose_gives_what_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    default = load_settings().model_dump(exclude={"home"})
    for name in setting_names():
        monkeypatch.setenv(variable_of(name), "")
    assert load_settings().model_dump(exclude={"home"}) == default


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CHATELIER_DATABASE_URL", "postgresql://me:s3cret@host:port/studio"),
        ("CHATELIER_REDIS_URL", "redis://:s3cret@host:abc/0"),
        ("CHATELIER_REDIS_URL", "redis://:s3cret@[host/0"),
        ("CHATELIER_SLACK__API_URL", "https://["),
        ("CHATELIER_DISCORD__API_URL", "https://"),
    ],
)
def test_a_url_that_cannot_be_read_is_a_problem_without_its_password(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    problem = problems()[variable]
    assert "look at its host" in problem
    assert "s3cret" not in problem


def test_a_sqlite_url_with_two_slashes_is_corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_DATABASE_URL", "sqlite://tmp/studio.sqlite3")
    assert "sqlite:////folder/file" in problems()["CHATELIER_DATABASE_URL"]


@pytest.mark.parametrize("url", ["postgresql://me:p[a@host/studio", "sqlite:///x.db", "sqlite:////tmp/x.db"])
def test_urls_that_the_database_can_read_are_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("CHATELIER_DATABASE_URL", url)
    assert load_settings().database == url


@pytest.mark.parametrize(("written", "read"), [("1", (1,)), ("0,1", (0, 1)), ("2, 3", (2, 3))])
def test_one_shard_of_several_may_be_named(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch, written: str, read: tuple[int, ...]
) -> None:
    monkeypatch.setenv("CHATELIER_DISCORD__SHARD_COUNT", "4")
    monkeypatch.setenv("CHATELIER_DISCORD__SHARD_IDS", written)
    assert load_settings().discord.shard_ids == read
    monkeypatch.delenv("CHATELIER_DISCORD__SHARD_IDS")
    (empty_folder / "chatelier.toml").write_text("[discord]\nshard_ids = 3\n")
    assert load_settings().discord.shard_ids == (3,)


def test_every_problem_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_WEB__PORT", "80a")
    monkeypatch.setenv("CHATELIER_WORKER__DEVICE", "banana")
    monkeypatch.setenv("CHATELIER_WORKER__LOW_VRAM", "all")
    monkeypatch.setenv("CHATELIER_LIMITS__MAX_PICTURES", "-3")
    monkeypatch.setenv("CHATELIER_LOG__LEVEL", "loud")
    monkeypatch.setenv("CHATELIER_REDIS_URL", "http://redis")
    monkeypatch.setenv("CHATELIER_SLACK__BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("CHATELIER_DATABSE_URL", "sqlite:///x")
    monkeypatch.setenv("CHATELIER_WEB__PROT", "1")
    found = problems()
    assert "whole number" in found["CHATELIER_WEB__PORT"]
    assert "it takes cpu, mps, cuda" in found["CHATELIER_WORKER__DEVICE"]
    assert "must be 'off', 'parts' or 'whole', not “all”" in found["CHATELIER_WORKER__LOW_VRAM"]
    assert "must be greater than or equal to 1, not “-3”" in found["CHATELIER_LIMITS__MAX_PICTURES"]
    assert "warning" in found["CHATELIER_LOG__LEVEL"]
    assert "redis://" in found["CHATELIER_REDIS_URL"]
    assert "app_token" in found["CHATELIER_SLACK__…"]
    assert "Did you mean CHATELIER_DATABASE_URL?" in found["CHATELIER_DATABSE_URL"]
    assert "Did you mean CHATELIER_WEB__PORT?" in found["CHATELIER_WEB__PROT"]


def test_a_problem_in_the_file_names_the_file(empty_folder: Path) -> None:
    (empty_folder / "chatelier.toml").write_text("modell = 'x'\n[web]\nport = 'many'\n")
    found = problems()
    assert f"modell in {empty_folder / 'chatelier.toml'}" in found
    assert f"web.port in {empty_folder / 'chatelier.toml'}" in found


def test_a_file_that_is_not_toml_is_said_with_its_place(empty_folder: Path) -> None:
    (empty_folder / "chatelier.toml").write_text("[web\n")
    assert "line 1" in problems()[str(empty_folder / "chatelier.toml")]


def test_a_named_file_that_is_missing_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_CONFIG", "/nowhere/chatelier.toml")
    assert "/nowhere/chatelier.toml" in problems()["CHATELIER_CONFIG"]


def test_a_server_open_to_others_needs_an_invite_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_WEB__HOST", "0.0.0.0")
    assert "invite" in problems()["CHATELIER_WEB__…"]
    monkeypatch.setenv("CHATELIER_WEB__INVITE", "open sesame")
    assert not load_settings().web.is_loopback


def test_a_whole_section_in_one_variable_is_a_problem_and_not_a_crash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHATELIER_LIMITS", "{")
    assert "CHATELIER_LIMITS__" in problems()["CHATELIER_LIMITS"]


def test_variables_that_orchestrators_set_only_earn_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_SERVICE_HOST", "10.0.0.1")
    assert "CHATELIER_SERVICE_HOST" in read_settings().warnings[0]


SECRETS = {
    "CHATELIER_DISCORD__TOKEN": "s3cret-discord",
    "CHATELIER_SLACK__BOT_TOKEN": "s3cret-slack",
    "CHATELIER_SLACK__APP_TOKEN": "s3cret-app",
    "CHATELIER_SLACK__SIGNING_SECRET": "s3cret-signing",
    "CHATELIER_WEB__INVITE": "s3cret-invite",
    "CHATELIER_WEB__MODERATOR_INVITE": "s3cret-moderators",
    "CHATELIER_WEB__SECRET": "s3cret-session-key",
    "CHATELIER_DATABASE_URL": "postgresql://me:s3cret-db@host/studio",
    "CHATELIER_REDIS_URL": "redis://:s3cret-redis@host:6379/0",
}


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    loaded = read_settings()
    shown = repr(loaded) + str(loaded.settings) + str(effective(loaded))
    assert "s3cret" not in shown
    assert "postgresql://me:***@host/studio" in shown


def test_no_secret_is_in_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_REDIS_URL", "s3cret")
    monkeypatch.setenv("CHATELIER_WEB__SECRET", "s3cret")
    with pytest.raises(InvalidSettingsError) as caught:
        read_settings()
    assert len(caught.value.problems) == 2
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("redis://:word@host:1/0", "redis://:***@host:1/0"),
        ("postgresql://me:word@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me:w@rd@host/db", "postgresql://me:***@host/db"),
        ("postgresql://host/db", "postgresql://host/db"),
        ("sqlite:////srv/studio.sqlite3", "sqlite:////srv/studio.sqlite3"),
    ],
)
def test_urls_are_masked(url: str, masked: str) -> None:
    assert mask_url(url) == masked


def test_the_example_is_valid_and_names_every_setting(empty_folder: Path) -> None:
    text = example_file()
    sections = ("discord", "slack", "web", "limits", "retention", "worker", "speed", "moderation")
    sections += ("provenance", "helper", "captions", "operator", "mail", "log", "traces")
    assert tomllib.loads(text) == {section: {} for section in sections}
    for name in setting_names():
        assert f"#{name.rpartition('.')[2]} = " in text
    uncommented = "\n".join(
        line.removeprefix("#") if line.startswith("#") and " = " in line and line[1] != " " else line
        for line in text.splitlines()
    )
    (empty_folder / "chatelier.toml").write_text(uncommented.replace('"~/.chatelier"', '""'))
    assert load_settings().model_dump(exclude={"home"}) == _defaults()


def _defaults() -> dict[str, object]:
    Path("chatelier.toml").unlink()
    return load_settings().model_dump(exclude={"home"})


def test_names_are_spelt_as_documented() -> None:
    variables = {variable_of(name) for name in setting_names()}
    assert {
        "CHATELIER_HOME",
        "CHATELIER_DATABASE_URL",
        "CHATELIER_REDIS_URL",
        "CHATELIER_STORAGE_URL",
        "CHATELIER_MODEL",
        "CHATELIER_DISCORD__TOKEN",
        "CHATELIER_DISCORD__API_URL",
        "CHATELIER_DISCORD__GATEWAY_URL",
        "CHATELIER_SLACK__BOT_TOKEN",
        "CHATELIER_SLACK__APP_TOKEN",
        "CHATELIER_SLACK__SIGNING_SECRET",
        "CHATELIER_SLACK__PORT",
        "CHATELIER_SLACK__API_URL",
        "CHATELIER_WEB__HOST",
        "CHATELIER_WEB__PORT",
    } <= variables


def test_nothing_is_read_when_the_module_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_WEB__PORT", "nonsense")
    subprocess.run(
        [sys.executable, "-c", "import chatelier.settings, chatelier.cli.main"], check=True, cwd=_root()
    )


def _root() -> Path:
    return Path(__file__).resolve().parents[3]
