"""Pictures and jobs that are named in a command's values, and whether the person may see them."""

from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from studio.commands.parameter_values import Kind
from studio.commands.spec import Call, CommandSpec
from studio.db import queries
from studio.db.tables import JobRow
from studio.domain.identifiers import is_job_id, split_picture_id
from studio.errors import NotFoundError
from studio.services.visibility import Audience, may_see

# A moderator may stop and remove what they cannot see.
_WITHOUT_LOOKING = frozenset({"cancel", "delete"})


def require_visible(session: Session, call: Call, spec: CommandSpec, values: Mapping[str, object]) -> None:
    """Raises `NotFoundError` for pictures and jobs named from outside the private place that they belong to."""
    if call.person.moderates and spec.name in _WITHOUT_LOOKING:
        return
    for identifier in _find_ids(spec, values):
        split = split_picture_id(identifier)
        row = session.get(JobRow, split[0] if split else identifier)
        if row is None:
            continue  # the command itself says so
        job = queries.job_of(row)
        if not may_see(session, job, Audience.of_asker(call.person, call.address)):
            raise NotFoundError("picture" if split else "job", id=identifier)


def names_any(spec: CommandSpec, values: Mapping[str, object]) -> bool:
    return any(_find_ids(spec, values))


def _find_ids(spec: CommandSpec, values: Mapping[str, object]) -> Iterator[str]:
    for parameter in spec.parameters:
        if parameter.kind is Kind.REFERENCES and values.get(parameter.name):
            yield from (named.picture_id for named in parameter.read(values[parameter.name]))
        if parameter.kind not in (Kind.PICTURE, Kind.JOB) and parameter.name != "what":
            continue
        identifier = str(values.get(parameter.name) or "").strip().lower()
        if is_job_id(identifier) or split_picture_id(identifier):
            yield identifier
