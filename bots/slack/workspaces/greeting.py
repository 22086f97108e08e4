"""The greeting of a workspace: to the person who installed the app, else to the first moderator who opens it."""

import logging

from slack_sdk.oauth.installation_store.models import Installation

from bots.delivery.errors import PlatformUnavailableError
from bots.delivery.personal_messages import PersonalMessages
from bots.delivery.transport import Place
from bots.slack.api.client import SlackApiRefusedError
from bots.slack.context import SlackComponent, SlackContext
from studio.bounded_dict import BoundedDict
from studio.domain.people import Person, Platform
from studio.errors import ServiceError

_INVITATION = "/invite @Chatelier"
_REMEMBERED = 1000

log = logging.getLogger(__name__)


class Greeting(SlackComponent):
    """By direct message, once for all time, however often the app is installed anew."""

    def __init__(self, context: SlackContext, personal: PersonalMessages) -> None:
        super().__init__(context)
        self._personal = personal
        self._greeted: BoundedDict[str, None] = BoundedDict(_REMEMBERED)

    async def greet_installer(self, installation: Installation) -> None:
        """An installation for a whole organisation names no workspace: there a moderator is greeted. Never raises."""
        team, enterprise = installation.team_id, installation.enterprise_id
        if team is None or not installation.user_id:
            return
        await self.greet(f"{enterprise}:{team}" if enterprise else team, installation.user_id)

    async def greet(self, community: str, user: str) -> None:
        """`community` as in an address. Never raises: one that cannot be sent now comes another time."""
        team = community.rpartition(":")[2]
        if team in self._greeted:
            return
        person = Person(platform=Platform.SLACK, community=team, user_id=user, display_name=user)
        place = Place(community=community, person=person)
        try:
            greeted = await self._personal.greet(Platform.SLACK, team, [place], invitation=_INVITATION)
        except (PlatformUnavailableError, SlackApiRefusedError, ServiceError) as error:
            log.warning("workspace not greeted: %s", type(error).__name__)
            return
        if greeted:
            self._greeted[team] = None
