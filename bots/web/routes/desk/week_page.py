"""The numbers of the last seven days as charts, for moderators."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from bots.process.thread_pools import Pool
from bots.texts.cases import LIST_OPEN, outcome_of
from bots.texts.languages.formats import format_date
from bots.texts.translation import translate, translate_plural
from bots.web import texts
from bots.web.access.session_cookies import WebUser
from bots.web.context import WebContext
from bots.web.queries.desk_week import OPEN, DeskWeek, read_week
from bots.web.routes.desk.access import require_moderating_user
from bots.web.routes.page_layout import page_response
from studio.clock import now
from studio.domain.cases import CaseKind, Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A bar for each row: its label, and a value of each series, which are stacked. `note` stands below."""

    title: str
    label: str  # what the rows are
    series: Sequence[str]
    rows: Sequence[tuple[str, Sequence[int]]]
    note: str = ""

    @property
    def longest(self) -> int:
        """The sum that fills the whole width."""
        return max((sum(values) for _, values in self.rows), default=0) or 1

    @property
    def is_empty(self) -> bool:
        return not any(sum(values) for _, values in self.rows)


async def week_page(request: Request) -> Response:
    """GET /desk/week."""
    context, user = await require_moderating_user(request)
    charts = await context.pools.run(Pool.DATABASE, _charts, context, user)
    token = context.session_store.form_token(user)
    return page_response(request, "desk/week.html", {"charts": charts, "token": token})


def _charts(context: WebContext, user: WebUser) -> list[Chart]:
    with context.ports.database.read() as session:
        return [*compose_charts(read_week(session, user.person, at=now()))]


def compose_charts(week: DeskWeek) -> Iterator[Chart]:
    count = (translate(texts.COUNT),)
    yield Chart(
        title=translate(texts.REQUESTS),
        label=translate(texts.DAY),
        series=tuple(map(translate, (texts.PASSED, texts.HELD, texts.REFUSED))),
        rows=[(format_date(day), numbers) for day, *numbers in week.requests],
    )
    yield Chart(
        title=translate(texts.REFUSALS),
        label=translate(texts.CATEGORY),
        series=count,
        rows=[(translate(category), (number,)) for category, number in week.refusals.items()],
    )
    for title, kind, decisions in (
        (texts.HOLDS, CaseKind.HOLD, week.holds),
        (texts.REPORTS, CaseKind.REPORT, week.reports),
        (texts.APPEALS, CaseKind.APPEAL, week.appeals),
    ):
        chart = Chart(title=translate(title), label=translate(texts.OUTCOME), series=count, rows=())
        yield replace(chart, rows=[*_outcomes(kind, decisions)])
    yield Chart(
        title=translate(texts.DECISION_TIMES),
        label=translate(texts.TIME),
        series=count,
        rows=[
            (translate(label), (number,))
            for label, number in zip(texts.DECIDED_WITHIN.values(), week.decision_times, strict=True)
        ],
        note=_usual(week.usual_decision_minutes),
    )


def _outcomes(kind: CaseKind, decisions: Mapping[str, int]) -> Iterator[tuple[str, Sequence[int]]]:
    for decision in (*Decision, OPEN):
        if number := decisions.get(decision, 0):
            label = outcome_of(kind, Decision(decision)) if decision else translate(LIST_OPEN)
            yield label, (number,)


def _usual(minutes: float | None) -> str:
    return translate_plural(*texts.USUAL_TIME, max(1, math.ceil(minutes))) if minutes is not None else ""
