"""Numbers with their nouns, in the singular or the plural."""


def count_of(number: int, one: str, many: str | None = None) -> str:
    """``1 credit``, ``2 credits``. `many` is for a plural that does not end in s."""
    return f"{number} {one if number == 1 else many or one + 's'}"
