"""A `Message` as Block Kit, the only place that knows Slack's limits of messages.

Sources: https://docs.slack.dev/reference/block-kit/blocks and the models of slack_sdk.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from bots.presentation.limits import CUT, Limits
from bots.presentation.message import (
    Download,
    Facts,
    FileKind,
    Image,
    Images,
    Message,
    Note,
    Paragraph,
    Part,
    Preformatted,
    Progress,
    Small,
    Spans,
    Title,
    Tone,
    number_images,
)
from bots.presentation.plain_text import plain_lines
from bots.slack.blocks import Block, context, image_block, plain, section
from bots.slack.render_buttons import feedback_row, rows_of
from bots.slack.texts import texts
from bots.slack.texts.mrkdwn import entities, mrkdwn, shorten_mrkdwn
from bots.texts import jobs
from bots.texts.translation import translate

MOST_BLOCKS, _MOST_VIEW_BLOCKS = 50, 100
_SECTION = 3000
_HEADER = 150
_CONTEXT = 2000
_FIELD, _MOST_FIELDS, _SHORT_FACT = 2000, 10, 60
_MOST_CARDS = 10
_SUMMARY = 3000
_SIGNS = {Tone.WARNING: ":warning: ", Tone.DANGER: ":warning: "}


def render(
    message: Message,
    files: Mapping[str, str] | None = None,
    *,
    carousel: bool = False,
    links: bool = True,
    feedback: bool = False,
    limits: Limits = CUT,
) -> dict[str, Any]:
    """``text`` and ``blocks`` for Slack's methods.

    `files` are the ids of uploaded files by the names of the message's images. `carousel`: the workspace shows several
    images as cards side by side. `links`: people are links to their profiles, of which Slack tells them. `feedback`:
    with the message's buttons for good and not good, as in the agent view.
    """
    made = _Renderer(files=files or {}, carousel=carousel, links=links, feedback=feedback, limits=limits)
    return made.message(message)


def render_home(message: Message, files: Mapping[str, str], *, limits: Limits = CUT) -> dict[str, Any]:
    """The view of the Home tab. Images whose file is not there are left out, as they may still be on their way."""
    rendered = _Renderer(files=files, tells_of_missing=False, limits=limits).message(message)
    return {"type": "home", "blocks": limits.items(rendered["blocks"], _MOST_VIEW_BLOCKS, "blocks")}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Renderer:
    files: Mapping[str, str]
    limits: Limits
    carousel: bool = False
    links: bool = True
    feedback: bool = False
    tells_of_missing: bool = True

    def message(self, message: Message) -> dict[str, Any]:
        rows = list(rows_of(message.rows, self.limits))
        if self.feedback and message.feedback:
            rows.append(feedback_row(message.feedback, self.limits))
        parts = list(self._parts(message.parts))
        parts = self.limits.items(parts, MOST_BLOCKS - len(rows), "blocks")
        summary = message.summary or next(iter(plain_lines(message)), "")
        return {"text": entities(self.limits.text(summary, _SUMMARY, "summary")), "blocks": [*parts, *rows]}

    def _parts(self, parts: Sequence[Part]) -> Iterator[Block]:
        """Paragraphs that follow each other share a section."""
        for kind, group in groupby(parts, key=type):
            if kind is Paragraph:
                texts_ = [self._mrkdwn(part.spans) for part in group if isinstance(part, Paragraph)]
                yield from self._sections("\n".join(texts_))
                continue
            for part in group:
                yield from self._part(part)

    def _part(self, part: Part) -> Iterable[Block]:
        match part:
            case Images():
                return self._images(part)
            case Title():
                return self._title(part.text)
            case Small():
                return [context(self._fit(self._mrkdwn(part.spans), _CONTEXT, "context"))]
            case Facts():
                return self._facts(part)
            case Progress():
                return [section(jobs.progress_bar(part.step, part.steps, part.seconds_left))]
            case Preformatted():
                return self._code_block(part.text)
            case Note():
                return self._sections(_SIGNS.get(part.tone, "") + self._mrkdwn(part.spans))
            case Paragraph(spans=spans) | Download(otherwise=spans):
                return self._sections(self._mrkdwn(spans))

    def _mrkdwn(self, spans: Spans) -> str:
        return mrkdwn(spans, links=self.links)

    def _fit(self, text: str, most: int, what: str) -> str:
        return self.limits.text(text, most, what, shorten_mrkdwn)

    def _sections(self, text: str) -> Iterator[Block]:
        """As many as the text needs, parted between lines."""
        page = ""
        for line in text.split("\n"):
            if page and len(page) + 1 + len(line) > _SECTION:
                yield section(page)
                page = ""
            shown = self._fit(line, _SECTION, "section")
            page = f"{page}\n{shown}" if page else shown
        if page.strip():
            yield section(page)

    def _title(self, text: str) -> Iterable[Block]:
        if len(text) <= _HEADER:
            return [{"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}]
        return self._sections(f"*{self._mrkdwn((' '.join(text.split()),))}*")

    def _code_block(self, text: str) -> Iterator[Block]:
        room = _SECTION - len("```\n\n```")
        shown = self.limits.text(entities(text.replace("`", "'")), room, "preformatted")
        yield section(f"```\n{shown}\n```")

    def _facts(self, facts: Facts) -> Iterator[Block]:
        """Short ones in two columns, long ones over the whole width."""
        shown = [
            (f"*{self._mrkdwn((name,))}*\n{self._mrkdwn(spans)}", mrkdwn(spans))
            for name, spans in facts.facts
        ]
        for short, group in groupby(shown, key=lambda fact: len(fact[1]) <= _SHORT_FACT):
            pairs = [text for text, _ in group]
            if not short:
                for text in pairs:
                    yield from self._sections(text)
                continue
            for start in range(0, len(pairs), _MOST_FIELDS):
                fields = pairs[start : start + _MOST_FIELDS]
                yield {"type": "section", "fields": [self._field(text) for text in fields]}

    def _field(self, text: str) -> Block:
        return {"type": "mrkdwn", "text": self._fit(text, _FIELD, "field"), "verbatim": True}

    def _images(self, images: Images) -> Iterator[Block]:
        """Slack hides no image: of one that is to be hidden a pixelated copy is uploaded."""
        shown = [image for image in images.files if image.name in self.files]
        missing = [image for image in images.files if image not in shown]
        if self.tells_of_missing and any(image.kind is not FileKind.PREVIEW for image in missing):
            yield section(translate(texts.NOT_SHOWN))
        numbers = number_images(images.files if self.tells_of_missing else shown)
        if self.carousel and len(shown) > 1:
            cards = self.limits.items(shown, _MOST_CARDS, "cards")
            yield {"type": "carousel", "elements": [self._card(image, numbers) for image in cards]}
            return
        for image in shown:
            number = numbers.get(image.name, "")
            yield self._image(image) | ({"title": plain(number)} if number else {})

    def _image(self, image: Image) -> Block:
        return image_block(self.files[image.name], image.alt_text, self.limits)

    def _card(self, image: Image, numbers: Mapping[str, str]) -> Block:
        number = {"type": "mrkdwn", "text": f"*{numbers[image.name]}*"}
        return {"type": "card", "hero_image": self._image(image), "title": number}
