"""Why an image cannot be used, as a process that opened it answers."""

from typing import Any

from studio.errors import BadImageError

_MOST = 20  # values of a sentence


def reply_of(error: BadImageError) -> dict[str, Any]:
    """In the child."""
    return {"error": error.reason, "values": error.values}


def bad_image_of(reply: dict[str, Any]) -> BadImageError:
    """Raises `ValueError` for what no child of ours answers: one that a file took over may say anything."""
    reason, values = reply.get("error"), reply.get("values")
    if not isinstance(reason, str) or not isinstance(values, dict) or len(values) > _MOST:
        raise ValueError("invalid reply from the worker process")
    if "advice" in values or not all(isinstance(value, str | int | float) for value in values.values()):
        raise ValueError("invalid values from the worker process")
    return BadImageError(reason, **values)
