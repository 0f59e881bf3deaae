"""What happens around every request. Pure ASGI: each BaseHTTPMiddleware would cost a task and a queue."""

import os
import re
import time
from collections.abc import Mapping
from functools import lru_cache
from uuid import uuid4

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import on_unexpected, planner_problem
from app.api.shown_paths import shown_path
from app.core.client_address import find_client, hops_of, limit_key, networks_of
from app.core.config import Settings
from app.core.errors import PayloadTooLarge, TooManyRequests, Unauthenticated
from app.core.metrics import NO_ROUTE, REQUESTS, SECONDS
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
UNLIMITED = frozenset({"/livez", "/readyz", "/metrics", "/api/v1/livez", "/api/v1/readyz"})

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

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
        status, began = 500, 0.0
        request_id = self._prepare(scope)
        is_https = scope["scheme"] == "https"

        async def send_with_headers(message: Message) -> None:
            nonlocal status, began
            if message["type"] == "http.response.start":
                status, began = message["status"], time.perf_counter()
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    # A page whose address is a secret has a stricter one of its own.
                    headers.setdefault(name, value)
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
            _count(scope, status, (began or time.perf_counter()) - started)
            log.info("request", method=scope["method"], path=shown_path(scope["path"]), status=status, ms=milliseconds)
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
        client = scope.get("client")
        if client is None or "FORWARDED_ALLOW_IPS" in os.environ:
            return str(client[0]) if client else ""
        was_replaced = (str(client[0]), client[1]) in hops_of(forwarded_for)
        return "127.0.0.1" if was_replaced else str(client[0])


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


def _count(scope: Scope, status: int, seconds: float) -> None:
    """Count a request under its route's path, as it is written in the code: there are only so many."""
    route = getattr(scope.get("route"), "path_format", None) or NO_ROUTE
    method = scope["method"] if scope["method"] in METHODS else "OTHER"
    _requests(method, route, status).inc()
    _seconds(method, route).observe(seconds)


@lru_cache(maxsize=4096)
def _requests(method: str, route: str, status: int) -> Counter:
    return REQUESTS.labels(method, route, str(status))


@lru_cache(maxsize=2048)
def _seconds(method: str, route: str) -> Histogram:
    return SECONDS.labels(method, route)


class BodyLimit:
    """Refuses a body above its limit, MAX_BODY_BYTES or that of a file.

    At once if its length is announced, else as soon as it grows beyond.
    FastAPI's own limit would answer outside of every other middleware, and not with a problem document.
    """

    def __init__(self, app: ASGIApp, limit: int, larger: Mapping[str, int]) -> None:
        self.app = app
        self.limit = limit
        # Files have limits of their own, by the last word of the path.
        self.larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.larger.get(scope["path"].rpartition("/")[2], self.limit)
        scope.setdefault("state", {})["body_limit"] = limit
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), None)
        if announced is None:
            await self.app(scope, self._counting(receive, limit), send)
        elif announced.isdigit() and int(announced) <= limit:
            await self.app(scope, receive, send)
        else:
            await planner_problem(scope, PayloadTooLarge("body_too_large", limit=limit))(scope, receive, send)

    def _counting(self, receive: Receive, limit: int) -> Receive:
        received = 0

        async def receive_and_count() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                # Not a PlannerError: FastAPI lets only its own errors through while it reads a body.
                raise HTTPException(413)
            return message

        return receive_and_count


class UnexpectedErrors:
    """Answers a bug of ours inside the other middlewares, so that a 500 has their headers too.

    The framework's own handler stands outside of them all, where a browser could not read the answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = False

        async def send_noting_the_start(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self.app(scope, receive, send_noting_the_start)
        except Exception as error:
            if has_started or scope["type"] != "http":
                raise
            response = await on_unexpected(Request(scope), error)
            await response(scope, receive, send)


def _key_of(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            try:
                return f"user:{decode_token(value[7:].decode('latin-1').strip()).get('sub')}"
            except Unauthenticated:
                break
    return limit_key(scope["client"][0] if scope.get("client") else "")
