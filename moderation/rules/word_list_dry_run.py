"""Tries a community's words on the requests of the last month, before they apply."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.rules.community_words import CommunityWords
from moderation.rules.prompt.subject import PromptSubject
from studio.clock import now
from studio.db import queries
from studio.db.tables import JobRow
from studio.domain.people import Person
from studio.domain.settings.word_lists import WordTrial
from studio.domain.verdicts import Ruling

DAYS = 30
_MOST_REQUESTS = 5000
_MOST_EXAMPLES = 5


def try_words(session: Session, moderator: Person, words: Mapping[str, str]) -> WordTrial:
    """On the newest 5,000 requests of the moderator's community. The words of those who were forgotten are gone."""
    rule = CommunityWords.of(words)
    here = (JobRow.platform == moderator.platform) & (JobRow.community == moderator.community)
    query = select(JobRow).where(here, JobRow.created_at > now() - timedelta(days=DAYS))
    rows = session.scalars(query.order_by(JobRow.created_at.desc()).limit(_MOST_REQUESTS))
    counts, examples, requests = {Ruling.REFUSE: 0, Ruling.HOLD: 0}, [], 0
    for row in rows:
        requests += 1
        found = rule.judge(PromptSubject.of_request(queries.job_of(row).request))
        if found:
            counts[found.ruling] += 1
            examples.append(row.id)
    return WordTrial(
        days=DAYS,
        requests=requests,
        refused=counts[Ruling.REFUSE],
        held=counts[Ruling.HOLD],
        examples=tuple(examples[:_MOST_EXAMPLES]),
    )
