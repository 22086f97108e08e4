"""What the privacy notice says of this instance."""

from bots.texts.privacy_notice import PrivacyFacts
from chatelier.settings import Settings


def privacy_facts(settings: Settings) -> PrivacyFacts:
    moderation = settings.moderation
    return PrivacyFacts(
        operator=settings.operator.name or "",
        contact=settings.operator.contact or "",
        keep_days=moderation.keep_days,
        invites=bool(settings.web.invite),
        safety_services=bool(moderation.safety_url or moderation.prompt_safety_url),
    )
