"""Carries out what the router decided, and composes what the person sees of it: the same on every chat."""

import io
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bots.delivery.attachments import Attachment
from bots.delivery.chat_event_handler import ChatEventHandler
from bots.delivery.errors import DeliveryInProgressError, PlatformUnavailableError
from bots.delivery.message_files import draw_images
from bots.presentation.compose.answers import EXPORT, compose_answer, compose_export, compose_sent
from bots.presentation.compose.cases import compose_case_pictures
from bots.presentation.compose.job_message import compose_job
from bots.presentation.compose.picture_choice import compose_disliked
from bots.presentation.compose.provenance.attribution import compose_family
from bots.presentation.form_model import Form
from bots.presentation.interaction_router import (
    Ask,
    Choose,
    Panel,
    Reveal,
    Run,
    Send,
    Step,
    from_menu,
    route_reaction,
)
from bots.presentation.message import Message, Note, Spans, Tone
from bots.presentation.reply_words import read_words_below
from bots.presentation.subject_lookup import (
    changes_star,
    form_about,
    load_choice,
    load_form,
    load_panel,
    subject_of_upload,
    with_latest_pictures,
)
from bots.process.thread_pools import Pool, ThreadPools
from bots.queries.job_view import JobView, load_job_view
from bots.queries.message_lookup import ShownPictures
from bots.texts.privacy_notice import archive_readme
from studio.commands.button_ids import Action
from studio.commands.button_ids import Button as ButtonId
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.registry import execute, find_command
from studio.commands.results import (
    Accepted,
    Answer,
    CaseOpened,
    Community,
    Family,
    PictureShown,
    ReportFiled,
)
from studio.commands.spec import Call
from studio.db.sessions.read_memo import forget_reads
from studio.domain.identifiers import picture_id
from studio.domain.provenance import Traces
from studio.domain.requests import Source
from studio.errors import NotFoundError
from studio.ports import Ports
from studio.services.accounts.account_export import Exported, write_export
from studio.services.upload_intake import accept_upload, examine_upload

_LARGEST_EXPORT_BYTES = 8 * 1024 * 1024
# They say to which community something belongs.
_NAMING = ("case", "job", "picture", "what", "id", "proposal")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """For one person. `subject` is what its files are about, empty for none; `made` are drawn images by name."""

    message: Message
    subject: str = ""
    made: Mapping[str, Attachment] = field(default_factory=dict)


Fetch = Callable[[], Awaitable[bytes]]  # a file that somebody shares
Result = Answer | Message | Reply | None
Show = Callable[[Reply], Awaitable[object]]


class StepRunner:
    """`pixelated`: the platform has no spoilers. `menus`: its forms complete nothing that is typed.

    Methods raise a `ChatelierError`.
    """

    def __init__(
        self,
        ports: Ports,
        pools: ThreadPools,
        delivery: ChatEventHandler,
        *,
        pixelated: bool = False,
        menus: bool = False,
    ) -> None:
        self._ports = ports
        self._pools = pools
        self._delivery = delivery
        self._pixelated = pixelated
        self._menus = menus

    async def at_home(self, call: Call, what: str, *, paints: bool = False) -> Call:
        """The call as a member of the community that a job, a picture or a case belongs to. A platform whose people
        may act from outside of it overrides this.
        """
        return call

    async def run(self, run: Run, call: Call) -> Answer:
        for what in filter(None, map(run.values.get, _NAMING)):
            call = await self.at_home(call, str(what), paints=run.public)
        return await self._pools.run(Pool.COMMANDS, execute, self._ports, call, run.command, dict(run.values))

    async def carry_out(self, step: Step, call: Call) -> Result:
        """Every step but `Ask`, whose form must be opened before anything takes long."""
        match step:
            case Run():
                return await self.run(step, call)
            case Choose():
                viewer = await self.at_home(call, step.job_id)
                return await self._pools.run(
                    Pool.COMMANDS, load_choice, self._ports.database, step, viewer.person
                )
            case Panel():
                return await self._panel(step, await self.at_home(call, step.job_id))
            case Send():
                job_view = await self.job_view(step.job_id, call)
                return compose_sent(sent=await self._delivery.personal.send_copy(job_view, call.person))
            case Reveal():
                details = await self._delivery.case_for(call.person, step.case_id)
                return Reply(message=compose_case_pictures(details), subject=details.case.id)
            case Ask():
                raise TypeError("a form is opened, not carried out")

    async def _panel(self, step: Panel, viewer: Call) -> Message:
        return await self._pools.run(
            Pool.COMMANDS,
            load_panel,
            self._ports,
            step,
            viewer.person,
            channel=viewer.address.channel,
            pixelated=self._pixelated,
        )

    async def load_form(self, ask: Ask, call: Call) -> Form:
        viewer = await self.at_home(call, ask.job_id)
        form = await self._pools.run(
            Pool.DATABASE, load_form, self._ports, ask, viewer.person, channel=viewer.address.channel
        )
        if not self._menus:
            return form
        return await self._pools.run(Pool.DATABASE, with_latest_pictures, self._ports, viewer, form)

    async def follow_menu(self, action: Action, shown: ShownPictures, call: Call) -> Step:
        """As if the button of the picture were pressed; with several pictures one asks which."""
        job_view = await self.job_view(shown.job_id, call)
        return from_menu(action, shown.job_id, shown.numbers(job_view))

    async def take_in(self, fetch: Fetch, call: Call) -> Source:
        """Raises what `fetch` raises, `BadImageError`, `PolicyRefusalError`, `InspectionError` or `StorageError`."""
        return await self._pools.run(
            Pool.FILES, accept_upload, self._ports, call.person, await _receive(fetch)
        )

    async def receive(self, parameter: Parameter | None, fetch: Fetch, call: Call) -> Source | Traces:
        """A file for a parameter: taken in, or where the parameter says so only examined."""
        if parameter is None or parameter.kind is not Kind.FILE:
            return await self.take_in(fetch, call)
        return await self._pools.run(
            Pool.FILES, examine_upload, self._ports, call.person, await _receive(fetch)
        )

    async def with_image(self, run: Run, fetch: Fetch, call: Call) -> Run:
        """The command on somebody's image."""
        parameter = find_command(run.command).parameter("image")
        return replace(run, values={"image": await self.receive(parameter, fetch, call)})

    async def take_in_form(self, action: Action, fetch: Fetch, call: Call) -> Form:
        """The form of an action on somebody's image, which is its `upload`."""
        source = await self.take_in(fetch, call)
        form = form_about(action, subject_of_upload(self._ports, "", key=source.key))
        return replace(form, upload=source)

    async def follow_words(self, shown: ShownPictures, words: str, call: Call) -> Answer:
        """Words below pictures are about the first of them."""
        call = await self.at_home(call, shown.job_id, paints=True)
        number = shown.numbers(await self.job_view(shown.job_id, call))[0]
        picture = picture_id(shown.job_id, number)
        step = await self._pools.run(Pool.DATABASE, read_words_below, self._ports, picture, words, call)
        return await self.run(step, call)

    async def react(self, button: ButtonId, call: Call, *, added: bool) -> Result:
        """None where the reaction changes nothing, or what it means is not there."""
        step = route_reaction(button, added=added)
        try:
            if step is None or (
                button.action is Action.STAR and not await self._changes_star(button, call, added)
            ):
                return None
            return await self.carry_out(step, call)
        except NotFoundError:
            return None

    async def judge(self, button: ButtonId, call: Call, *, good: bool) -> Result:
        """A button of `Message.feedback`: a good picture has the person's star, and of one that is not good they are
        asked what was wrong. Where several are shown, a choice asks which is good.
        """
        if good and not button.index:
            return await self.carry_out(Choose(action=Action.STAR, job_id=button.job_id), call)
        star = replace(button, action=Action.STAR)
        changed = await self.react(star, call, added=good) if button.index else None
        if good:
            return changed
        return compose_disliked(await self.job_view(button.job_id, call), button.index)

    async def _changes_star(self, button: ButtonId, call: Call, added: bool) -> bool:
        viewer = await self.at_home(call, button.job_id)
        picture, person_key = button.picture_id or "", viewer.person.key
        return await self._pools.run(
            Pool.COMMANDS, changes_star, self._ports.database, picture, person_key, added=added
        )

    async def job_view(self, job_id: str, call: Call) -> JobView:
        viewer = await self.at_home(call, job_id)
        return await self._pools.run(
            Pool.COMMANDS, load_job_view, self._ports.database, job_id, viewer=viewer.person
        )

    async def compose(self, result: Result, call: Call) -> Reply | None:
        """What the person sees. None for a job that was accepted: its own message is the answer."""
        match result:
            case None | Accepted():
                return None
            case Reply():
                return result
            case Message():
                return Reply(message=result)
            case PictureShown():
                job_view = await self.job_view(result.job.id, call)
                return Reply(message=compose_job(job_view), subject=result.job.id)
            case Family():
                made = await self._pools.run(Pool.FILES, draw_images, self._ports, result)
                return Reply(message=compose_family(result), subject=result.picture_id, made=made)
            case Exported():
                return await self._export(call)
            case _:
                subject = result.details.case.id if isinstance(result, CaseOpened) else ""
                hints = await self.channel_hints(result, call) if isinstance(result, Community) else ()
                notes = (Note(spans=spans, tone=Tone.WARNING) for spans in hints)
                message = compose_answer(result)
                return Reply(message=message.with_parts(*notes), subject=subject) if message else None

    async def _export(self, call: Call) -> Reply:
        """With as many files as a message takes."""
        out = io.BytesIO()
        write = partial(write_export, readme=archive_readme, most_bytes=_LARGEST_EXPORT_BYTES)
        exported = await self._pools.run(Pool.FILES, write, self._ports, call.person, out)
        made = {EXPORT: Attachment(data=out.getvalue(), suffix=".zip")}
        return Reply(message=compose_export(exported), made=made)

    async def answer(self, result: Result, call: Call, show: Show, *, quietly: bool = False) -> None:
        """Show the person what came of it; a new job shows itself. `quietly`: only a report is confirmed."""
        if isinstance(result, Accepted):
            await self._delivery.send_new_job(result.job_id)
        elif not quietly or isinstance(result, ReportFiled):
            if reply := await self.compose(result, call):
                await show(reply)
            await self._show_desk(result, call)

    async def channel_hints(self, answer: Community, call: Call) -> Sequence[Spans]:
        """A sentence for each channel of the rules with which something is wrong on the platform."""
        return ()

    async def _show_desk(self, result: Result, call: Call) -> None:
        """What is on the desk, in a desk channel that was named just now."""
        if not isinstance(result, Community) or not result.rules.desk_channel:
            return
        try:
            await self._delivery.show_open_cases(call.person)
        except (DeliveryInProgressError, PlatformUnavailableError) as error:
            log.info("case message postponed: %s", type(error).__name__)


async def _receive(fetch: Fetch) -> bytes:
    """It may take long: what was read before is old by then."""
    data = await fetch()
    forget_reads()
    return data
