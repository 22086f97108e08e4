"""How well the prompt rules do on labelled rows, and what another policy would change.

Rows are JSON lines with `text`, `label` (``unsafe`` or something that begins with ``benign``), and, if they like,
`category` and `source`. Nothing here shows a text.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.policy.findings import Finding
from moderation.policy.policy import Policy
from moderation.remote.safety_model import SafetyModel
from moderation.rules.image import ImageSubject, default_image_rules
from moderation.rules.prompt import PromptSubject
from moderation.vision.image_analysis import MAX_PIXELS, LocalFeatures
from studio.db import queries
from studio.db.database import Database
from studio.db.tables import JobRow, PictureRow
from studio.domain.people import Person, Platform
from studio.domain.requests import Operation, PaintRequest
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import BadParameterError
from studio.ports import Inspected

Judge = Callable[[PromptSubject], Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledRow:
    text: str
    label: str
    category: str
    source: str

    @property
    def unsafe(self) -> bool:
        return self.label == "unsafe"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionCounts:
    """One line of the table. For unsafe rows `flagged` is good, for others it is bad."""

    source: str
    label: str
    category: str
    rows: int
    held: int
    refused: int

    @property
    def flagged_percent(self) -> float:
        return round(100 * (self.held + self.refused) / self.rows, 1)


def read_rows(path: Path) -> Iterator[LabelledRow]:
    """Raises `BadParameterError` with the number of the first line that is no such row."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _row(line, number)


def _row(line: str, number: int) -> LabelledRow:
    try:
        data = json.loads(line)
        text, label = data["text"], data["label"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadParameterError("data", "no_row", line=number) from error
    if not isinstance(text, str):
        raise BadParameterError("data", "no_row", line=number)
    if not (label == "unsafe" or str(label).startswith("benign")):
        raise BadParameterError("data", "no_label", line=number)
    category, source = str(data.get("category") or ""), str(data.get("source") or "")
    return LabelledRow(text=text, label=label, category=category, source=source)


def evaluate(rows: Iterable[LabelledRow], judge: Judge) -> list[ConfusionCounts]:
    """One tally per source, label and, for unsafe rows, category."""
    groups: defaultdict[tuple[str, str, str], Counter[Ruling]] = defaultdict(Counter)
    for row in rows:
        verdict = judge(PromptSubject(prompt=row.text))
        groups[row.source, row.label, row.category if row.unsafe else ""][verdict.ruling] += 1
    return [
        ConfusionCounts(
            source=source,
            label=label,
            category=category,
            rows=counts.total(),
            held=counts[Ruling.HOLD],
            refused=counts[Ruling.REFUSE],
        )
        for (source, label, category), counts in sorted(groups.items())
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A job that another policy would have judged otherwise. Rules and rulings only, never its words."""

    job_id: str
    before: Verdict
    after: Verdict


def replay(database: Database, *, last: int, before: Judge, after: Judge) -> tuple[int, list[Change]]:
    """Judge the latest `last` jobs twice: how many there were, and those whose ruling changes, newest first."""
    with database.read() as session:
        rows = session.scalars(select(JobRow).order_by(JobRow.created_at.desc()).limit(last)).all()
        subjects = [(row.id, _subject(session, row)) for row in rows]
    changes = []
    for job_id, subject in subjects:
        change = Change(job_id=job_id, before=before(subject), after=after(subject))
        if change.before.ruling is not change.after.ruling:
            changes.append(change)
    return len(subjects), changes


def _subject(session: Session, row: JobRow) -> PromptSubject:
    request = queries.job_of(row).request
    origins = [source.picture_id for source in request.sources if source.picture_id]
    family = [session.get(PictureRow, picture_id) for picture_id in origins]
    prompts = [picture.recipe.prompt for picture in reversed(queries.ancestors(session, origins))]
    prompts += [queries.picture_of(picture).recipe.prompt for picture in family if picture is not None]
    return PromptSubject.of_request(request, lineage=tuple(prompts))


_OPERATOR = Person(platform=Platform.CLI, community="", user_id="operator", display_name="operator")


def look(
    path: Path, *, upload: bool, prompt: str, policy: Policy, safety_models: Sequence[SafetyModel] = ()
) -> Iterator[tuple[str, Finding | None, Finding | None]]:
    """Each rule's name, what it found, and what the policy makes of that. Raises OSError or ValueError."""
    with Image.open(path, formats=("PNG", "JPEG", "WEBP", "GIF")) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise ValueError("This picture has more pixels than the limit.")
        image = opened.convert("RGB")
    request = None if upload else PaintRequest(operation=Operation.VARY, seed=0, prompt=prompt)
    kind = Inspected.UPLOAD if upload else Inspected.OUTPUT
    subject = ImageSubject(kind=kind, person=_OPERATOR, sight=LocalFeatures(image), request=request)
    for rule in default_image_rules(policy=policy, safety_models=safety_models):
        finding = rule.judge(subject)
        yield rule.name, finding, finding and policy.apply(finding)
        for other in finding.others if finding else ():
            if (judged := policy.apply(other)) is not None:
                yield rule.name, other, judged
