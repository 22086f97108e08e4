"""What the Slack face is told by whoever starts it."""

import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

API_URL = "https://slack.com/api"
FILE_HOSTS = frozenset({"files.slack.com", "slack-files.com"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings:
    """With an `app_token` the face speaks Socket Mode; otherwise it listens on `port` for signed requests."""

    bot_token: str = field(repr=False)
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    api_url: str = API_URL
    host: str = "0.0.0.0"  # noqa: S104 - Slack must reach it, and every request is signed
    port: int = 3000
    file_hosts: frozenset[str] = FILE_HOSTS
    max_upload_bytes: int = 20 * 1024 * 1024

    @property
    def consumer(self) -> str:
        """Stays the same over restarts, so that a process first gets what it left undone."""
        return f"slack-{socket.gethostname()[:60]}"

    def may_download(self, url: str) -> bool:
        """Files come from Slack's own hosts, or from the configured API's; the token goes nowhere else."""
        wanted, api = urlsplit(url), urlsplit(self.api_url)
        if (wanted.scheme, wanted.netloc) == (api.scheme, api.netloc):
            return True
        return wanted.scheme == "https" and wanted.port in (None, 443) and wanted.hostname in self.file_hosts
