"""`chatelier policy …`: the moderation policy. The moderation package has the commands."""

from collections.abc import Mapping
from pathlib import Path

import typer

from moderation.cli.policy_commands import policy_app


def register(app: typer.Typer) -> None:
    app.add_typer(policy_app, name="policy", callback=use_own_settings)


def use_own_settings(context: typer.Context) -> None:
    """The moderation policy: check a policy, try a prompt, measure.

    Without other files they are the policy, the words and the names of the settings.
    """
    from chatelier.settings import load_settings

    settings = load_settings()
    rules = settings.moderation
    lists = _set({"words": rules.word_list, "names": rules.names})
    policy = _set({"policy": rules.policy})
    if rules.safety_folder is not None and context.invoked_subcommand == "look":
        from chatelier.wiring.moderation import LocalSafetyModel

        context.obj = {"safety_models": [LocalSafetyModel(rules.safety_folder)]}
    context.default_map = {
        "test": policy | lists,
        "eval": policy | lists,
        "look": policy,
        "replay": {"database": settings.database} | _set({"current": rules.policy}) | lists,
    }


def _set(files: Mapping[str, Path | None]) -> dict[str, str]:
    return {name: str(path) for name, path in files.items() if path}
