"""docker-compose.yml and the images, without an engine: by the Compose Specification and the rules here."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

OURS = {"migrate", "worker", "worker-cpu", "beat", "web", "discord", "slack"}
SECRET = re.compile(r"(?i)(token|secret|password|key|invite)")


@pytest.fixture(scope="module")
def compose(repository: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((repository / "docker-compose.yml").read_text())
    return loaded


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose["services"]
    return found


def test_it_is_valid_by_the_compose_specification(compose: dict[str, Any], repository: Path) -> None:
    schema = json.loads((repository / "tests" / "fixtures" / "compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(compose)


def test_the_specification_would_notice_a_mistake(compose: dict[str, Any], repository: Path) -> None:
    schema = json.loads((repository / "tests" / "fixtures" / "compose-spec.json").read_text())
    wrong = compose | {"services": {"web": {"imagine": "a red apple"}}}
    assert not jsonschema.Draft7Validator(schema).is_valid(wrong)


def test_every_part_of_the_instance_has_its_service(services: dict[str, Any]) -> None:
    assert set(services) == OURS | {"redis", "postgres"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_commands_are_real(name: str, services: dict[str, Any]) -> None:
    from typer.main import get_command

    from chatelier.cli import main

    command: Any = get_command(main.app)
    for word in services[name]["command"]:
        if hasattr(command, "commands"):
            assert word in command.commands, f"chatelier has no command {word}"
            command = command.commands[word]
        else:
            # The rest are arguments: let the command itself parse them.
            rest = services[name]["command"][services[name]["command"].index(word) :]
            command.make_context(word, rest, resilient_parsing=True)
            break


@pytest.mark.parametrize("name", sorted(OURS - {"migrate"}))
def test_nothing_starts_before_redis_and_the_migrated_database(name: str, services: dict[str, Any]) -> None:
    assert services[name]["depends_on"]["redis"]["condition"] == "service_healthy"
    assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_the_migration_runs_once_on_a_database_that_answers(services: dict[str, Any]) -> None:
    assert services["migrate"]["restart"] == "no"
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


@pytest.mark.parametrize("name", sorted(OURS | {"redis", "postgres"}))
def test_nothing_runs_as_root_or_gains_rights(name: str, services: dict[str, Any]) -> None:
    service = services[name]
    assert service["user"].split(":")[0] not in {"root", "0", ""}
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["read_only"] is True
    assert not service.get("privileged", False)


def test_redis_keeps_its_queue_on_disk_and_never_evicts(services: dict[str, Any]) -> None:
    command = services["redis"]["command"]
    assert command[command.index("--appendonly") + 1] == "yes"
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
    assert services["redis"]["volumes"] == ["redis:/data"]


def test_only_the_worker_reserves_gpus_and_a_profile_paints_without(services: dict[str, Any]) -> None:
    (device,) = services["worker"]["deploy"]["resources"]["reservations"]["devices"]
    assert device["driver"] == "nvidia"
    assert device["capabilities"] == ["gpu"]
    assert services["worker"]["profiles"] == ["gpu"]
    assert services["worker-cpu"]["profiles"] == ["cpu"]
    assert [name for name in services if "deploy" in services[name]] == ["worker"]


def test_long_running_services_say_whether_they_are_well(services: dict[str, Any]) -> None:
    assert {name for name in services if "healthcheck" not in services[name]} == {"migrate"}


@pytest.mark.parametrize("name", sorted(OURS - {"migrate"}))
def test_a_process_that_hangs_is_killed_by_its_check_and_restarted(
    name: str, services: dict[str, Any], stages: dict[str, list[str]]
) -> None:
    service = services[name]
    ready = service["command"][service["command"].index("--ready-file") + 1]
    assert f"healthcheck {ready}" in " ".join(service["healthcheck"]["test"])
    assert service["restart"] == "unless-stopped"
    assert any("docker/healthcheck.sh /usr/local/bin/healthcheck" in line for line in stages["base"])


class Checked:
    """A process with its heartbeat files, and the health check of its container."""

    def __init__(self, folder: Path, script: Path) -> None:
        self.ready, self.alive = folder / "ready", folder / "ready.alive"
        self.process = subprocess.Popen(["sleep", "3600"])
        self._script = script

    def write(self, *files: Path, minutes_ago: int = 0) -> None:
        written_at = time.time() - 60 * minutes_ago
        for file in files:
            file.write_text(str(self.process.pid))
            os.utime(file, (written_at, written_at))

    def check(self) -> int:
        environment = {**os.environ, "HEALTHCHECK_GRACE_SECONDS": "0"}
        return subprocess.run(["sh", str(self._script), str(self.ready)], env=environment).returncode

    @property
    def runs(self) -> bool:
        return self.process.poll() is None


@pytest.fixture
def checked(tmp_path: Path, repository: Path) -> Iterator[Checked]:
    made = Checked(tmp_path, repository / "docker" / "healthcheck.sh")
    yield made
    made.process.kill()
    made.process.wait()


def test_the_check_leaves_alone_what_starts_what_is_well_and_what_waits(checked: Checked) -> None:
    assert checked.check() != 0, "it has not started yet"
    checked.write(checked.ready, checked.alive)
    assert checked.check() == 0
    checked.ready.unlink()  # Discord is away
    assert checked.check() != 0
    assert checked.runs


def test_the_check_kills_what_hangs_also_when_it_does_not_listen(checked: Checked) -> None:
    checked.process.send_signal(signal.SIGSTOP)
    checked.write(checked.ready, checked.alive, minutes_ago=3)
    assert checked.check() != 0
    assert checked.process.wait(300) == -signal.SIGKILL


def test_databases_are_not_reachable_from_outside_and_the_web_server_only_from_this_machine(
    services: dict[str, Any],
) -> None:
    assert {name for name in services if "ports" in services[name]} == {"web", "slack"}
    for name in ("web", "slack"):
        (port,) = services[name]["ports"]
        assert port.startswith(f"${{{name.upper()}_ADDRESS:-127.0.0.1}}:")


def test_no_secret_is_written_into_it(services: dict[str, Any]) -> None:
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if SECRET.search(name):
                assert value.startswith("${"), f"{name} must come from .env"


def test_every_variable_it_asks_for_is_explained_in_the_example(repository: Path) -> None:
    asked = set(re.findall(r"\$\{(\w+)", (repository / "docker-compose.yml").read_text()))
    example = (repository / ".env.example").read_text()
    assert asked
    assert {name for name in asked if not re.search(rf"^#? ?{name}=", example, re.M)} == set()


def test_the_example_holds_no_secret(repository: Path) -> None:
    for line in (repository / ".env.example").read_text().splitlines():
        name, separator, value = line.lstrip("# ").partition("=")
        if separator and SECRET.search(name):
            assert value == "", f"{name} has a value in .env.example"


def test_every_setting_it_gives_exists(repository: Path, services: dict[str, Any]) -> None:
    from chatelier.settings.settings import Settings

    given = {name for service in services.values() for name in service.get("environment", {})}
    given |= set(
        re.findall(r"^(?:# )?(CHATELIER_\w+)=", (repository / ".env.example").read_text(), re.MULTILINE)
    )
    for name in {name for name in given if name.startswith("CHATELIER_")}:
        fields: Any = Settings.model_fields
        *sections, last = name.removeprefix("CHATELIER_").lower().split("__")
        for section in sections:
            fields = fields[section].annotation.model_fields
        assert last in fields, f"there is no setting {name}"


@pytest.mark.parametrize(
    ("secret", "whose"),
    [
        ("CHATELIER_DISCORD__TOKEN", {"discord", "web"}),
        ("CHATELIER_SLACK__BOT_TOKEN", {"slack"}),
        ("CHATELIER_SLACK__SIGNING_SECRET", {"slack"}),
        ("CHATELIER_WEB__INVITE", {"web"}),
        ("CHATELIER_WEB__SECRET", {"web"}),
        ("CHATELIER_MODERATION__SAFETY_TOKEN", {"web", "discord", "slack", "worker", "worker-cpu"}),
        ("HF_TOKEN", {"worker", "worker-cpu"}),
        ("CHATELIER_REDIS_URL", OURS - {"migrate"}),
        ("CHATELIER_DATABASE_URL", OURS),
    ],
)
def test_a_secret_goes_only_to_those_that_use_it(
    secret: str, whose: set[str], services: dict[str, Any]
) -> None:
    assert {name for name, service in services.items() if secret in service.get("environment", {})} == whose


def test_the_web_page_gets_the_bots_token_only_for_the_activity(
    services: dict[str, Any], repository: Path
) -> None:
    given = services["web"]["environment"]["CHATELIER_DISCORD__TOKEN"]
    assert given == "${CHATELIER_DISCORD__ACTIVITY:+${CHATELIER_DISCORD__TOKEN:-}}"
    # For "false" it would get it as well.
    assert "\n# CHATELIER_DISCORD__ACTIVITY=\n" in (repository / ".env.example").read_text()
    assert not [name for name, service in services.items() if "env_file" in service]


def test_only_the_web_server_knows_the_moderators_secret(services: dict[str, Any]) -> None:
    name = "CHATELIER_WEB__MODERATOR_INVITE"
    given = {
        service_name: service["environment"][name]
        for service_name, service in services.items()
        if name in service["environment"]
    }
    assert given.pop("web") == f"${{{name}:-}}"
    assert set(given.values()) == {f"${{{name}:+set}}"}


def test_every_setting_reaches_a_container(services: dict[str, Any]) -> None:
    from chatelier.settings.loader import setting_names, variable_of

    given = {name for service in services.values() for name in service.get("environment", {})}
    assert {variable_of(name) for name in setting_names()} - given == set()


def test_databases_have_a_network_of_their_own_that_leads_nowhere_else(
    compose: dict[str, Any], services: dict[str, Any]
) -> None:
    assert compose["networks"]["data"] == {"internal": True}
    for name in ("redis", "postgres", "migrate"):
        assert services[name]["networks"] == ["data"]
    assert all(services[name]["networks"] == ["data", "front"] for name in OURS - {"migrate"})


def test_redis_asks_for_a_password(services: dict[str, Any]) -> None:
    assert services["redis"]["environment"]["REDISCLI_AUTH"].startswith("${REDIS_PASSWORD:?")
    assert "requirepass $$REDISCLI_AUTH" in " ".join(services["redis"]["command"])
    assert services["web"]["environment"]["CHATELIER_REDIS_URL"].startswith("redis://:${REDIS_PASSWORD:?")


@pytest.mark.parametrize("name", sorted(OURS | {"redis", "postgres"}))
def test_memory_and_processes_are_bounded(name: str, services: dict[str, Any]) -> None:
    assert re.fullmatch(r"(\$\{\w+:-)?\d+g\}?", services[name]["mem_limit"])
    assert 0 < services[name]["pids_limit"] <= 4096


def test_named_volumes_are_declared(compose: dict[str, Any], services: dict[str, Any]) -> None:
    used = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert used == set(compose["volumes"])


# ---- the images


@pytest.fixture(scope="module")
def stages(repository: Path) -> dict[str, list[str]]:
    """The Dockerfile's instructions by the name of their stage."""
    text = (repository / "docker" / "Dockerfile").read_text().replace("\\\n", " ")
    found: dict[str, list[str]] = {"": []}
    current = ""
    for line in text.splitlines():
        if match := re.match(r"FROM \S+ AS (\S+)", line):
            current = match[1]
            found[current] = []
        elif line and not line.startswith("#"):
            found[current].append(line)
    return found


def test_every_image_that_compose_builds_is_a_stage(
    services: dict[str, Any], stages: dict[str, list[str]]
) -> None:
    targets = {services[name]["build"]["target"] for name in OURS}
    assert targets == {"frontends", "worker"}
    assert targets <= set(stages)


@pytest.mark.parametrize("image", ["frontends", "worker"])
def test_images_end_as_an_ordinary_user_and_only_the_workers_has_a_compiler(
    image: str, stages: dict[str, list[str]]
) -> None:
    assert "USER 10001:10001" in stages[image]
    runs = [line for line in stages[image] if line.startswith("RUN")]
    assert ["gcc" in line for line in runs] == ([True] if image == "worker" else [])


def test_no_stage_copies_settings_or_takes_a_secret_as_an_argument(stages: dict[str, list[str]]) -> None:
    lines = [line for stage in stages.values() for line in stage]
    assert not [line for line in lines if line.startswith(("ARG", "ENV")) and SECRET.search(line)]
    assert not [line for line in lines if ".env" in line]


def test_images_are_built_from_named_folders_only(repository: Path) -> None:
    rules = [
        line for line in (repository / ".dockerignore").read_text().splitlines() if line and line[0] != "#"
    ]
    assert rules[0] == "*"
    assert "!.env" not in rules
    assert {"!studio", "!bots", "!engine", "!moderation", "!chatelier"} <= set(rules)


def test_torch_is_not_in_the_image_of_the_frontends(stages: dict[str, list[str]]) -> None:
    assert not [line for line in stages["build-frontends"] + stages["frontends"] if "torch" in line.lower()]
    assert [line for line in stages["build-worker"] if "torch==" in line]
