"""The community's policy as a form: what would change is shown first, then saved as ``/community policy`` saves it."""

import json
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.session_cookies import WebUser
from bots.web.context import WebContext
from bots.web.routes.authentication import context_of, read_short_body
from bots.web.routes.desk.access import require_moderating_user
from bots.web.routes.desk.policy_fields import policy_fields
from bots.web.routes.desk.policy_review import PolicyReview, read_policy, review_policy, save_policy
from bots.web.routes.desk.word_review import WordReview, read_words, review_words, save_words
from bots.web.routes.page_layout import page_response
from studio.commands.spec import Call
from studio.ports import Ports

_LONGEST_BODY = 192 * 1024  # bytes: 500 words of 60 letters, each percent-encoded, and the policy
_MOST_FIELDS = 200
_SAVED = "/desk/policy?saved"

Sent = Mapping[str, str]
Review = PolicyReview | WordReview
Reviewed = TypeVar("Reviewed", PolicyReview, WordReview)


async def policy_page(request: Request) -> Response:
    """GET /desk/policy."""
    _context, user = await require_moderating_user(request)
    notice = translate(texts.POLICY_SAVED) if "saved" in request.query_params else ""
    return await _page(request, user, notice=notice)


async def change_policy(request: Request) -> Response:
    """POST /desk/policy with the form: what it would change, or with ``step=save`` after that, the change."""
    return await _change(request, review_policy, save_policy)


async def change_words(request: Request) -> Response:
    """POST /desk/policy/words with the three lists, as `change_policy`."""
    return await _change(request, review_words, save_words)


async def _change(
    request: Request,
    review_form: Callable[[Ports, Call, Sent, Sent], Reviewed],
    save: Callable[[Ports, Call, Reviewed], Reviewed | None],
) -> Response:
    """What a form would change, or the page again once it is saved. `save` gives a review back where it fails."""
    context, user = await require_moderating_user(request)
    sent = await _read(request)
    if sent is None or not context.session_store.is_form_token(user, sent.get("token", "")):
        return await _page(request, user, notice=translate(texts.STALE_FORM), status=403)

    def change() -> Reviewed | None:
        ports, call = context.ports, user.call("web:desk:policy")
        review = review_form(ports, call, sent, _parse_seen(sent.get("seen", "")))
        confirmed = sent.get("step") == "save" and sent.get("reviewed") == review.key
        return save(ports, call, review) if confirmed and review.changes and not review.problems else review

    review = await context.pools.run(Pool.COMMANDS, change)
    if review is None:
        return RedirectResponse(_SAVED, status_code=303)
    return await _page(
        request, user, review=review, notice=_notice(review), status=422 if review.problems else 200
    )


def _notice(review: Review) -> str:
    return "" if review.problems or review.changes else translate(texts.POLICY_UNCHANGED)


async def _read(request: Request) -> dict[str, str] | None:
    """None for what is no form of ours. Of several values of one field a text with spaces between."""
    body = await read_short_body(request, limit_bytes=_LONGEST_BODY)
    try:
        fields = parse_qs(
            body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, encoding="utf-8"
        )
    except ValueError:
        return None
    return {name: " ".join(filter(None, values)) for name, values in fields.items()}


def _parse_seen(text: str) -> dict[str, str]:
    """What the form was shown with; nothing where somebody tampered with it."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


async def _page(
    request: Request,
    user: WebUser,
    *,
    review: Review | None = None,
    notice: str = "",
    status: int = 200,
) -> Response:
    context = context_of(request)
    values = await context.pools.run(Pool.DATABASE, _values, context, user, review)
    token = context.session_store.form_token(user)
    return page_response(
        request, "desk/policy.html", {**values, "token": token, "notice": notice}, status=status
    )


def _values(context: WebContext, user: WebUser, shown: Review | None) -> dict[str, object]:
    policy = context.ports.desk.describe_policy(user.person)
    fields = policy_fields(policy)
    review = shown if isinstance(shown, PolicyReview) else read_policy(context.ports, user.person, fields)
    words = shown if isinstance(shown, WordReview) else read_words(context.ports, user.person)
    return {
        "policy": policy,
        "fields": fields,
        "review": review,
        "policy_label": lambda name: fields[name].label,
        "words": words,
        "word_label": lambda action: translate(texts.POLICY_ACTIONS.get(action, "")),
    }
