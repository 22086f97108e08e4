"""What of a heavy sweep runs always, and what in thorough runs only."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.support import thoroughness
from tests.support.thoroughness import deselect_thorough


class Hook:
    def __init__(self) -> None:
        self.left_out: list[str] = []

    def pytest_deselected(self, items: list[Any]) -> None:
        self.left_out += [item.nodeid for item in items]


def case(name: str, case_id: str = "", mark: pytest.MarkDecorator | None = None) -> Any:
    found = SimpleNamespace(
        nodeid=f"test_x.py::{name}" + (f"[{case_id}]" if case_id else ""),
        get_closest_marker=lambda _name: mark.mark if mark else None,
    )
    if case_id:
        found.callspec = SimpleNamespace(id=case_id)
    return found


def selected(
    *items: Any, markers: str = "", args: tuple[str, ...] = ("tests",)
) -> tuple[list[str], list[str]]:
    """Which run and which were left out."""
    hook = Hook()
    config: Any = SimpleNamespace(
        args=list(args), option=SimpleNamespace(markexpr=markers), hook=hook, getoption=lambda *_: False
    )
    left = list(items)
    deselect_thorough(config, left)
    return [item.nodeid.partition("::")[2] for item in left], hook.left_out


SWEEP = (
    case("test_plain"),
    case("test_heavy", mark=pytest.mark.thorough),
    *(case("test_family", name, pytest.mark.thorough("sd", "flux")) for name in ("sd", "flux", "sdxl")),
)


@pytest.fixture(autouse=True)
def usual_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thoroughness, "THOROUGH", False)


def test_a_usual_run_takes_the_sample() -> None:
    found, left_out = selected(*SWEEP)
    assert found == ["test_plain", "test_family[sd]", "test_family[flux]"]
    assert left_out == ["test_x.py::test_heavy", "test_x.py::test_family[sdxl]"]


def test_a_thorough_run_takes_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thoroughness, "THOROUGH", True)
    assert len(selected(*SWEEP)[0]) == len(SWEEP)


@pytest.mark.parametrize("asked", [{"markers": "thorough"}, {"args": ("tests/test_x.py::test_heavy",)}])
def test_what_is_asked_for_by_name_is_not_left_out(asked: dict[str, Any]) -> None:
    assert len(selected(*SWEEP, **asked)[0]) == len(SWEEP)


def test_a_sample_of_a_case_that_is_not_there_is_an_error() -> None:
    with pytest.raises(pytest.UsageError, match="test_family has no case sd3"):
        selected(case("test_family", "sd", pytest.mark.thorough("sd", "sd3")))


def test_ci_runs_everything() -> None:
    from tests.conftest import REPOSITORY

    script = (REPOSITORY / ".ci/run").read_text()
    assert "export CI=true THOROUGH=1\n" in script
    assert script.rstrip().endswith("make test")
