"""One address of Redis, as redis-py and kombu are told of it."""

import pytest

from studio.redis_address import RedisAddress


def test_a_plain_address_keeps_user_password_database_and_the_parameters_of_the_library() -> None:
    address = RedisAddress.parse("redis://me:p%40ss%2Fword@host:6380/2?protocol=3")
    assert address.hosts == (("host", 6380),)
    assert address.login == {"username": "me", "password": "p@ss/word"}
    assert (address.database, address.options, address.tls) == (2, {"protocol": "3"}, None)
    assert address.broker_url == "redis://me:p%40ss%2Fword@host:6380/2"


@pytest.mark.parametrize("scheme", ["rediss", "valkeys"])
def test_with_tls_certificates_are_checked_by_both_libraries(scheme: str) -> None:
    address = RedisAddress.parse(f"{scheme}://:word@[::1]/0?ssl_ca_certs=/etc/ca.pem")
    assert address.broker_url == "rediss://:word@[::1]:6379/0"
    assert address.tls == {
        "ssl_ca_certs": "/etc/ca.pem",
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": True,
    }


def test_certificates_are_not_checked_where_the_address_says_so() -> None:
    tls = RedisAddress.parse("rediss://host/0?ssl_cert_reqs=none").tls
    assert tls is not None
    assert (tls["ssl_cert_reqs"], tls["ssl_check_hostname"]) == ("none", False)


def test_sentinels_have_a_service_and_a_login_of_their_own() -> None:
    address = RedisAddress.parse("redis+sentinel://me:word@one,two:1234/studio/3?sentinel_password=other")
    assert address.hosts == (("one", 26379), ("two", 1234))
    assert (address.service, address.database) == ("studio", 3)
    assert address.broker_url == "sentinel://me:word@one:26379/3;sentinel://me:word@two:1234/3"
    options = address.broker_options
    assert options["master_name"] == "studio"
    assert options["sentinel_kwargs"]["password"] == "other"


@pytest.mark.parametrize(
    "url",
    [
        "http://host",
        "redis://",
        "redis://:12/word@host/0",
        "redis://:wo@rd@host/0",
        "redis://host:port/0",
        "redis://host/zero",
        "redis+sentinel://one,two",
        "redis+sentinel://one,,two/studio",
        "redis+sentinel://one/studio/0?unknown=1",
    ],
)
def test_what_cannot_be_read_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        RedisAddress.parse(url)
    assert url not in str(caught.value)


def test_a_shown_address_has_no_password() -> None:
    address = RedisAddress.parse("redis+sentinel://me:secret@one/studio?sentinel_password=hidden")
    assert "secret" not in repr(address)
    assert "hidden" not in repr(address)
