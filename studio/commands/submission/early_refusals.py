"""What a quick look at the database finds wrong with a request: asked before anybody sees that an answer is coming."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from studio.commands.parameter_values import Kind
from studio.commands.spec import Call, CommandSpec
from studio.commands.submission import remix_consent
from studio.commands.submission.prompt_wording import read_wording
from studio.commands.submission.submit import require_count, require_open
from studio.db import queries
from studio.db.tables import JobRow
from studio.domain.requests import Source
from studio.operations.storage_limits import require_free_disk, require_quota
from studio.ports import Ports


def refuse_early(ports: Ports, call: Call, spec: CommandSpec, values: Mapping[str, object]) -> None:
    """Raises what `submit` would raise later: `BannedError`, `BadParameterError` for too many pictures,
    `CommunityPausedError`, `WrongChannelError`, and `NotAllowedError` where an owner lets nobody build on a picture.

    In direct messages, where nobody else sees an answer coming, pictures are not looked at: whose they are depends on
    the community that the person acts in.
    """
    ports.gate.require_not_banned(call.person)
    require_count(ports.gate.allowance(call.person), _count_of(spec, values), draft=_drafts(spec, values))
    require_free_disk(ports)
    with ports.database.read() as session:
        require_open(session, call)
        require_quota(ports, session, call.person)
        if not call.person.is_alone:
            remix_consent.require(session, call.person, _sources(session, spec, values))


def _count_of(spec: CommandSpec, values: Mapping[str, object]) -> int:
    """How many pictures were asked for, if need be by alternatives. Raises `BadParameterError`."""
    parameter = spec.parameter("count")
    count = parameter.read(values["count"]) if parameter and values.get("count") else None
    prompt = values.get("prompt")
    return (
        read_wording(prompt, count=count, usual=1).count if isinstance(prompt, str) and prompt else count or 1
    )


def _drafts(spec: CommandSpec, values: Mapping[str, object]) -> bool:
    parameter = spec.parameter("draft")
    return parameter is not None and "draft" in values and bool(parameter.read(values["draft"]))


def _sources(session: Session, spec: CommandSpec, values: Mapping[str, object]) -> list[Source]:
    """The pictures that are named, and those that a repeated job started from."""
    sources: list[Source] = []
    for parameter in spec.parameters:
        value = values.get(parameter.name)
        if value and parameter.kind is Kind.PICTURE:
            sources.append(Source(key="", picture_id=parameter.read(value)))
        elif value and parameter.kind is Kind.REFERENCES:
            sources += (Source(key="", picture_id=named.picture_id) for named in parameter.read(value))
        elif value and parameter.kind is Kind.JOB and (row := session.get(JobRow, parameter.read(value))):
            sources += queries.job_of(row).request.sources
    return sources
