"""What the routes and the sockets of the app share."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from bots.delivery.event_consumer import EventConsumer
from bots.process.thread_pools import Pool, ThreadPools
from bots.web.access.attempt_limiter import AttemptLimiter
from bots.web.access.ended_sessions import SessionRegistry
from bots.web.access.identities import Identities
from bots.web.access.reader_language import ChosenLanguages
from bots.web.access.session_cookies import SessionStore, WebUser
from bots.web.live.dispatcher import Dispatcher
from bots.web.live.event_handler import CONSUMER, LiveEvents
from bots.web.live.feed import Feed
from bots.web.live.hub import LiveHub
from bots.web.live.live_consumer import LiveEventConsumer
from bots.web.metrics import WebMetrics
from bots.web.settings import WebSettings
from bots.web.sign_in.oauth import OAuthFlow
from bots.web.sign_in.passkeys import Passkeys
from bots.web.sign_in.sign_ins import SignIns
from studio.domain.settings.languages import Language
from studio.ports import Ports

_THREADS = {
    Pool.COMMANDS: 2,  # commands
    Pool.DATABASE: 2,  # cards and pages
    Pool.FILES: 4,  # picture files
    Pool.UPLOADS: 1,  # uploads: cleaning one may take 200 MB for a moment
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebContext:
    ports: Ports
    settings: WebSettings
    session_store: SessionStore
    pools: ThreadPools
    hub: LiveHub
    feed: Feed
    dispatcher: Dispatcher
    event_consumer: EventConsumer
    metrics: WebMetrics
    attempt_limiter: AttemptLimiter
    identities: Identities
    sessions: SessionRegistry
    sign_ins: SignIns
    oauth_flow: OAuthFlow
    passkeys: Passkeys
    chosen_languages: ChosenLanguages

    async def has_ended(self, connection: HTTPConnection) -> bool:
        """Whether a request or a socket comes with a session that its person ended."""
        user = self.session_store.read(connection)
        if user is None or not user.user_id:
            return False
        known = self.sessions.has_ended_cached(user.session)
        if known is not None:
            return known
        return await self.pools.run(Pool.DATABASE, self.sessions.look_up, user.session)

    async def chosen_language(self, connection: HTTPConnection) -> Language | None:
        """What the person of a request or a socket chose with `/settings`; None: nothing."""
        user = self.session_store.read(connection)
        if user is None or not user.user_id:
            return None
        key = user.person.key
        if self.chosen_languages.is_known(key):
            return self.chosen_languages.find_known(key)
        return await self.pools.run(Pool.DATABASE, self.chosen_languages.look_up, key)

    def change_language(self, user: WebUser, chosen: Language | None) -> bool:
        """After a person changed their settings. Whether that changed the language of one of their browsers."""
        self.chosen_languages.remember(user.person.key, chosen)
        return self.hub.change_language(user.user_id, chosen)


def build_context(ports: Ports, settings: WebSettings, *, metrics: WebMetrics | None = None) -> WebContext:
    session_store = SessionStore(settings)
    pools = ThreadPools("web", _THREADS)
    hub = LiveHub(ports, pools)
    return WebContext(
        ports=ports,
        settings=settings,
        session_store=session_store,
        pools=pools,
        hub=hub,
        feed=Feed(ports, pools, hub),
        dispatcher=Dispatcher(ports, session_store),
        event_consumer=LiveEventConsumer(
            ports.events, LiveEvents(ports, pools, hub), pools, consumer=CONSUMER
        ),
        metrics=metrics or WebMetrics(),
        attempt_limiter=AttemptLimiter(),
        identities=Identities(ports.database, session_store),
        sessions=SessionRegistry(ports.database),
        sign_ins=SignIns(ports.database, session_store),
        oauth_flow=OAuthFlow(settings.secret_key, settings.sign_in_providers),
        passkeys=Passkeys(settings.secret_key, app_name=settings.site_name),
        chosen_languages=ChosenLanguages(ports.database),
    )
