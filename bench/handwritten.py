"""The comparison by hand: a bare ASGI application with psycopg, for one purpose only.

It checks the same token, authenticates and enters the company with the same statement, runs the same list statement
under the same row-level security, and answers the same bytes. It has no framework, no middleware, no limits and no
validation: what is left is what the work costs.
"""

from datetime import date
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from psycopg import AsyncConnection, AsyncRawCursor
from psycopg_pool import AsyncConnectionPool

from app.core.config import get_settings
from app.core.database_url import libpq_url
from app.core.hot import HotStatement
from app.core.security import decode_token
from app.core.tenancy import _AUTHENTICATE
from app.services.event_list_service import LIST_SQL, _parameters
from app.services.json_rows import page_json
from app.services.rows import PageRequest
from app.services.session_service import actor_of
from app.services.windows import Window, resolve_moment

POOL_SIZE = 8
HEADERS_JSON = (b"content-type", b"application/json")


class Application:
    """ASGI: answers GET /api/v1/events?from=&to= and nothing else."""

    def __init__(self) -> None:
        self._pool: AsyncConnectionPool[AsyncConnection[Any]] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        status, body = await self._answer(scope)
        headers = [HEADERS_JSON, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        url = libpq_url(get_settings().DATABASE_URL)
        options = {"autocommit": True, "options": "-c timezone=UTC -c jit=off"}
        self._pool = AsyncConnectionPool(url, min_size=POOL_SIZE, max_size=POOL_SIZE, kwargs=options, open=False)
        await self._pool.open(wait=True)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Any) -> tuple[int, bytes]:
        token = next((value[7:].decode() for name, value in scope["headers"] if name == b"authorization"), "")
        claims = decode_token(token)
        user_id = UUID(claims["sub"])
        query = parse_qs(scope["query_string"].decode())
        assert self._pool is not None
        async with self._pool.connection() as connection:
            session_id = UUID(claims["sid"])
            who = {"session": session_id, "person": user_id, "origin": None, "request": None, "until_commit": False}
            row = await _fetch_row(connection, _AUTHENTICATE, who)
            if row is None:
                return 401, b"{}"
            actor = actor_of(user_id, session_id, row)
            zone = actor.time_zone
            start, end = (resolve_moment(date.fromisoformat(query[name][0]), zone, name) for name in ("from", "to"))
            parameters = _parameters(actor, Window(start, end, zone), PageRequest(100))
            found = await _fetch_row(connection, LIST_SQL, parameters)
        assert found is not None
        return 200, page_json(found[0], None)


async def _fetch_row(
    connection: AsyncConnection[Any], statement: HotStatement, parameters: dict[str, Any]
) -> tuple[Any, ...] | None:
    cursor = await AsyncRawCursor(connection).execute(statement.sql, statement.values(parameters))
    return await cursor.fetchone()


app = Application()
