"""The web front end: one page in the browser, where everybody sees what the others paint."""

from bots.web.app import create_app
from bots.web.settings import WebSettings

__all__ = ["WebSettings", "create_app"]
