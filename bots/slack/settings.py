"""The settings of the Slack front end."""

import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

API_URL = "https://slack.com/api"
FILE_HOSTS = frozenset({"files.slack.com", "slack-files.com"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings:
    """With a `bot_token` the front end serves one workspace, with a `client_id` and its secret all that install it.

    With an `app_token` it speaks Socket Mode, with a `signing_secret` it takes signed requests on `port`.
    """

    bot_token: str | None = field(default=None, repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    api_url: str = API_URL
    host: str = "127.0.0.1"
    port: int = 3000
    redis_url: str | None = field(default=None, repr=False)  # where processes remember signatures together
    public_url: str | None = None  # under which Slack and those who install the app reach `port`
    allowed_workspaces: frozenset[str] = frozenset()  # that may install the app; none named: every one
    moderator_groups: frozenset[str] = frozenset()
    file_hosts: frozenset[str] = FILE_HOSTS
    max_upload_bytes: int = 20 * 1024 * 1024
    preview_first_seconds: float = 3.0  # after the first step that was shown; shorter jobs show none
    preview_every_seconds: float = 10.0
    carousel: bool = True  # several pictures side by side, unless the workspace refuses them
    claim_seconds: float = 20.0  # how long a process that sends a message may be silent
    erase_after_days: int = 14  # after a workspace removed the app

    @property
    def listens(self) -> bool:
        """Whether it opens `port`: for signed requests, or for those who install the app."""
        return bool(self.client_id or not self.app_token)

    @property
    def consumer(self) -> str:
        """The same after a restart, so that a process first gets the events that it left unacknowledged."""
        return f"slack-{socket.gethostname()[:60]}"

    def may_download(self, url: str) -> bool:
        """Files come from Slack's own hosts, or from the configured API's; the token goes nowhere else."""
        wanted, api = urlsplit(url), urlsplit(self.api_url)
        if (wanted.scheme, wanted.netloc) == (api.scheme, api.netloc):
            return True
        return wanted.scheme == "https" and wanted.port in (None, 443) and wanted.hostname in self.file_hosts


EVENTS_PATH = "/slack/events"
INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"
