"""Saved styles, read and written as the frozen type of the studio."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db.identities.linked_identities import identities
from studio.db.sql_dialects import lock_names
from studio.db.tables import SavedStyleRow
from studio.domain.people import Person
from studio.domain.settings.saved_styles import SavedStyle
from studio.serialization import from_data, to_data


def own_styles(session: Session, person: Person) -> tuple[SavedStyle, ...]:
    """Those of the human behind the person, under whichever of their names, by name."""
    theirs = SavedStyleRow.person_key.in_(identities(session, person.key))
    query = select(SavedStyleRow).where(theirs).order_by(SavedStyleRow.name, SavedStyleRow.saved_at)
    return tuple(map(_style_of, session.scalars(query)))


def shared_styles(session: Session, person: Person) -> tuple[SavedStyle, ...]:
    """Those of the person's community, by name; of two with one name the earlier first."""
    here = (SavedStyleRow.platform == person.platform) & (SavedStyleRow.community == person.community)
    query = select(SavedStyleRow).where(here, SavedStyleRow.shared)
    rows = session.scalars(query.order_by(SavedStyleRow.name, SavedStyleRow.saved_at))
    return tuple(map(_style_of, rows))


def find_style(session: Session, person: Person, name: str) -> SavedStyle | None:
    """The person's own one of this name, else their community's."""
    known = (*own_styles(session, person), *shared_styles(session, person))
    return next((style for style in known if style.name == name), None)


def referenced_pictures(session: Session) -> set[str]:
    """The ids of all pictures that saved styles show a model."""
    styles = (from_data(SavedStyle, data) for data in session.scalars(select(SavedStyleRow.data)))
    return {reference.picture_id for style in styles for reference in style.references}


def lock_community(session: Session, person: Person) -> None:
    """Against two that are shared under one name at once."""
    lock_names(session, f"styles:{person.platform}:{person.community}")


def save_style(session: Session, person: Person, style: SavedStyle) -> None:
    """In place of the person's own one of its name, which stays where it was. The person's row must be there."""
    key = style.owner or person.key, style.name
    known = session.get(SavedStyleRow, key)
    session.merge(
        SavedStyleRow(
            person_key=key[0],
            name=key[1],
            platform=known.platform if known else person.platform,
            community=known.community if known else person.community,
            shared=style.shared,
            data=to_data(style),
            saved_at=now(),
        )
    )
    session.flush()


def mark_shared(session: Session, style: SavedStyle, *, shared: bool, where: Person) -> None:
    """Share it in the community of a person, or no longer."""
    row = session.get_one(SavedStyleRow, (style.owner, style.name))
    row.shared = shared
    row.platform, row.community = where.platform, where.community
    session.flush()


def remove_style(session: Session, style: SavedStyle) -> None:
    session.delete(session.get_one(SavedStyleRow, (style.owner, style.name)))
    session.flush()


def _style_of(row: SavedStyleRow) -> SavedStyle:
    """The columns count: what is in the data is as it was saved."""
    style = from_data(SavedStyle, row.data)
    return SavedStyle(
        name=row.name,
        owner=row.person_key,
        shared=row.shared,
        words=style.words,
        negative_prompt=style.negative_prompt,
        model=style.model,
        loras=style.loras,
        references=style.references,
    )
