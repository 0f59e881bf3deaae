"""What happens around every request. Pure ASGI: each BaseHTTPMiddleware would cost a task and a queue."""

import os
import re
import time
from uuid import uuid4

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import planner_problem
from app.core.client_address import find_client, networks_of
from app.core.config import Settings
from app.core.errors import TooManyRequests, Unauthenticated
from app.core.rate_limit import get_rate_limits
from app.core.security import decode_token

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "1; mode=block",
    "Referrer-Policy": "same-origin",
}
REQUEST_ID = re.compile(r"^[A-Za-z0-9_.\-]{1,64}$")
# Whoever watches over the system must not be turned away by its limits.
UNLIMITED = frozenset({"/livez", "/readyz", "/api/v1/livez", "/api/v1/readyz"})

log = structlog.get_logger("app.access")


class RequestContext:
    """Gives a request its id and its true client address, the answer its security headers, and the log its line."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.trusted = networks_of(settings.trusted_proxies_list)
        self.hsts = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500
        request_id = self._prepare(scope)
        is_https = scope["scheme"] == "https"

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.update(SECURITY_HEADERS)
                headers["X-Request-ID"] = request_id
                if is_https:
                    headers["Strict-Transport-Security"] = self.hsts
                if scope["path"].startswith("/api/") and "cache-control" not in headers:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            log.info("request", method=scope["method"], path=scope["path"], status=status, ms=milliseconds)
            structlog.contextvars.unbind_contextvars("request_id")

    def _prepare(self, scope: Scope) -> str:
        given, forwarded_for, forwarded_proto = "", [], ""
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                given = value.decode("latin-1")
            elif name == b"x-forwarded-for":
                forwarded_for.append(value.decode("latin-1"))
            elif name == b"x-forwarded-proto":
                forwarded_proto = value.decode("latin-1").strip()
        request_id = given if REQUEST_ID.match(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        if forwarded_for:
            peer = self._peer(scope, forwarded_for)
            client = find_client(peer, forwarded_for, self.trusted)
            scope["client"] = (client, 0)
            if client != peer and forwarded_proto in ("http", "https"):
                scope["scheme"] = forwarded_proto
        return request_id

    def _peer(self, scope: Scope, forwarded_for: list[str]) -> str:
        """The address at the other end of the connection.

        Started without our command line, uvicorn itself believes X-Forwarded-For from 127.0.0.1 and has replaced
        the peer by what the header says. Unless an operator asked for that (FORWARDED_ALLOW_IPS), it is undone.
        """
        peer = str(scope["client"][0]) if scope.get("client") else ""
        if "FORWARDED_ALLOW_IPS" in os.environ:
            return peer
        named = {hop.strip() for header in forwarded_for for hop in header.split(",")}
        was_replaced = scope["client"] is not None and scope["client"][1] == 0 and peer in named
        return "127.0.0.1" if was_replaced else peer


class RateLimit:
    """Counts requests against RATE_LIMIT_DEFAULT: per user once signed in, per address before.

    A whole company may sit behind one address, so only a token with a good signature gets a count of its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/api/") and scope["path"] not in UNLIMITED:
            try:
                await get_rate_limits().check("default", _key_of(scope))
            except TooManyRequests as error:
                await planner_problem(scope, error)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _key_of(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            try:
                return f"user:{decode_token(value[7:].decode('latin-1').strip()).get('sub')}"
            except Unauthenticated:
                break
    return f"address:{scope['client'][0] if scope.get('client') else ''}"
