"""A route that does all its blocking work in one hop into the thread pool.

FastAPI sends every sync dependency, the endpoint and the check of the response each to the thread pool on their own;
five hops cost two thirds of the throughput. Here dependencies that need the database are `Deferred`: an async
dependency only notes what is to be done, and this route does it, the endpoint, the commit and the JSON in one hop.
The commit comes before the response leaves: what was answered with 2xx is stored.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter
from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class Deferred:
    """The value of a dependency that needs the database: computed in the route's hop, before the endpoint."""

    session: Session
    compute: Callable[[], Any]

    def then(self, check: Callable[[Any], Any]) -> "Deferred":
        """The same value, passed through `check`."""
        return Deferred(self.session, lambda: check(self.compute()))


class TransactionRoute(APIRoute):
    """Runs a sync endpoint with its session as one unit: all is committed, or nothing is."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        model = options.get("response_model")
        status = options.get("status_code") or 200
        adapter = TypeAdapter(model) if isinstance(model, type) and issubclass(model, BaseModel) else None
        super().__init__(path, _in_one_hop(endpoint, adapter, status), **options)


def _in_one_hop(endpoint: Callable[..., Any], adapter: TypeAdapter[Any] | None, status: int) -> Callable[..., Any]:
    @functools.wraps(endpoint)
    def run(**values: Any) -> Response:
        session = _session_among(values)
        if session is None:
            return _answer(endpoint(**values), adapter, status, values)
        try:
            for name, value in values.items():
                if isinstance(value, Deferred):
                    values[name] = value.compute()
            response = _answer(endpoint(**values), adapter, status, values)
            session.commit()
        finally:
            session.close()
        return response

    return run


def _session_among(values: dict[str, Any]) -> Session | None:
    for value in values.values():
        if isinstance(value, Session):
            return value
        if isinstance(value, Deferred):
            return value.session
    return None


def _answer(result: Any, adapter: TypeAdapter[Any] | None, status: int, values: dict[str, Any]) -> Response:
    """The response: as the endpoint made it, or the result as JSON with the headers that the endpoint set."""
    if isinstance(result, Response):
        return result
    if result is None or adapter is None:
        response = Response(status_code=status)
    else:
        content = adapter.dump_json(adapter.validate_python(result, from_attributes=True))
        response = Response(content, status_code=status, media_type="application/json")
    for value in values.values():
        if isinstance(value, Response):
            response.headers.update(value.headers)
    return response
