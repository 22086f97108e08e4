"""Refusals and holds in the audit log, with the strikes that refusals weigh and the sanctions that strikes lead to."""

import logging

from sqlalchemy.exc import SQLAlchemyError

from moderation.cases.sanctions import punish
from moderation.cases.side_effects import DecisionEffects, SideEffects
from moderation.cases.strikes import Violation
from moderation.records import audit_log
from moderation.records.audit_log import HOUSE
from studio.db.database import Database
from studio.domain.people import Person
from studio.domain.verdicts import Verdict
from studio.errors import DatabaseUnavailableError

logger = logging.getLogger(__name__)


class ViolationLog:
    """Without `side_effects`, what follows from a strike waits for the sweeper."""

    def __init__(self, database: Database, *, side_effects: SideEffects | None = None) -> None:
        self._database = database
        self._side_effects = side_effects

    def record(
        self,
        person: Person,
        verdict: Verdict,
        violation: Violation,
        *,
        policy_version: str,
        moderated: bool,
    ) -> None:
        """Rule and category, never the text, and a strike where it weighs. If it cannot be written, the verdict stands.

        The evidence is kept where the strike leads to a case, and material in any case.
        """
        details = {"rule": verdict.rule, "category": verdict.category, "policy": policy_version}
        outcome = DecisionEffects()
        try:
            with self._database.begin() as session:
                if violation.weight:
                    outcome = punish(session, person, violation, moderated=moderated)
                audit_log.append(session, verdict.ruling, actor=HOUSE, subject=person.key, details=details)
        except (DatabaseUnavailableError, SQLAlchemyError) as error:
            logger.error("verdict not written to the audit log: %s", type(error).__name__)
            return
        if self._side_effects:
            self._side_effects.run(outcome)
