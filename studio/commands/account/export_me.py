"""/export-me: everything that is kept of a person, as a ZIP."""

from dataclasses import dataclass

from studio.commands.spec import Call, CommandSpec
from studio.ports import Ports
from studio.services.accounts.account_export import Exported, count_export


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportMe:
    """Takes no values."""


def export_me(ports: Ports, call: Call, _command: ExportMe) -> Exported:
    """What the archive will hold; the front end has it made by `write_export` and hands it over."""
    with ports.database.read() as session:
        return count_export(session, call.person)


SPEC = CommandSpec(
    name="export-me",
    summary="Get everything that is stored about you as a ZIP: pictures, words, settings, cases.",
    example="/export-me",
    build=ExportMe,
    handle=export_me,
    parameters=(),
    paints=False,
    rationed=True,
    open_to_banned=True,
)
