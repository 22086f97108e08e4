"""Which tests of a heavy sweep run always, and which only with ``THOROUGH=1``, as in `.ci/run`.

``@pytest.mark.thorough`` keeps a test for thorough runs. ``@pytest.mark.thorough("sd", "flux")`` keeps all cases of a
parametrised test for them but those with these ids: they are the sample that runs every time.
"""

import os

import pytest

THOROUGH = os.environ.get("THOROUGH", "").lower() in {"1", "true"}


def runs_always(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("thorough")
    if mark is None:
        return True
    callspec = getattr(item, "callspec", None)
    return callspec is not None and callspec.id in mark.args


def deselect_thorough(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves the sample, unless a thorough run, the marker, a single test or the failed ones were asked for.

    Raises `pytest.UsageError` for an id of a sample that no case has: the sample would be smaller than it says.
    """
    if any("::" in argument for argument in config.args) or config.getoption("lf", False):
        return
    _require_known_ids(items)
    if THOROUGH or "thorough" in config.option.markexpr:
        return
    left_out = [item for item in items if not runs_always(item)]
    if left_out:
        items[:] = [item for item in items if runs_always(item)]
        config.hook.pytest_deselected(items=left_out)


def _require_known_ids(items: list[pytest.Item]) -> None:
    unknown: dict[str, set[str]] = {}
    for item in items:
        mark = item.get_closest_marker("thorough")
        if mark is not None and mark.args:
            name = item.nodeid.partition("[")[0]
            missing = unknown.setdefault(name, set(mark.args))
            missing.discard(getattr(getattr(item, "callspec", None), "id", ""))
    for name, ids in unknown.items():
        if ids:
            raise pytest.UsageError(f"{name} has no case {', '.join(sorted(ids))} to run always")
