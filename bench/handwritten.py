"""The comparison by hand: a bare ASGI application with psycopg, for one purpose only.

It checks the same token, reads the same session row and runs the same list statement as the API, and answers the
same bytes. It has no framework, no middleware, no limits and no validation: what is left is what the work costs.
"""

from datetime import date
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.database import libpq_url
from app.core.security import decode_token
from app.services.event_list_service import LIST_SQL, _parameters
from app.services.json_rows import page_json
from app.services.rows import PageRequest
from app.services.session_service import _ACTOR_SQL
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
            session = {"session_id": UUID(claims["sid"]), "user_id": user_id}
            row = await (await connection.execute(_ACTOR_SQL, session)).fetchone()
            if row is None:
                return 401, b"{}"
            organization_id, role, own_zone, company_zone = row
            zone = own_zone or company_zone
            actor = Actor(user_id, organization_id, role, session["session_id"], zone, company_zone)
            start, end = (resolve_moment(date.fromisoformat(query[name][0]), zone, name) for name in ("from", "to"))
            parameters = _parameters(actor, Window(start, end, zone), PageRequest(100))
            found = await (await connection.execute(LIST_SQL, parameters)).fetchone()
        assert found is not None
        return 200, page_json(found[0], None)


app = Application()
