"""A route that does all its blocking work in one hop into the thread pool.

FastAPI sends every sync dependency, the endpoint and the check of the response each to the thread pool on their own;
five hops cost two thirds of the throughput. Here dependencies that need the database are `Deferred`: an async
dependency only notes what is to be done, and this route does it, the endpoint, the commit and the JSON in one hop.
The commit comes before the response leaves: what was answered with 2xx is stored. Then comes what the services asked
for: the workers are told, such as to send the mail that they wrote, and files that nobody refers to any more go.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from types import UnionType
from typing import Any

from fastapi import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter
from sqlmodel import Session

from app.nudger import nudger
from app.services.nudges import take_nudges, take_work

API_PREFIX = "/api/v1"


@dataclass(frozen=True, slots=True)
class Deferred:
    """The value of a dependency that needs the database: computed in the route's hop, before the endpoint."""

    session: Session
    compute: Callable[[], Any]

    def then(self, check: Callable[[Any], Any]) -> "Deferred":
        """The same value, passed through `check`."""
        return Deferred(self.session, lambda: check(self.compute()))


class TransactionRoute(APIRoute):
    """Runs a sync endpoint with its session as one unit: all is committed, or nothing is.

    An answer with a version carries it as ETag, and what was created in a collection its address as Location.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        model: Any = options.get("response_model")
        is_schema = isinstance(model, UnionType) or (isinstance(model, type) and issubclass(model, BaseModel))
        answer = Answer(
            status=options.get("status_code") or 200,
            adapter=TypeAdapter(model) if is_schema else None,
            collection=path if options.get("status_code") == 201 and "{" not in path else None,
        )
        self.is_post = "POST" in (options.get("methods") or ())
        super().__init__(path, _in_one_hop(self.answering(endpoint, answer)), **options)

    def answering(self, endpoint: Callable[..., Any], answer: "Answer") -> Callable[..., Response]:
        """The endpoint as what makes the response, inside the transaction."""

        @functools.wraps(endpoint)
        def run(**values: Any) -> Response:
            return answer.respond(endpoint(**values))

        return run


@dataclass(frozen=True, slots=True)
class Answer:
    """How a route turns what its endpoint returns into a response."""

    status: int
    adapter: TypeAdapter[Any] | None
    collection: str | None

    def respond(self, result: Any) -> Response:
        """The response as the endpoint made it, or else its result as JSON."""
        if isinstance(result, Response):
            return result
        if result is None or self.adapter is None:
            return Response(status_code=self.status)
        content = self.adapter.dump_json(self.adapter.validate_python(result, from_attributes=True))
        response = Response(content, status_code=self.status, media_type="application/json")
        version = getattr(result, "version", None)
        if version is not None:
            response.headers["ETag"] = f'"{version}"'
            if self.collection:
                response.headers["Location"] = f"{API_PREFIX}{self.collection}/{result.id}"
        return response


def _in_one_hop(answering: Callable[..., Response]) -> Callable[..., Response]:
    @functools.wraps(answering)
    def run(**values: Any) -> Response:
        session = session_among(values)
        if session is None:
            return answering(**values)
        try:
            for name, value in values.items():
                if isinstance(value, Deferred):
                    values[name] = value.compute()
            response = answering(**values)
            session.commit()
        finally:
            session.close()
        nudger.nudge(take_nudges(session))
        for work in take_work(session):
            work()
        return response

    return run


def session_among(values: dict[str, Any]) -> Session | None:
    """The session of the request, which one of an endpoint's values is or has; None without one."""
    for value in values.values():
        if isinstance(value, Session):
            return value
        if isinstance(value, Deferred):
            return value.session
    return None
