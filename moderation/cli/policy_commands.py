"""`chatelier policy …` and `chatelier audit …`.

They check a policy, try a prompt, measure the rules, show what another policy would change, and verify and export
the audit chain. They need paths and a database URL only; nothing here imports `chatelier`.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from moderation.cli.artist_commands import artists_app
from moderation.cli.hash_commands import end_with, hashes_app
from moderation.policy.policy import Policy, PolicyError, default_policy, read_policy
from studio.errors import ConfigurationError, DatabaseUnavailableError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from moderation.policy.findings import Finding
    from moderation.rules.prompt_judge import PromptJudge

policy_app = typer.Typer(
    help="The moderation policy: check a policy, try a prompt, measure.", no_args_is_help=True
)

policy_app.add_typer(artists_app, name="artists")
policy_app.add_typer(hashes_app, name="hashes")
audit_app = typer.Typer(help="What moderators and the gate did.", no_args_is_help=True)

DatabaseUrl = Annotated[
    str, typer.Option("--database", envvar="CHATELIER_DATABASE_URL", help="The database's URL.")
]
PolicyFile = Annotated[Path | None, typer.Option("--policy", help="A policy file; without it, the defaults.")]
WordsFile = Annotated[Path | None, typer.Option("--words", help="A community's own words, one a line.")]
NamesFile = Annotated[Path | None, typer.Option("--names", help="Persons, artists and trademarks, as TOML.")]
SafetyUrl = Annotated[
    str | None, typer.Option(envvar="CHATELIER_MODERATION__SAFETY_URL", help="A larger model to ask too.")
]
SafetyChatModel = Annotated[
    str | None,
    typer.Option(
        envvar="CHATELIER_MODERATION__SAFETY_CHAT_MODEL", help="Its name on an OpenAI-compatible server."
    ),
]
SafetyToken = Annotated[
    str | None, typer.Option(envvar="CHATELIER_MODERATION__SAFETY_TOKEN", help="Its bearer token.")
]
_console = Console()
_errors = Console(stderr=True)


@policy_app.command()
def check(file: Path) -> None:
    """Say everything that is wrong with a policy file, or what it does."""
    policy = _read(file)
    table = Table("category", "action", "from", "held from", title=f"policy {policy.version}")
    for category, category_rule in policy.stances.items():
        held = "" if category_rule.hold_threshold is None else f"{category_rule.hold_threshold:.2f}"
        table.add_row(category.name.lower(), category_rule.action, f"{category_rule.threshold:.2f}", held)
    _console.print(table)
    _console.print(f"languages {', '.join(sorted(policy.languages))}; others: {policy.other_languages}")
    _console.print(
        f"faces in uploads: {policy.faces}; beside a person in one, thresholds are {policy.person_margin} lower"
    )


@policy_app.command("test")
def try_prompt(
    prompt: str,
    negative: Annotated[str, typer.Option(help="What the picture must not show.")] = "",
    ancestor: Annotated[
        list[str] | None, typer.Option(help="The prompt of a picture it starts from.")
    ] = None,
    policy: PolicyFile = None,
    words: WordsFile = None,
    names: NamesFile = None,
) -> None:
    """Show what each rule says of a prompt. Nothing is counted or kept."""
    from moderation.rules.prompt import PromptSubject

    prompt_judge = _prompt_judge(policy, words, names)
    subject = PromptSubject(prompt=prompt, negative=negative, lineage=tuple(ancestor or ()))
    table = _findings_table()
    for rule, finding, judged in prompt_judge.evaluate(subject):
        _add_finding(table, rule.name, finding, judged, prompt_judge.policy)
    _console.print(table)
    verdict = prompt_judge.judge(subject)
    _console.print(
        f"verdict: {verdict.ruling}" + (f" ({verdict.category}, by {verdict.rule})" if verdict.rule else "")
    )


@policy_app.command()
def look(
    context: typer.Context,
    image: Annotated[Path, typer.Argument(help="A PNG, JPEG, WebP or GIF of your own.")],
    upload: Annotated[bool, typer.Option(help="Judge it as an upload, not as painted here.")] = False,
    prompt: Annotated[str, typer.Option(help="The words it was painted from.")] = "",
    policy: PolicyFile = None,
    safety_url: SafetyUrl = None,
    safety_chat_model: SafetyChatModel = None,
    safety_token: SafetyToken = None,
) -> None:
    """Show what each picture rule sees in a picture, the larger model included. Nothing is kept."""
    from httpx import HTTPError

    from moderation.cli import evaluation as looking
    from moderation.remote.chat_model import open_model

    chosen = _read(policy)
    table = _findings_table()
    try:
        larger = [open_model(safety_url, safety_chat_model, token=safety_token)] if safety_url else []
        larger += (context.obj or {}).get("safety_models", [])  # of the installation, by `chatelier`
        found = looking.look(image, upload=upload, prompt=prompt, policy=chosen, safety_models=larger)
        for name, finding, judged in found:
            _add_finding(table, name, finding, judged, chosen)
    except (ConfigurationError, OSError, ValueError, HTTPError) as error:
        raise end_with(error) from error
    _console.print(table)


@policy_app.command("eval")
def evaluate(
    data: Annotated[Path, typer.Argument(help="JSON lines with text and label.")],
    policy: PolicyFile = None,
    words: WordsFile = None,
    names: NamesFile = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures to this file.")
    ] = None,
) -> None:
    """Measure the rules on labelled rows: percent flagged, per source, label and category."""
    from moderation.cli import evaluation

    prompt_judge = _prompt_judge(policy, words, names)
    try:
        tallies = evaluation.evaluate(evaluation.read_rows(data), prompt_judge.judge)
    except (ConfigurationError, OSError) as error:
        raise end_with(error) from error
    table = Table("source", "label", "category", "rows", "held", "refused", "flagged %")
    for tally in tallies:
        counts = (tally.rows, tally.held, tally.refused, tally.flagged_percent)
        table.add_row(tally.source, tally.label, tally.category, *map(str, counts))
    _console.print(table)
    if as_json is not None:
        lines = [asdict(tally) | {"flagged_percent": tally.flagged_percent} for tally in tallies]
        as_json.write_text(json.dumps(lines, indent=2) + "\n", "utf-8")


@policy_app.command()
def replay(
    new: Annotated[Path, typer.Option("--policy", help="The policy to try.")],
    database: DatabaseUrl,
    last: Annotated[int, typer.Option(min=1, max=100_000, help="How many of the latest jobs.")] = 1000,
    current: Annotated[
        Path | None, typer.Option(help="The policy in force; without it, the defaults.")
    ] = None,
    words: WordsFile = None,
    names: NamesFile = None,
) -> None:
    """Show which of the latest jobs another policy would have judged otherwise, by id."""
    from moderation.cli import evaluation
    from studio.db.database import Database

    before, after = (_prompt_judge(path, words, names) for path in (current, new))
    records = Database(database)
    try:
        count, changes = evaluation.replay(records, last=last, before=before.judge, after=after.judge)
    except ConfigurationError as error:
        raise end_with(error) from error
    finally:
        records.close()
    table = Table("job", "before", "after", "rule", "category")
    for change in changes:
        decisive = change.after if change.after.rule else change.before
        table.add_row(
            change.job_id, change.before.ruling, change.after.ruling, decisive.rule, decisive.category
        )
    _console.print(table)
    _console.print(f"{len(changes)} of {count} jobs would be judged otherwise.")


@audit_app.command("verify")
def verify_audit(
    database: DatabaseUrl,
    head: Annotated[
        str | None, typer.Option(help="The head that was noted earlier and must be in the chain.")
    ] = None,
) -> None:
    """Walk the whole chain. Ends with 1 when an entry was changed or is missing."""
    from moderation.records import audit_log

    with _session(database) as session:
        found = audit_log.verify(session)
        missing = head is not None and not audit_log.has_hash(session, head)
    if not found.whole:
        _errors.print(
            f"The chain is broken: entry {found.broken_at} was changed or emptied by hand, or one before it is"
            " missing."
        )
        raise typer.Exit(1)
    if missing:
        _errors.print("The chain holds, but the noted head is not in it: newer entries were cut off.")
        raise typer.Exit(1)
    _console.print(
        f"{found.entries} entries, {found.erased} of them forgotten on request; the chain is whole."
    )
    _console.print(f"head {found.head}")


@audit_app.command("export")
def export_audit(
    file: Annotated[Path, typer.Argument(help="Ends in .csv or .jsonl.")], database: DatabaseUrl
) -> None:
    """Write every entry to a file: comma-separated for .csv, one JSON object a line otherwise."""
    from moderation.records import audit_log

    with _session(database) as session:
        entries = audit_log.export(session)
        # The first is asked for before the file is opened: a database that cannot be read spoils no former export.
        entries = chain(list(islice(entries, 1)), entries)
        _write_entries(file, entries)


def _write_entries(file: Path, entries: Iterable[dict[str, Any]]) -> None:
    from moderation.records import audit_log

    with file.open("w", encoding="utf-8", newline="") as out:
        if file.suffix == ".csv":
            writer = csv.DictWriter(out, audit_log.FIELDS)
            writer.writeheader()
            writer.writerows(entry | {"details": json.dumps(entry["details"])} for entry in entries)
        else:
            out.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)


def _findings_table() -> Table:
    return Table("rule", "category", "score", "acts from", "verdict", "evidence")


def _add_finding(
    table: Table, rule: str, finding: "Finding | None", judged: "Finding | None", policy: Policy
) -> None:
    """`judged` is what the policy makes of the finding, which it leaves alone below the score it acts from."""
    if finding is None:
        table.add_row(rule, "", "-", "", "", "")
        return
    least = policy.least_score(finding.category)
    acts_from = "never" if least is None else f"{least:.2f}"
    settled = "allow" if judged is None else judged.ruling
    score, evidence = f"{finding.score:.2f}", escape(finding.evidence)
    table.add_row(rule, finding.category, score, acts_from, settled, evidence)


@contextmanager
def _session(url: str) -> "Iterator[Session]":
    from studio.db.database import Database

    database = Database(url)
    try:
        with database.read() as session:
            yield session
    except DatabaseUnavailableError as error:
        cause = str(getattr(error.__cause__, "orig", None) or "it does not answer").partition("\n")[0]
        sentence = (
            f"The database cannot be read ({cause}). Bring it up to date with: chatelier db upgrade;"
            " or name another with --database."
        )
        raise end_with(ConfigurationError(sentence)) from error
    except (ConfigurationError, OSError) as error:
        raise end_with(error) from error
    finally:
        database.close()


def _prompt_judge(policy: Path | None, words: Path | None, names: Path | None) -> "PromptJudge":
    from moderation.rules.prompt_judge import PromptJudge

    try:
        return PromptJudge.of(_read(policy), community_words=words, names=names)
    except (ConfigurationError, OSError, UnicodeDecodeError) as error:
        raise end_with(error) from error


def _read(path: Path | None) -> Policy:
    try:
        return default_policy() if path is None else read_policy(path)
    except PolicyError as error:
        raise end_with(error) from error
