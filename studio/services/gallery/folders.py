"""Folders of pictures: a person's own, which they may share with their community.

What somebody sees in a shared folder is what they may see anywhere else (`studio.services.gallery.picture_list`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session, aliased

from studio.clock import now
from studio.db.identities.linked_identities import identities
from studio.db.identities.people import lock_person
from studio.db.tables import BanRow, FolderPictureRow, FolderRow, PersonRow
from studio.domain.identifiers import new_job_id
from studio.domain.people import Person
from studio.domain.requests import Operation, PaintRequest
from studio.domain.verdicts import Ruling
from studio.errors import BadParameterError, NotFoundError
from studio.parsing.text_cleaning import clean_text
from studio.ports import Admission, Ports
from studio.services.visibility import Audience, find_picture

MOST_FOLDERS = 100  # of one person
LONGEST_NAME = 60
_COMMAND = "folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """`own`: of the viewer, under any of their names; `owner` is the key of the identity that made it."""

    id: str
    name: str
    shared: bool
    own: bool
    owner: str
    owner_name: str = ""


def list_folders(session: Session, viewer: Person) -> list[Folder]:
    """One's own by name, then those that others share with the viewer's community, unless they are banned."""
    keys = identities(session, viewer.key)
    own = FolderRow.person_key.in_(keys)
    here = (FolderRow.platform == viewer.platform) & (FolderRow.community == viewer.community)
    query = select(FolderRow, PersonRow.display_name).join(PersonRow, PersonRow.key == FolderRow.person_key)
    shared_here = here & FolderRow.shared & ~_is_banned()
    rows = session.execute(query.where(own | shared_here).order_by(FolderRow.name))
    folders = [_folder_of(row, name, keys) for row, name in rows]
    return sorted(folders, key=lambda folder: not folder.own)


def find_folder(session: Session, viewer: Person, folder_id: str) -> Folder:
    """Raises `NotFoundError`, also for one that is somebody else's and not shared here."""
    found = next((folder for folder in list_folders(session, viewer) if folder.id == folder_id), None)
    if found is None:
        raise NotFoundError("folder")
    return found


def create_folder(ports: Ports, person: Person, typed: str) -> str:
    """The id of the new folder. Raises `BadParameterError`, `PolicyRefusalError`, `RateLimitedError`."""
    name = _judged_name(ports, person, typed)
    with ports.database.begin() as session:
        lock_person(session, person)
        _require_free(session, person, name)
        mine = FolderRow.person_key.in_(identities(session, person.key))
        if (session.scalar(select(func.count()).select_from(FolderRow).where(mine)) or 0) >= MOST_FOLDERS:
            raise BadParameterError("name", "too_many_folders", most=MOST_FOLDERS)
        folder_id = new_job_id()
        session.add(
            FolderRow(
                id=folder_id,
                person_key=person.key,
                name=name,
                platform=person.platform,
                community=person.community,
                shared=False,
                created_at=now(),
            )
        )
    return folder_id


def rename_folder(ports: Ports, person: Person, folder_id: str, typed: str) -> None:
    """Raises as `create_folder`, and `NotFoundError`."""
    name = _judged_name(ports, person, typed)
    with ports.database.begin() as session:
        lock_person(session, person)
        row = _own_row(session, person, folder_id)
        if row.name != name:
            _require_free(session, person, name)
        row.name = name


def share_folder(ports: Ports, person: Person, folder_id: str, *, shared: bool) -> None:
    """With the community in which the person is, or no longer; moderators may end it there. Raises `NotFoundError`."""
    with ports.database.begin() as session:
        lock_person(session, person)
        found = session.get(FolderRow, folder_id)
        if found and not shared and person.moderates and found.shared and _is_at_home(found, person):
            found.shared = False
            return
        row = _own_row(session, person, folder_id)
        row.shared = shared
        row.platform, row.community = person.platform, person.community


def delete_folder(ports: Ports, person: Person, folder_id: str) -> None:
    """Its pictures stay where they are otherwise. Raises `NotFoundError`."""
    with ports.database.begin() as session:
        lock_person(session, person)
        session.delete(_own_row(session, person, folder_id))
        session.execute(delete(FolderPictureRow).where(FolderPictureRow.folder_id == folder_id))


def move_pictures(ports: Ports, person: Person, picture_ids: Sequence[str], folder_id: str) -> None:
    """Into one of the person's folders, out of those that they were in; with an empty id only out.

    Raises `NotFoundError` for a folder that is not theirs, and for pictures that they may not see: then none is moved.
    """
    audience = Audience.of_person(person)
    with ports.database.begin() as session:
        lock_person(session, person)
        owner = _own_row(session, person, folder_id).person_key if folder_id else ""
        found = [find_picture(session, picture_id, audience).id for picture_id in dict.fromkeys(picture_ids)]
        keys = identities(session, person.key)
        there = FolderPictureRow.person_key.in_(keys) & FolderPictureRow.picture_id.in_(found)
        session.execute(delete(FolderPictureRow).where(there))
        for picture_id in found if folder_id else ():
            session.add(
                FolderPictureRow(person_key=owner, picture_id=picture_id, folder_id=folder_id, added_at=now())
            )


def _judged_name(ports: Ports, person: Person, typed: str) -> str:
    """By the rules for prompts, since others read it once the folder is shared. Counted, or it could try the rules."""
    name = " ".join(clean_text(typed).split())[:LONGEST_NAME].strip()
    if not name:
        raise BadParameterError("name", "missing_folder_name")
    ports.gate.check_command_rate(person, _COMMAND)
    request = PaintRequest(operation=Operation.IMAGINE, prompt=name, seed=0, count=1)
    admission = Admission(person=person, command=_COMMAND, request=request, outstanding_jobs=0)
    verdict = ports.gate.review(admission)
    if verdict.ruling is not Ruling.ALLOW:
        raise verdict.refusal()
    return name


def _is_banned() -> ColumnElement[bool]:
    """Whether a ban holds on the person of a query, under any of their names."""
    other = aliased(PersonRow)
    holds = or_(BanRow.until.is_(None), BanRow.until > now())
    bans = select(BanRow.person_key).join(other, other.key == BanRow.person_key)
    return bans.where(other.human == PersonRow.human, holds).exists()


def _is_at_home(row: FolderRow, person: Person) -> bool:
    return (row.platform, row.community) == person.home


def _own_row(session: Session, person: Person, folder_id: str) -> FolderRow:
    row = session.get(FolderRow, folder_id)
    if row is None or row.person_key not in identities(session, person.key):
        raise NotFoundError("folder")
    return row


def _require_free(session: Session, person: Person, name: str) -> None:
    mine = FolderRow.person_key.in_(identities(session, person.key))
    if session.scalar(select(FolderRow.id).where(mine, FolderRow.name == name).limit(1)):
        raise BadParameterError("name", "folder_taken", name=name)


def _folder_of(row: FolderRow, owner_name: str, keys: Sequence[str]) -> Folder:
    return Folder(
        id=row.id,
        name=row.name,
        shared=row.shared,
        own=row.person_key in keys,
        owner=row.person_key,
        owner_name=owner_name,
    )
