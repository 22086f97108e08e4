"""The front ends as processes: from the settings to a web page or a bot that runs until it is stopped."""

import gc
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chatelier.runtime.metrics_server import serve_figures
from chatelier.runtime.network import local_url, require_free
from chatelier.runtime.traces import traces_of
from chatelier.runtime.untrusted_proxies import UntrustedProxies
from chatelier.settings import Settings
from chatelier.wiring.instance import make_folder
from chatelier.wiring.ports import frontend_ports
from chatelier.wiring.redis_address import redis_url
from chatelier.wiring.stored_secret import load_or_create_secret
from studio.errors import ConfigurationError

if TYPE_CHECKING:
    from bots.web.download_links import DownloadLinks
    from bots.web.oauth_provider import DiscordActivity, OAuthProvider
    from bots.web.server import Around
    from studio.ports import Ports

_MIB = 1024 * 1024


def open_web(
    settings: Settings,
    *,
    listener: int | None = None,
    metrics: str | None = None,
    ready_file: Path | None = None,
) -> None:
    """Be the web front end until it is stopped. `listener` is the descriptor of a socket that listens on its port
    already.

    `metrics` is a further address, HOST:PORT, for the figures. `ready_file` is fresh while it is open.
    """
    from bots.web import WebSettings
    from bots.web.metrics import WebMetrics
    from bots.web.server import serve
    from bots.web.settings import Visitors
    from chatelier.wiring.instance import privacy_facts

    web = settings.web
    providers = tuple(_sign_in_providers(settings))
    web_settings = WebSettings(
        secret_key=web.secret.get_secret_value() if web.secret else session_secret(settings),
        host=web.host,
        port=web.port,
        shared_secret=web.invite.get_secret_value() if web.invite else None,
        moderator_secret=web.moderator_invite.get_secret_value() if web.moderator_invite else None,
        allowed_hosts=web.allowed_hosts,
        trusted_proxies=web.trusted_proxies,
        report_unknown_proxy=UntrustedProxies(settings.home).report,
        metrics_token=web.metrics_token.get_secret_value() if web.metrics_token else None,
        max_upload_bytes=settings.limits.max_upload_mib * _MIB,
        site_name=web.name,
        privacy=privacy_facts(settings),
        sign_in_providers=providers,
        activity=_activity(settings, providers),
        visitors=Visitors(web.visitors or ("guests" if providers else "members")),
        download_links=download_links(settings),
    )
    if listener is None:
        require_free(web.host, web.port)
    given = socket.socket(fileno=listener) if listener is not None else None
    figures = WebMetrics()
    serve_figures(metrics, registry=figures.registry)
    with _running_ports(settings, "web") as ports:
        serve(
            ports,
            web_settings,
            around=_with_slack(settings),
            listener=given,
            metrics=figures,
            ready_file=ready_file,
        )


def download_links(settings: Settings) -> "DownloadLinks | None":
    """None where pictures pass through the front end. Raises `ConfigurationError` for a storage without addresses."""
    if not settings.web.storage_links:
        return None
    from bots.web.download_links import VALID_SECONDS, DownloadLinks
    from engine.storage import open_store

    store = open_store(settings.storage)

    def sign(key: str, save_as: str = "") -> str:
        address = store.link(key, valid_seconds=VALID_SECONDS, save_as=save_as)
        if address is None:
            raise ConfigurationError(
                "CHATELIER_WEB__STORAGE_LINKS needs pictures in a bucket: set CHATELIER_STORAGE_URL to s3://…"
            )
        return address

    return DownloadLinks.with_origin_of(sign(f"pictures/00/{62 * '0'}.png"), sign)


def _sign_in_providers(settings: Settings) -> "Iterator[OAuthProvider]":
    from bots.web.oauth_provider import OAuthProvider

    web = settings.web
    if web.discord_client_id and web.discord_client_secret:
        yield OAuthProvider.discord(
            client_id=web.discord_client_id,
            client_secret=web.discord_client_secret.get_secret_value(),
            api_url=settings.discord.api_url,
        )
    if web.slack_client_id and web.slack_client_secret:
        yield OAuthProvider.slack(
            client_id=web.slack_client_id,
            client_secret=web.slack_client_secret.get_secret_value(),
            api_url=settings.slack.api_url,
        )


def _activity(settings: Settings, providers: "tuple[OAuthProvider, ...]") -> "DiscordActivity | None":
    """Raises `ConfigurationError` where something is missing that it needs."""
    from bots.web.oauth_provider import DiscordActivity
    from studio.db.identities.sign_ins import Method

    if not settings.discord.activity:
        return None
    provider = next((found for found in providers if found.method is Method.DISCORD), None)
    token = settings.discord.token if settings.web.public_url else None
    if provider is None or not provider.client_id.isdecimal() or token is None:
        raise ConfigurationError(
            "CHATELIER_DISCORD__ACTIVITY needs, where the web page runs, CHATELIER_DISCORD__TOKEN,"
            " CHATELIER_WEB__PUBLIC_URL,"
            " CHATELIER_WEB__DISCORD_CLIENT_ID (a number) and CHATELIER_WEB__DISCORD_CLIENT_SECRET of one application."
        )
    return DiscordActivity(
        provider=provider, bot_token=token.get_secret_value(), api_url=settings.discord.api_url
    )


@contextmanager
def _running_ports(settings: Settings, service: str) -> "Iterator[Ports]":
    """A front end's ports while it runs.

    What is loaded by now stays: to look through it for garbage again and again would now and then keep everybody
    waiting for a fifth of a second.
    """
    from bots.texts.provenance.alt_texts import label_alt_texts

    label_alt_texts(settings.provenance.alt_text)
    ports = frontend_ports(settings)
    gc.collect()
    gc.freeze()
    with closing(ports.database), traces_of(settings, service):
        yield ports


def _with_slack(settings: Settings) -> "Around | None":
    """The web page answers for the Slack front end too, where one address serves both."""
    slack = settings.slack
    if not slack.behind_web:
        return None
    from bots.slack.http.web_proxy import WebProxy

    return partial(WebProxy, target_url=local_url(slack.host, slack.port))


def run_discord(settings: Settings, *, ready_file: Path | None = None) -> None:
    """Be the Discord front end until it is stopped.

    Raises `ConfigurationError` without a token, or with a wrong one.
    """
    from bots.discord import DiscordSettings, run_bot

    discord = settings.discord
    if discord.token is None:
        raise ConfigurationError(
            "CHATELIER_DISCORD__TOKEN is not set. Copy the bot's token from Discord's developer portal."
        )
    bot = DiscordSettings(
        token=discord.token.get_secret_value(),
        home=settings.home,
        api_url=discord.api_url,
        gateway_url=discord.gateway_url,
        moderator_roles=frozenset(discord.moderator_roles),
        max_upload_bytes=settings.limits.max_upload_mib * _MIB,
        shard_ids=discord.shard_ids,
        shard_count=discord.shard_count,
        user_install=discord.user_install,
        home_server=discord.home_server,
        activity=discord.activity,
    )
    make_folder(settings.home)
    with _running_ports(settings, "discord") as ports:
        run_bot(ports, bot, ready_file=ready_file)


def run_slack(settings: Settings, *, ready_file: Path | None = None) -> None:
    """Be the Slack front end until it is stopped. Raises `ConfigurationError` without tokens, or with wrong ones."""
    from bots.slack import SlackSettings
    from bots.slack.run import run_frontend

    slack = settings.slack
    if not slack.is_set:
        raise ConfigurationError(
            "CHATELIER_SLACK__BOT_TOKEN is not set. Copy the bot token from your Slack app's page, OAuth & Permissions."
        )
    slack_settings = SlackSettings(
        bot_token=slack.bot_token.get_secret_value() if slack.bot_token else None,
        client_id=slack.client_id,
        client_secret=slack.client_secret.get_secret_value() if slack.client_secret else None,
        app_token=slack.app_token.get_secret_value() if slack.app_token else None,
        signing_secret=slack.signing_secret.get_secret_value() if slack.signing_secret else None,
        api_url=slack.api_url,
        host=slack.host,
        port=slack.port,
        public_url=slack.public_url,
        allowed_workspaces=frozenset(slack.allowed_workspaces),
        moderator_groups=frozenset(slack.moderator_groups),
        carousel=slack.carousel,
        claim_seconds=slack.claim_seconds,
        erase_after_days=slack.erase_after_days,
        redis_url=redis_url(settings),
        max_upload_bytes=settings.limits.max_upload_mib * _MIB,
    )
    if slack_settings.listens:
        require_free(slack_settings.host, slack_settings.port, setting="CHATELIER_SLACK__PORT")
    with _running_ports(settings, "slack") as ports:
        run_frontend(ports, slack_settings, ready_file=ready_file)


def session_secret(settings: Settings) -> str:
    """Made at the first start and kept, so that nobody has to come in anew after a restart."""
    return load_or_create_secret(settings.home, "session-secret")
