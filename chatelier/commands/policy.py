"""`chatelier policy …`: the house rules. The moderation wing brings the commands."""

import typer

from moderation.cli import policy_app


def register(app: typer.Typer) -> None:
    app.add_typer(policy_app, name="policy")
