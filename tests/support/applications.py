"""More applications in this process, with settings of their own."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from app import main
from app.api import middleware
from app.api.v1 import auth
from app.core.config import Settings
from app.core.rate_limit import RateLimits
from tests.support.people import Person


class Peers:
    """Stands in for the network: sets the address at the other end of the connection."""

    def __init__(self, app: ASGIApp, address: str) -> None:
        self.app = app
        self.address = address
        self.port = 41_000

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["client"] = (self.address, self.port)
        await self.app(scope, receive, send)


@dataclass
class Application:
    client: TestClient
    peers: Peers
    limits: RateLimits

    def seen_by(self, person: Person) -> Person:
        """The same person, talking to this application."""
        return Person(self.client, person.user, person.token, person.refresh_token)


@contextmanager
def application(monkeypatch: pytest.MonkeyPatch, address: str = "192.0.2.1", **settings: Any) -> Iterator[Application]:
    """An application whose middleware and limits follow `settings`; requests come from `address`.

    The database, and what the services read from the settings, are those of the test run.
    """
    own = Settings(**settings)
    limits = RateLimits(own.REDIS_URL, {"default": own.RATE_LIMIT_DEFAULT, "login": own.RATE_LIMIT_LOGIN})

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await limits.close()

    with monkeypatch.context() as patch:
        patch.setattr(main, "lifespan", lifespan)
        patch.setattr(main, "configure_logging", lambda _: None)
        for module in (middleware, auth):
            patch.setattr(module, "get_rate_limits", lambda: limits)
        peers = Peers(main.create_app(own), address)
        with TestClient(peers, base_url="http://testserver/api/v1", raise_server_exceptions=False) as client:
            yield Application(client, peers, limits)
