"""The certificates that sign pictures."""

import stat
from collections.abc import Iterator
from datetime import timedelta

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
        yield bad("provenance", str(error), _ANEW.format(folder=folder))
        return
    if found is None:
        yield good("provenance", "no certificates yet; the first worker makes them")
        return
    if any(stat.S_IMODE(file.stat().st_mode) & 0o077 for file in folder.glob("*-key.pem")):
        yield bad("provenance", f"other users may read the keys in {folder}", f"chmod 600 {folder}/*-key.pem")
    ends = f"{found.ends_at:%Y-%m-%d}"
    if found.ends_at < now():
        yield bad(
            "provenance",
            f"the certificate of {found.organization} ended on {ends}",
            _ANEW.format(folder=folder),
        )
    elif found.ends_at < now() + _SOON:
        yield note(
            "provenance",
            f"the certificate of {found.organization} ends on {ends}",
            _ANEW.format(folder=folder),
        )
    else:
        yield good("provenance", f"pictures are signed as {found.organization}, until {ends}")
