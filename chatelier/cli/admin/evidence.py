"""`chatelier evidence …`: what is kept, encrypted, of the worst refusals."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from moderation.records.encryption import EvidenceCipher

evidence_app = typer.Typer(
    help="Words of frozen accounts, and material for a report to the authorities.", no_args_is_help=True
)
EvidenceId = Annotated[str, typer.Argument(metavar="ID", help="As `chatelier evidence list` prints it.")]


def register(app: typer.Typer) -> None:
    app.add_typer(evidence_app, name="evidence")


@evidence_app.command("list")
def list_evidence() -> None:
    """Print id, kind, time, case, size in bytes and legal hold, with tabs between; no content.

    Example: [bold]chatelier evidence list[/]
    """
    from moderation.records import evidence

    with _transaction() as (session, _cipher):
        for row in evidence.list_evidence(session):
            size = len(row.content) + len(row.files or b"")
            columns = (row.id, row.kind, f"{row.created_at:%Y-%m-%d %H:%M}", row.case_id or "-", size)
            typer.echo("\t".join(map(str, (*columns, row.legal_hold or "-"))))


@evidence_app.command("export")
def export(
    evidence_id: EvidenceId,
    folder: Annotated[Path, typer.Argument(help="A new folder for it, which only you can read.")],
) -> None:
    """Decrypt it into a folder: manifest.json with hashes, times and accounts, and the files. It stays kept.

    Example: [bold]chatelier evidence export k3v9m2p4qx7a report/[/]
    """
    import json
    import os

    from moderation.records import evidence
    from studio.errors import ConfigurationError

    with _transaction() as (session, cipher):
        found = evidence.export(session, cipher, evidence_id)
        try:
            folder.mkdir(mode=0o700, parents=True)
        except OSError as error:
            raise ConfigurationError(
                f"{folder} cannot be made ({error.strerror}). Name a new one."
            ) from error
        contents = {"manifest.json": json.dumps(found.manifest, indent=2).encode(), **found.files}
        for name, data in contents.items():
            with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
    typer.echo(f"{len(contents)} files in {folder}. The audit log has an entry of it.")


@evidence_app.command("hold")
def hold(
    evidence_id: EvidenceId,
    reason: Annotated[str, typer.Argument(help="Why it must stay; an empty one ends the hold.")],
) -> None:
    """Keep words beyond their review and their time. Material stays without it.

    Example: [bold]chatelier evidence hold k3v9m2p4qx7a "request of the police, 2026-11-30"[/]
    """
    from moderation.records import evidence

    with _transaction() as (session, _cipher):
        evidence.set_legal_hold(session, evidence_id, reason=reason.strip())
    typer.echo("Held." if reason.strip() else "No longer held.")


@evidence_app.command("release")
def release(
    evidence_id: EvidenceId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:
    """Delete it for good, whatever holds it.

    Example: [bold]chatelier evidence release k3v9m2p4qx7a[/]
    """
    from moderation.records import evidence

    if not yes:
        typer.confirm(f"Delete evidence {evidence_id} for good?", abort=True)
    with _transaction() as (session, _cipher):
        evidence.release(session, evidence_id)
    typer.echo("Deleted.")


@contextmanager
def _transaction() -> "Iterator[tuple[Session, EvidenceCipher]]":
    """On the database of the settings, with the key of the installation."""
    from contextlib import closing

    from chatelier.settings import load_settings
    from chatelier.wiring.database import open_database
    from chatelier.wiring.moderation import evidence_cipher

    settings = load_settings()
    with closing(open_database(settings)) as database, database.begin() as session:
        yield session, evidence_cipher(settings)
