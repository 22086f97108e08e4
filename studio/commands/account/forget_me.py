"""/forget-me: everything that is kept of a person goes, under all their names."""

from dataclasses import dataclass

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import Forgotten
from studio.commands.spec import Call, CommandSpec
from studio.db import credit_ledger
from studio.db.identities import linked_identities
from studio.db.identities.people import lock_person
from studio.errors import NotAllowedError
from studio.gatherings.people import forget_in_gatherings
from studio.ports import Ports
from studio.services.account_erasure import count_pictures, forget, is_painting, lock_jobs
from studio.services.picture_deletion import finish_removal


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetMe:
    confirm: str


def forget_me(ports: Ports, call: Call, _command: ForgetMe) -> Forgotten:
    """Pictures with their files, words, stars, settings and links. Raises `NotAllowedError` while a job is painted."""
    with ports.database.read() as session:
        if is_painting(session, linked_identities.identities(session, call.person.key)):
            raise NotAllowedError("job_running")
    judged = ports.desk.forget(call.person)
    with ports.database.begin() as session:
        linked_identities.lock_identities(session, call.person.key)
        lock_person(session, call.person)
        keys = linked_identities.identities(session, call.person.key)
        credit_ledger.lock(session, *keys)
        lock_jobs(session, keys)
        if is_painting(session, keys):  # since it was asked a moment ago
            raise NotAllowedError("job_running")
        pictures = count_pictures(session, keys)
        games = forget_in_gatherings(session, keys)
        removal = forget(session, keys, judged=judged)
        removal.events.extend(games)
    finish_removal(ports, removal)
    return Forgotten(pictures=pictures, identities=len(keys))


SPEC = CommandSpec(
    name="forget-me",
    summary="Delete everything that is stored about you: pictures, words, settings. It cannot be undone.",
    example="/forget-me yes",
    build=ForgetMe,
    handle=forget_me,
    parameters=(
        Parameter(
            name="confirm",
            kind=Kind.CHOICE,
            summary="Type yes.",
            choices=("yes",),
            required=True,
            positional=True,
        ),
    ),
    paints=False,
    open_to_banned=True,
)
