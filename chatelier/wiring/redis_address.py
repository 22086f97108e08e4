"""The Redis that is set, or the one that `chatelier up` runs."""

from chatelier.runtime import embedded_redis
from chatelier.settings import Settings
from chatelier.settings.redaction import mask_url
from studio.errors import ConfigurationError
from studio.redis_address import open_client


def require_redis(settings: Settings) -> None:
    """Raises `ConfigurationError` when a Redis is set and does not answer."""
    if settings.redis_url is None:
        return
    import redis
    from redis.sentinel import Sentinel

    url = settings.redis_url.get_secret_value()
    try:
        with open_client(url, redis.Redis, Sentinel, socket_timeout=5, socket_connect_timeout=5) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        raise ConfigurationError(
            f"Redis at {mask_url(url)} does not answer ({type(error).__name__}). Start it, correct"
            " CHATELIER_REDIS_URL, or unset it: `chatelier up` then runs its own."
        ) from error


def redis_url(settings: Settings) -> str:
    """The Redis that is set, else the one that `chatelier up` runs on this home. Raises `ConfigurationError`."""
    if settings.redis_url:
        return settings.redis_url.get_secret_value()
    if running := embedded_redis.running_url(settings.redis_folder):
        return running
    raise ConfigurationError(
        "No Redis is set and none runs here. Start everything with `chatelier up`,"
        " or set CHATELIER_REDIS_URL."
    )
