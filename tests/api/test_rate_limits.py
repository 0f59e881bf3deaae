"""How often one may ask: who is counted, what cannot be cheated, and what a dead Redis changes."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from app.core import rate_limit
from app.core.errors import TooManyRequests
from app.core.rate_limit import RateLimits
from app.supervisor.valkey import EmbeddedValkey
from tests.support.api_process import ApiProcess
from tests.support.applications import Application, application
from tests.support.people import PASSWORD, Company
from tests.support.tokens import claims_of, forge


def address() -> str:
    """A client address in a network (/64) that no other test uses."""
    return f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"


def statuses(answers: Iterator[Any] | list[Any]) -> list[int]:
    return [answer.status_code for answer in answers]


def login(app: Any, email: str, password: str = "wrong password", **headers: str) -> Any:
    return app.client.post("/auth/login", json={"email": email, "password": password}, headers=headers)


def someone() -> str:
    return f"{uuid4().hex}@example.com"


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    """Three requests a minute, two logins a minute."""
    limits = {"RATE_LIMIT_DEFAULT": "3/minute", "RATE_LIMIT_LOGIN": "2/minute"}
    with application(monkeypatch, address=address(), **limits) as app:
        yield app


# Who is counted


def test_beyond_the_limit_a_429_says_when_to_come_back(app: Application, company: Company) -> None:
    anna = app.seen_by(company.person())
    assert statuses([anna.get("/auth/me") for _ in range(3)]) == [200, 200, 200]
    answer = anna.call("GET", "/auth/me", headers={"Accept-Language": "ru"})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert answer.headers["Content-Type"] == "application/problem+json"
    seconds = int(answer.headers["Retry-After"])
    assert 1 <= seconds <= 60
    assert answer.json()["detail"] == f"Слишком много запросов. Повторите через {seconds} с."
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_colleagues_behind_one_address_do_not_use_up_each_others_limit(app: Application, company: Company) -> None:
    for person in [app.seen_by(company.person()) for _ in range(3)]:
        assert statuses([person.get("/auth/me") for _ in range(4)]) == [200, 200, 200, 429]


def test_a_signed_in_user_is_counted_wherever_they_are(app: Application, company: Company) -> None:
    anna = app.seen_by(company.person())
    found = []
    for _ in range(4):
        app.peers.address = address()
        found.append(anna.get("/auth/me").status_code)
    assert found == [200, 200, 200, 429]


def test_whoever_is_not_signed_in_is_counted_by_address(app: Application) -> None:
    assert statuses([app.client.get("/auth/me") for _ in range(4)]) == [401, 401, 401, 429]
    app.peers.address = address()
    assert app.client.get("/auth/me").status_code == 401


def test_made_up_tokens_are_counted_by_address(app: Application, company: Company) -> None:
    claims = claims_of(company.admin.token)
    tokens = [forge({**claims, "sub": str(uuid4())}, key="a key of somebody else, long enough") for _ in range(3)]
    tokens += ["garbage", "a.b.c", ""]
    found = [app.client.get("/auth/me", headers={"Authorization": f"Bearer {token}"}) for token in tokens]
    assert statuses(found) == [401, 401, 401, 429, 429, 429]


def test_the_probes_of_the_supervisor_are_never_turned_away(app: Application) -> None:
    for path in ("/livez", "/readyz", "http://testserver/livez", "http://testserver/readyz"):
        assert statuses([app.client.get(path) for _ in range(5)]) == [204] * 5


# Signing in


def test_guessing_at_one_account_is_stopped_wherever_it_comes_from(app: Application, company: Company) -> None:
    anna = company.person()
    found = []
    for email in (anna.email, anna.email.upper(), f" {anna.email} "):
        app.peers.address = address()
        found.append(login(app, email).status_code)
    assert found == [401, 401, 429]
    app.peers.address = address()
    right = login(app, anna.email, PASSWORD)
    assert (right.status_code, "Retry-After" in right.headers) == (429, True)
    assert login(app, company.admin.email, PASSWORD).status_code == 200


def test_trying_many_accounts_from_one_address_is_stopped(app: Application, company: Company) -> None:
    assert statuses([login(app, someone()) for _ in range(3)]) == [401, 401, 429]
    assert login(app, company.admin.email, PASSWORD).status_code == 429
    app.peers.address = address()
    assert login(app, company.admin.email, PASSWORD).status_code == 200


def test_the_login_form_counts_like_json(app: Application) -> None:
    form = {"username": someone(), "password": "wrong password"}
    assert statuses([app.client.post("/auth/login", data=form) for _ in range(3)]) == [401, 401, 429]


def test_guessing_the_password_with_a_stolen_token_is_stopped_too(app: Application, company: Company) -> None:
    anna = company.person()
    guess = {"current_password": "a wrong guess", "new_password": "a new password"}
    stolen = {"Authorization": f"Bearer {anna.token}"}
    found = [app.client.post("/auth/change-password", json=guess, headers=stolen) for _ in range(3)]
    assert statuses(found) == [403, 403, 429]


def test_people_behind_one_address_can_register_one_after_the_other(app: Application) -> None:
    bodies = [{"email": someone(), "password": PASSWORD} for _ in range(3)]
    assert statuses([app.client.post("/auth/register", json=body) for body in bodies]) == [201, 201, 201]


# Addresses that a client makes up


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "CF-Connecting-IP"])
def test_a_made_up_address_gains_nothing(app: Application, header: str) -> None:
    found = [login(app, someone(), **{header: f"198.51.100.{number}"}) for number in range(3)]
    assert statuses(found) == [401, 401, 429]


SPOOFS = {
    "address": "198.51.100.{}",
    "address and port": "198.51.100.{}:4711",
    "IPv6": "2001:db8::{}",
    "IPv6 and port": "[2001:db8::{}]:4711",
    "IPv6 in brackets": "[2001:db8::{}]",
    "odd port": "198.51.100.{}: +4_7",
    "no port": "[2001:db8::{}]:x",
    "two addresses": "198.51.100.{}, 203.0.113.{}",
    "loopback behind": "198.51.100.{}, 127.0.0.1",
    "no address": "client-{}",
}


@pytest.mark.parametrize("spoof", SPOOFS.values(), ids=SPOOFS)
def test_a_made_up_address_gains_nothing_with_plain_uvicorn(server: ApiProcess, spoof: str) -> None:
    # Uvicorn by itself believes X-Forwarded-For from 127.0.0.1, where the tests come from.
    found = [login(server, someone(), **{"X-Forwarded-For": spoof.format(number, number)}) for number in range(1, 8)]
    assert set(statuses(found)) <= {401, 429}
    assert found[-1].status_code == 429
    assert login(server, someone()).status_code == 429


def test_behind_a_trusted_proxy_the_address_that_it_saw_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.53", "RATE_LIMIT_LOGIN": "2/minute"}
    with application(monkeypatch, address="10.1.2.3", **settings) as app:
        near, far = address(), address()
        assert statuses([login(app, someone(), **{"X-Forwarded-For": near}) for _ in range(3)]) == [401, 401, 429]
        # What the client itself put before it, and the proxies in between, change nothing.
        made_up = f"198.51.100.1, {near}, 192.0.2.53"
        assert login(app, someone(), **{"X-Forwarded-For": made_up}).status_code == 429
        assert login(app, someone(), **{"X-Forwarded-For": far}).status_code == 401
        app.peers.address = "203.0.113.1"
        assert login(app, someone(), **{"X-Forwarded-For": near}).status_code == 401


# Several processes, and Redis


def exhaust(limits: RateLimits, key: str, most: int = 20) -> int:
    """How many requests pass before one is refused."""

    async def count() -> int:
        for number in range(most):
            try:
                await limits.check("default", key)
            except TooManyRequests:
                await limits.close()
                return number
        await limits.close()
        return most

    return asyncio.run(count())


def limits_at(url: str) -> RateLimits:
    return RateLimits(url, {"default": "4/minute", "login": "1/minute"})


def test_processes_share_one_count() -> None:
    url, key = os.environ["REDIS_URL"], uuid4().hex
    assert exhaust(limits_at(url), key, most=3) == 3
    assert exhaust(limits_at(url), key) == 1
    assert exhaust(limits_at(url), uuid4().hex) == 4


def test_several_limits_at_once_all_count() -> None:
    limits = RateLimits(os.environ["REDIS_URL"], {"default": "2/second; 4/minute", "login": "1/minute"})
    assert exhaust(limits, uuid4().hex) <= 4


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey(tmp_path / "valkey") as valkey:
        yield valkey


def test_a_redis_that_dies_and_returns_takes_nothing_down(
    monkeypatch: pytest.MonkeyPatch, company: Company, valkey: EmbeddedValkey
) -> None:
    monkeypatch.setattr(rate_limit, "REDIS_PAUSE_SECONDS", 0.0)
    with application(
        monkeypatch, REDIS_URL=valkey.url, RATE_LIMIT_DEFAULT="3/minute", RATE_LIMIT_LOGIN="2/minute"
    ) as app:
        anna = app.seen_by(company.person())
        assert statuses([anna.get("/auth/me") for _ in range(4)]) == [200, 200, 200, 429]
        valkey.stop()
        # This process counts on by itself, from nothing.
        assert statuses([anna.get("/auth/me") for _ in range(4)]) == [200, 200, 200, 429]
        assert statuses([login(app, someone()) for _ in range(3)]) == [401, 401, 429]
        valkey.start()
        boris = app.seen_by(company.person())
        assert boris.get("/auth/me").status_code == 200
        with redis.Redis.from_url(valkey.url) as connection:
            assert [key for key in connection.keys("*") if boris.id.encode() in key]


def test_a_redis_that_hangs_or_is_full_takes_nothing_down(
    monkeypatch: pytest.MonkeyPatch, company: Company, valkey: EmbeddedValkey
) -> None:
    with application(monkeypatch, REDIS_URL=valkey.url, RATE_LIMIT_DEFAULT="3/minute") as app:
        with redis.Redis.from_url(valkey.url) as connection:
            connection.config_set("maxmemory", 1)
        anna = app.seen_by(company.person())
        assert statuses([anna.get("/auth/me") for _ in range(4)]) == [200, 200, 200, 429]
    with application(monkeypatch, REDIS_URL=valkey.url, RATE_LIMIT_DEFAULT="3/minute") as app:
        boris = app.seen_by(company.person())
        assert valkey.pid
        os.kill(valkey.pid, signal.SIGSTOP)
        try:
            assert statuses([boris.get("/auth/me") for _ in range(4)]) == [200, 200, 200, 429]
        finally:
            os.kill(valkey.pid, signal.SIGCONT)


@pytest.mark.parametrize("url", ["", "redis://127.0.0.1:1/0"])
def test_without_any_redis_the_limits_hold_in_the_process(url: str) -> None:
    assert exhaust(limits_at(url), "somebody") == 4
