"""`chatelier policy …`: the house rules. The moderation wing brings the commands."""

import typer

from moderation.cli import policy_app


def register(app: typer.Typer) -> None:
    app.add_typer(policy_app, name="policy", callback=judge_as_the_house_does)


def judge_as_the_house_does(context: typer.Context) -> None:
    """The house rules: check a policy, try a prompt, measure.

    Without other files they are the policy, the words and the names of the settings.
    """
    from chatelier.settings import load_settings

    settings = load_settings()
    rules = settings.moderation
    files = {"policy": rules.policy, "words": rules.word_list, "names": rules.names}
    chosen = {name: str(path) for name, path in files.items() if path}
    replayed = {name: path for name, path in chosen.items() if name != "policy"}
    if rules.policy:
        replayed["current"] = str(rules.policy)
    context.default_map = {
        "test": chosen,
        "eval": chosen,
        "look": {name: path for name, path in chosen.items() if name == "policy"},
        "replay": {"database": settings.database, **replayed},
    }
