"""The certificates that sign pictures."""

import stat
from collections.abc import Iterator
from datetime import timedelta

from bots.texts.languages.formats import format_date
from chatelier.doctor.findings import Finding, bad, good, note
from chatelier.settings import Loaded
from chatelier.wiring.provenance import own_chain
from studio.clock import now
from studio.errors import ConfigurationError

_SOON = timedelta(days=60)
_ANEW = "Move {folder} away and run `chatelier provenance init`; keep the old folder to show what was signed with it."


def chain(loaded: Loaded) -> Iterator[Finding]:
    folder = loaded.settings.provenance_folder
    if not loaded.settings.provenance.credentials:
        yield note(
            "provenance", "content credentials are switched off", "Unset CHATELIER_PROVENANCE__CREDENTIALS."
        )
        return
    try:
        found = own_chain(loaded.settings)
    except ConfigurationError as error:
        yield bad("provenance", "{fault}", _ANEW, fault=error, folder=folder)
        return
    if found is None:
        yield good("provenance", "no certificates yet; the first worker makes them")
        return
    if any(stat.S_IMODE(file.stat().st_mode) & 0o077 for file in folder.glob("*-key.pem")):
        yield bad(
            "provenance",
            "other users may read the keys in {folder}",
            "chmod 600 {folder}/*-key.pem",
            folder=folder,
        )
    ends = format_date(found.ends_at)
    if found.ends_at < now():
        yield bad(
            "provenance",
            "the certificate of {organization} ended on {ends}",
            _ANEW,
            organization=found.organization,
            ends=ends,
            folder=folder,
        )
    elif found.ends_at < now() + _SOON:
        yield note(
            "provenance",
            "the certificate of {organization} ends on {ends}",
            _ANEW,
            organization=found.organization,
            ends=ends,
            folder=folder,
        )
    else:
        yield good(
            "provenance",
            "pictures are signed as {organization}, until {ends}",
            organization=found.organization,
            ends=ends,
        )
