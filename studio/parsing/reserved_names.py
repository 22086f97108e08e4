"""Names that would speak for the moderators, the administrators or the app."""

import re
from functools import cache

from studio.parsing.name_folding import fold_name

_LONG = 8  # from this length on a word is found inside of others too: "theModerator", "Moderatorin"
_NO_LETTER = re.compile(r"[\W_]+")
_DIGITS_AROUND = "0123456789"
_DIGITS_FOR_LETTERS = str.maketrans("34578@$!", "eastbasi")
_ID = re.compile(r"[0-9a-f]{16}")  # how a user id on the web looks

_ROLES = """
    admin admins administrator administration administrador administrateur administratrice amministratore
    mod mods moderator moderators moderation moderador moderadora moderateur moderatrice moderatore
    staff support system official owner operator root security helpdesk
    админ администратор модератор поддержка
    管理员 管理員 管理者 版主 官方 運営 公式 モデレーター 관리자 운영자 مشرف مدير
""".split()
_APP = "chatelier thimble bot".split()
_ALONE = "somebody nobody everyone everybody here channel me you".split()  # as a whole name only


def is_reserved(name: str) -> bool:
    """Whether a name is, or has as a word of it, one that nobody may have; also with digits for letters."""
    return bool(_ID.fullmatch(name)) or any(
        _speaks_for_others(reading) for reading in (name, name.translate(_DIGITS_FOR_LETTERS))
    )


def _speaks_for_others(name: str) -> bool:
    words = [part.strip(_DIGITS_AROUND) for part in _NO_LETTER.split(name)]
    whole = fold_name(name.strip(_DIGITS_AROUND))
    reserved = _folded_reserved_names(*_ROLES, *_APP)
    return (
        whole in reserved | _folded_reserved_names(*_ALONE)
        or any(fold_name(word) in reserved for word in words if word)
        or any(word in whole for word in reserved if len(word) >= _LONG)
    )


@cache
def _folded_reserved_names(*words: str) -> frozenset[str]:
    return frozenset(map(fold_name, words))
