"""Where Redis is: one server, plain or with TLS, or the master that Sentinels name.

The studio loads no Redis library. A caller that has one passes its classes, so that every client of every package
reads the address in the same way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlsplit

Client = TypeVar("Client")

SCHEMES = ("redis", "rediss", "valkey", "valkeys", "redis+sentinel", "rediss+sentinel")
_TLS_SCHEMES = {"rediss", "valkeys", "rediss+sentinel"}
_SERVER_PORT, _SENTINEL_PORT = 6379, 26379
# What redis-py's clients and kombu's channels both understand.
_TLS_OPTIONS = {
    "ssl_ca_certs",
    "ssl_ca_path",
    "ssl_cert_reqs",
    "ssl_certfile",
    "ssl_check_hostname",
    "ssl_keyfile",
}
_SENTINEL_OPTIONS = {"sentinel_username": "username", "sentinel_password": "password"}
_HEALTH_CHECK_SECONDS = 15  # a server that lost its power closes no connection


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisAddress:
    """`hosts` are the server, or with a `service` the Sentinels that know its master; each a name and a port.

    `login` has ``username`` and ``password`` as far as they are set, `sentinel_login` the same for the Sentinels.
    `tls` are redis-py's ``ssl_…`` options, None without TLS. `options` are further parameters of redis-py's URLs.
    """

    hosts: tuple[tuple[str, int], ...]
    service: str | None = None
    database: int = 0
    login: Mapping[str, str] = field(default_factory=dict, repr=False)
    sentinel_login: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: Mapping[str, str | bool] | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, url: str) -> Self:
        """From ``rediss://user:password@host:6379/0?ssl_ca_certs=/ca.pem`` or, with Sentinels,
        ``redis+sentinel://user:password@host1,host2:26379/service/0?sentinel_password=…``.

        Raises `ValueError`, which repeats nothing of the URL.
        """
        scheme, rest = _split_scheme(url)
        place, _, query_text = rest.partition("?")
        login_text, _, place = place.rpartition("@")
        if "@" in login_text or "/" in login_text:
            raise ValueError("a password holds @ or / in clear")
        places, _, path = place.partition("/")
        query = dict(parse_qsl(query_text))
        tls = {name: query.pop(name) for name in sorted(_TLS_OPTIONS & query.keys())}
        has_sentinels = scheme.endswith("+sentinel")
        service, _, database = path.partition("/") if has_sentinels else ("", "", path)
        sentinel_login = {
            key: query.pop(name) for name, key in _SENTINEL_OPTIONS.items() if has_sentinels and name in query
        }
        if has_sentinels and (not service or query):
            raise ValueError(
                "needs the name of the service after the hosts" if not service else "has unknown parameters"
            )
        port = _SENTINEL_PORT if has_sentinels else _SERVER_PORT
        hosts = tuple(_host_of(text, port) for text in (places.split(",") if has_sentinels else [places]))
        return cls(
            hosts=hosts,
            service=unquote(service) or None,
            database=_number(query.pop("db", database)),
            login=_login_of(login_text),
            sentinel_login=sentinel_login,
            tls=_tls_of(tls) if scheme in _TLS_SCHEMES else None,
            options=query,
        )

    def open(self, client: type[Client], sentinel: Callable[..., Any], **patience: Any) -> Client:
        """A client of redis-py, connected at its first command. `client` and `sentinel` are redis-py's classes, both
        of the same kind: blocking, or asyncio. `patience` are timeouts in seconds, such as ``socket_timeout``.

        With Sentinels each new connection asks for the master of that moment.
        """
        patience = {"health_check_interval": _HEALTH_CHECK_SECONDS, "socket_keepalive": True, **patience}
        if self.service is None:
            opened: Client = client.from_url(self._server_url(), **self.tls or {}, **patience)  # type: ignore[attr-defined]
            return opened
        watchers = sentinel(self.hosts, sentinel_kwargs={**patience, **self._sentinel_options()})
        master: Client = watchers.master_for(
            self.service, redis_class=client, db=self.database, **self.login, **self._tls(), **patience
        )
        return master

    @property
    def broker_url(self) -> str:
        """For kombu, without parameters: with Sentinels an address for each, joined by semicolons."""
        if self.service is None:
            return self._url("redis" if self.tls is None else "rediss", self.hosts[0])
        return ";".join(self._url("sentinel", host) for host in self.hosts)

    @property
    def broker_options(self) -> dict[str, Any]:
        """kombu's transport options for Sentinels; empty without."""
        if self.service is None:
            return {}
        patience = {"socket_timeout": 5, "socket_connect_timeout": 2}
        return {"master_name": self.service, "sentinel_kwargs": {**patience, **self._sentinel_options()}}

    def _sentinel_options(self) -> dict[str, Any]:
        """Without a second try: the next Sentinel is asked at once, where redis-py would wait for seconds."""
        return {"retry": None, **self._tls(), **self.sentinel_login}

    def _tls(self) -> dict[str, str | bool]:
        return {"ssl": True, **self.tls} if self.tls is not None else {}

    def _server_url(self) -> str:
        url = self._url("redis" if self.tls is None else "rediss", self.hosts[0])
        parameters = "&".join(f"{name}={quote(value, safe='')}" for name, value in self.options.items())
        return f"{url}?{parameters}" if parameters else url

    def _url(self, scheme: str, host: tuple[str, int]) -> str:
        name, port = host
        user, password = (quote(self.login.get(key, ""), safe="") for key in ("username", "password"))
        login = f"{user}:{password}@" if user or password else ""
        return f"{scheme}://{login}{f'[{name}]' if ':' in name else name}:{port}/{self.database}"


def open_client(url: str, client: type[Client], sentinel: Callable[..., Any], **patience: Any) -> Client:
    """A client for the address `url`; see `RedisAddress.open`. Raises `ValueError`."""
    return RedisAddress.parse(url).open(client, sentinel, **patience)


def _split_scheme(url: str) -> tuple[str, str]:
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in SCHEMES:
        raise ValueError("is no address of Redis")
    return scheme, rest


def _host_of(text: str, port: int) -> tuple[str, int]:
    place = urlsplit(f"//{text}")
    if not place.hostname or place.port == 0:
        raise ValueError("has no host")
    return place.hostname, place.port or port


def _number(text: str) -> int:
    if text.strip("/") and not text.strip("/").isdecimal():
        raise ValueError("has a database that is no number")
    return int(text.strip("/") or 0)


def _login_of(text: str) -> dict[str, str]:
    user, _, password = text.partition(":")
    found = {"username": unquote(user), "password": unquote(password)}
    return {name: value for name, value in found.items() if value}


def _tls_of(options: Mapping[str, str]) -> dict[str, str | bool]:
    """Certificates are checked unless the address says otherwise, also by kombu, which by itself would not."""
    checks: dict[str, str | bool] = {"ssl_cert_reqs": "required", "ssl_check_hostname": True, **options}
    if "ssl_check_hostname" in options:
        checks["ssl_check_hostname"] = options["ssl_check_hostname"].lower() not in {"false", "no", "0"}
    if checks["ssl_cert_reqs"] == "none":
        checks["ssl_check_hostname"] = False
    return checks
