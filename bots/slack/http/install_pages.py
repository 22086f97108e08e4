"""The pages that people see while they install the app."""

from html import escape

from bots.slack.settings import INSTALL_PATH

_STYLE = (
    "body{font:17px/1.5 system-ui,sans-serif;background:#f7f4ee;color:#2b2d31;max-width:34rem;margin:12vh auto;"
    "padding:0 1.5rem}h1{font-size:1.6rem}a.button{display:inline-block;background:#c2571b;color:#fff;"
    "padding:.7rem 1.2rem;border-radius:.5rem;text-decoration:none}"
)
_REASONS = {
    "access_denied": "You declined; nothing was changed.",
    "invalid_browser": "This page was opened in another browser, or its cookie is gone.",
    "invalid_state": "That took longer than ten minutes, or the page was opened twice.",
    "invalid_code": "Slack did not accept the request, or this studio is not for your workspace.",
    "slack_away": "Slack did not answer.",
    "storage_error": "The database is not available for a moment.",
}


def install(url: str) -> str:
    return _page(
        "Bring Chatelier into your workspace",
        "<p>Slack shows you what the app may do there before anything happens.</p>"
        f'<p><a class="button" href="{escape(url)}">Add to Slack</a></p>',
    )


def installed_page(name: str) -> str:
    where = f" in {escape(name)}" if name else ""
    return _page(
        f"Chatelier is{where} now",
        "<p>Invite it into a channel with <code>/invite @Chatelier</code>,"
        " then type <code>/imagine a red fox in the snow</code>.</p>",
    )


def failure_page(reason: str) -> str:
    sentence = _REASONS.get(reason, "Slack did not accept the request.")
    return _page(
        "Chatelier was not installed",
        f'<p>{sentence}</p><p><a class="button" href="{INSTALL_PATH}">Try again</a></p>',
    )


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><h1>{title}</h1>{body}</body></html>"
    )
