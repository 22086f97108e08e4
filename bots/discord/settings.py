"""Settings of the Discord front end, made by the program that starts it."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

API_URL = "https://discord.com/api/v10"
CDN_HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordSettings:
    """`home` keeps the hash of the commands last registered. `shard_ids` are this process's, of `shard_count`;
    unset: as many as Discord advises, all of them here. `moderator_roles` are ids or names of roles. `user_install`:
    people may add the app to their account. `activity`: the web page is an Activity of the app. `home_server`: whose
    rules hold for those who are alone with the bot."""

    token: str = field(repr=False)
    home: Path
    api_url: str = API_URL
    gateway_url: str | None = None
    cdn_hosts: frozenset[str] = CDN_HOSTS
    moderator_roles: frozenset[str] = frozenset()
    max_upload_bytes: int = 20 * 1024 * 1024
    shard_ids: tuple[int, ...] | None = None
    shard_count: int | None = None
    user_install: bool = False
    home_server: str | None = None
    activity: bool = False

    @property
    def consumer(self) -> str:
        """Stays the same over restarts, so that a process first gets what it left undone."""
        return f"bot-{self.shard_ids[0] if self.shard_ids else 0}"

    def may_download(self, url: str) -> bool:
        """Attachments come from Discord's own hosts, or from the configured API's, and nowhere else."""
        wanted, api = urlsplit(url), urlsplit(self.api_url)
        if (wanted.scheme, wanted.netloc) == (api.scheme, api.netloc):
            return True
        return wanted.scheme == "https" and wanted.port in (None, 443) and wanted.hostname in self.cdn_hosts
