"""`chatelier audit …`: the audit chain. The moderation package has the commands."""

import typer

from moderation.cli.policy_commands import audit_app


def register(app: typer.Typer) -> None:
    app.add_typer(audit_app, name="audit", callback=read_own_settings)


def read_own_settings(context: typer.Context) -> None:
    """What moderators and the gate did, in the database of the settings unless another is named."""
    from chatelier.settings import load_settings

    database = load_settings().database
    context.default_map = {"verify": {"database": database}, "export": {"database": database}}
