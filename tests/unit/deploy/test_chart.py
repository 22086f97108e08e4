"""The Helm chart, rendered by Helm's own library without a cluster, and checked by Kubernetes' schemas."""

import re
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.chart import golden_file, render_all

kubernetes_validate = pytest.importorskip("kubernetes_validate")
if find_spec("helm_python") is None:
    pytest.skip("Helm's library has no wheel for this machine", allow_module_level=True)

OLDEST, NEWEST = "1.27", "1.35"
OF_OTHERS = {"ScaledObject"}  # defined by KEDA, not by Kubernetes


@pytest.fixture(scope="module")
def rendered() -> dict[str, str]:
    return render_all()


@pytest.fixture(scope="module")
def objects(rendered: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    return {name: list(yaml.safe_load_all(text)) for name, text in rendered.items()}


def pods(documents: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for document in documents:
        if "template" in document.get("spec", {}):
            yield document["metadata"]["name"], document["spec"]["template"]["spec"]


def find(documents: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    (found,) = (one for one in documents if (one["kind"], one["metadata"]["name"]) == (kind, name))
    return found


@pytest.mark.parametrize("name", ["small", "fleet"])
def test_it_renders_as_the_golden_files_say(name: str, rendered: dict[str, str]) -> None:
    """After a change of the chart, ``python -m tests.support.chart`` writes them anew; read the difference."""
    assert rendered[name] == golden_file(name).read_text()


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("name", ["small", "fleet"])
def test_kubernetes_would_accept_every_object(
    name: str, version: str, objects: dict[str, list[dict[str, Any]]]
) -> None:
    for document in objects[name]:
        if document["kind"] not in OF_OTHERS:
            kubernetes_validate.validate(document, version, strict=True)


def test_the_schemas_would_notice_a_mistake(objects: dict[str, list[dict[str, Any]]]) -> None:
    wrong = {**objects["small"][0], "imagine": "a red apple"}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, NEWEST, strict=True)


@pytest.mark.parametrize("name", ["small", "fleet"])
def test_nothing_runs_as_root_or_writes_to_its_image(
    name: str, objects: dict[str, list[dict[str, Any]]]
) -> None:
    for _, pod in pods(objects[name]):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert {"/tmp", "/var/lib/chatelier"} <= {
                mount["mountPath"] for mount in container["volumeMounts"]
            }


def test_every_process_is_restarted_when_it_hangs_and_gets_time_to_end(
    objects: dict[str, list[dict[str, Any]]],
) -> None:
    for name, pod in pods(objects["fleet"]):
        (container,) = pod["containers"]
        if name == "studio-migrate":
            continue
        assert "/tmp/ready.alive" in str(container["livenessProbe"]), name
        assert container["readinessProbe"], name
        assert pod["terminationGracePeriodSeconds"] >= 30, name


def test_one_beat_leads_and_the_rest_keeps_a_pod_through_a_drain(
    objects: dict[str, list[dict[str, Any]]],
) -> None:
    documents = objects["fleet"]
    beat = find(documents, "Deployment", "studio-beat")["spec"]
    assert (beat["replicas"], beat["strategy"]) == (1, {"type": "Recreate"})
    budgets = {one["metadata"]["name"] for one in documents if one["kind"] == "PodDisruptionBudget"}
    sets = {one["metadata"]["name"] for one in documents if one["kind"] in {"Deployment", "StatefulSet"}}
    assert budgets == sets - {"studio-beat"}


def test_every_pod_of_discord_has_shards_of_its_own(objects: dict[str, list[dict[str, Any]]]) -> None:
    """The command is run as the pod would run it, with a program that prints its shards."""
    spec = find(objects["fleet"], "StatefulSet", "studio-discord")["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    count = next(one["value"] for one in container["env"] if one["name"] == "CHATELIER_DISCORD__SHARD_COUNT")
    found = []
    for number in range(spec["replicas"]):
        script = container["command"][2].replace("exec chatelier", "env; true")
        done = subprocess.run(
            ["/bin/sh", "-c", script],
            env={"HOSTNAME": f"studio-discord-{number}", "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        (line,) = re.findall(r"^CHATELIER_DISCORD__SHARD_IDS=(.*)$", done.stdout, re.MULTILINE)
        found += shards(line, count)
    assert found == list(range(int(count)))


def shards(ids: str, count: str) -> list[int]:
    """As the front end reads its settings."""
    from chatelier.settings import load_settings

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CHATELIER_DISCORD__SHARD_IDS", ids)
        environment.setenv("CHATELIER_DISCORD__SHARD_COUNT", count)
        return list(load_settings().discord.shard_ids or ())


@pytest.mark.parametrize("name", ["small", "fleet"])
def test_commands_and_settings_are_real(name: str, objects: dict[str, list[dict[str, Any]]]) -> None:
    from typer.main import get_command

    from chatelier.cli import main
    from chatelier.settings.loader import setting_names, variable_of

    known = {variable_of(setting) for setting in setting_names()}
    given = set(find(objects[name], "ConfigMap", "studio-settings")["data"])
    for _, pod in pods(objects[name]):
        (container,) = pod["containers"]
        given |= {one["name"] for one in container.get("env", [])}
        command: Any = get_command(main.app)
        arguments = list(container["args"])
        while hasattr(command, "commands"):
            command = command.commands[arguments.pop(0)]
        command.make_context("chatelier", arguments, resilient_parsing=True)
    assert given - known == set()


def test_a_secret_is_given_to_its_process_only(objects: dict[str, list[dict[str, Any]]]) -> None:
    given = {
        name: [
            source["secretRef"]["name"] for source in pod["containers"][0]["envFrom"] if "secretRef" in source
        ]
        for name, pod in pods(objects["fleet"])
    }
    assert given == {
        "studio-beat": ["chatelier-shared"],
        "studio-migrate": ["chatelier-shared"],
        "studio-web": ["chatelier-shared", "chatelier-web"],
        "studio-discord": ["chatelier-shared", "chatelier-discord"],
        "studio-slack": ["chatelier-shared", "chatelier-slack"],
        "studio-worker-h200": ["chatelier-shared", "chatelier-hub"],
        "studio-worker-cpu": ["chatelier-shared", "chatelier-hub"],
    }


def test_the_word_for_moderators_is_in_the_secret_of_the_web_only(
    objects: dict[str, list[dict[str, Any]]],
) -> None:
    """Elsewhere a marker says that there is one; a pod of the web without the word does not start."""
    name = "CHATELIER_WEB__MODERATOR_INVITE"
    assert name not in find(objects["fleet"], "ConfigMap", "studio-settings")["data"]
    for pod_name, pod in pods(objects["fleet"]):
        (found,) = [one for one in pod["containers"][0].get("env", []) if one["name"] == name] or [None]
        if pod_name == "studio-web":
            key = {"name": "chatelier-web", "key": name}
            assert found == {"name": name, "valueFrom": {"secretKeyRef": key}}
        elif pod_name != "studio-migrate":
            assert found == {"name": name, "value": "set"}, pod_name


def test_the_web_answers_to_the_host_of_its_ingress_and_trusts_the_named_proxies(
    objects: dict[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatelier.settings import load_settings

    (container,) = dict(pods(objects["fleet"]))["studio-web"]["containers"]
    for one in container["env"]:
        monkeypatch.setenv(one["name"], one.get("value", "a word of the secret"))
    monkeypatch.setenv("CHATELIER_WEB__INVITE", "another word")
    web = load_settings().web
    (rule,) = find(objects["fleet"], "Ingress", "studio-web")["spec"]["rules"]
    assert web.allowed_hosts == (rule["host"],)
    assert web.trusted_proxies == ("10.42.0.0/16", "fd00:42::/64")


def test_only_the_front_ends_are_connected_to_and_every_pod_is_bound_by_the_policies(
    objects: dict[str, list[dict[str, Any]]],
) -> None:
    policies = [one for one in objects["fleet"] if one["kind"] == "NetworkPolicy"]
    opened = {
        one["spec"]["podSelector"]["matchLabels"].get("app.kubernetes.io/component", "all"): [
            port["port"] for rule in one["spec"].get("ingress", []) for port in rule["ports"]
        ]
        for one in policies
    }
    assert opened == {"all": [9100], "web": [8080], "slack": [3000]}


def test_a_worker_is_scaled_by_the_figure_that_beat_serves(
    objects: dict[str, list[dict[str, Any]]], repository: Path
) -> None:
    (trigger,) = find(objects["fleet"], "ScaledObject", "studio-worker-h200")["spec"]["triggers"]
    query = trigger["metadata"]["query"]
    assert query == 'max(chatelier_oldest_wait_seconds{model=~"sdxl|flux2-dev|"}) or vector(0)'
    figures = (repository / "chatelier" / "runtime" / "overview_metrics.py").read_text()
    assert '"chatelier_oldest_wait_seconds"' in figures
    workers = find(objects["fleet"], "StatefulSet", "studio-worker-h200")["spec"]
    assert "replicas" not in workers, "a release would undo the scaling"
