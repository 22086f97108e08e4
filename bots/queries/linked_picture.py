"""The pictures that addresses of the web front end show, as far as everybody in a chat may see them."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from sqlalchemy.orm import Session

from bots.queries.job_view import JobView, load_job_views
from studio.commands.pictures.share import SHARED_PATH, find_shared
from studio.db import queries
from studio.domain.identifiers import is_job_id, split_picture_id
from studio.domain.people import Platform
from studio.domain.pictures import Picture
from studio.errors import BannedError, NotFoundError
from studio.ports import Ports
from studio.services.visibility import Audience, find_picture

_SUFFIX = ".png"
_LONGEST_ADDRESS = 500
# The pages of one picture, of a job, and of a picture's file.
_PAGES = ("/view/", "/jobs/", "/pictures/")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPicture:
    picture: Picture
    job_view: JobView


def find_linked_picture(ports: Ports, address: str, home: tuple[Platform, str]) -> LinkedPicture | None:
    """What an address shows to everybody in the community `home`; of a job its first picture.

    None for every other page, and where somebody in the community may not see the picture, or has to click first.
    Raises `ServiceError`.
    """
    path = _path_of(address, ports.web_url)
    if path is None:
        return None
    try:
        if path.startswith(SHARED_PATH):
            return _find_shared(ports, path.removeprefix(SHARED_PATH).removesuffix(_SUFFIX))
        subject = next((path.removeprefix(page) for page in _PAGES if path.startswith(page)), "")
        with ports.database.read() as session:
            return _find_seen(session, subject.removesuffix(_SUFFIX), Audience(home=home))
    except (NotFoundError, BannedError):
        return None


def _path_of(address: str, web_url: str) -> str | None:
    """None for addresses of others."""
    if not web_url or len(address) > _LONGEST_ADDRESS or "\0" in unquote(address):
        return None
    try:
        wanted, own = urlsplit(address), urlsplit(web_url)
    except ValueError:
        return None
    if (wanted.scheme, wanted.netloc.lower()) != (own.scheme, own.netloc.lower()):
        return None
    return wanted.path.removeprefix(own.path.rstrip("/"))


def _find_shared(ports: Ports, token: str) -> LinkedPicture:
    """Without its origins, as on its page. Raises `NotFoundError` and `BannedError`."""
    picture, job = find_shared(ports, token[:64])
    return LinkedPicture(picture=picture, job_view=JobView(job=job))


def _find_seen(session: Session, subject: str, audience: Audience) -> LinkedPicture | None:
    """Raises `NotFoundError`."""
    if is_job_id(subject):
        pictures = queries.pictures_of_job(session, subject)
        subject = pictures[0].id if pictures else ""
    if split_picture_id(subject) is None:
        return None
    picture = find_picture(session, subject, audience)
    job = queries.find_job(session, picture.job_id)
    if job.spoiler:
        return None
    (view,) = load_job_views(session, [job])
    return LinkedPicture(picture=picture, job_view=view)
