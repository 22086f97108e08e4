"""`chatelier audit …`: the audit chain. The moderation wing brings the commands."""

import typer

from moderation.cli import audit_app


def register(app: typer.Typer) -> None:
    app.add_typer(audit_app, name="audit")
