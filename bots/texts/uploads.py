"""Why an uploaded file cannot be used. Each completes "This image cannot be used: …"."""

from bots.texts.translation import translate

NOT_AN_IMAGE = "it is not an image."
TOO_LARGE = "it is larger than {megabytes} MiB."


def too_large(limit_bytes: int) -> str:
    return translate(TOO_LARGE, megabytes=limit_bytes // (1024 * 1024))
