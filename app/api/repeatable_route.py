"""Routes whose POSTs may be sent twice: with an `Idempotency-Key` they are carried out once.

A router whose POSTs book, create or send takes `RepeatableRoute` as its route class; nothing else is needed. Requests
without the header, and those that only try (`dry_run`), go the way of every other.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

from fastapi import Depends, Header, Request, Response

from app.api.transaction_route import Answer, TransactionRoute, session_among
from app.core.actor import Actor
from app.core.errors import Invalid
from app.services import idempotency_service
from app.services.idempotency_service import KeptAnswer, RepeatableRequest

# The name under which the endpoint's wrapper gets the request; no endpoint has a parameter of this name.
_REPEATABLE = "repeatable_request"
KEPT_HEADERS = ("content-type", "etag", "location")
# What Pydantic reads as true.
_TRUE = frozenset({"true", "1", "yes", "on", "y", "t"})


async def get_repeatable_request(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            pattern=r"^[\x21-\x7e]{1,255}$",
            description="A name of your own for this request. Sent again with it, it is answered again and not carried"
            " out again; another request with the same key is a 422",
            examples=["8e03978e-40d5-43e8-bc93-6894a57f9324"],
        ),
    ] = None,
) -> RepeatableRequest | None:
    """The request as its key names it; None without a key, and for `dry_run`, which changes nothing."""
    if idempotency_key is None or request.query_params.get("dry_run", "").lower() in _TRUE:
        return None
    if len(request.headers.getlist("idempotency-key")) > 1:
        raise Invalid("idempotency_key_twice", field="Idempotency-Key")
    asked = (request.method, request.url.path, request.url.query, request.headers.get("content-disposition", ""))
    return RepeatableRequest(idempotency_key, (*(part.encode() for part in asked), await _content(request)))


async def _content(request: Request) -> bytes:
    """The body; of one that a route has read as a stream, the SHA-256 that it left in `request.state.body_digest`."""
    digest: bytes | None = getattr(request.state, "body_digest", None)
    return await request.body() if digest is None else digest


class RepeatableRoute(TransactionRoute):
    """A TransactionRoute whose POST takes an Idempotency-Key, if it knows who asks."""

    def answering(self, endpoint: Callable[..., Any], answer: Answer) -> Callable[..., Response]:
        carry_out = super().answering(endpoint, answer)
        if not self.is_post or Actor not in get_type_hints(endpoint).values():
            return carry_out

        @functools.wraps(carry_out)
        def run(**values: Any) -> Response:
            request: RepeatableRequest | None = values.pop(_REPEATABLE)
            if request is None:
                return carry_out(**values)
            return _once(request, carry_out, values)

        signature = inspect.signature(endpoint)
        parameter = inspect.Parameter(_REPEATABLE, inspect.Parameter.KEYWORD_ONLY, annotation=_KeyedRequest)
        run.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*signature.parameters.values(), parameter]
        )
        return run


_KeyedRequest = Annotated[RepeatableRequest | None, Depends(get_repeatable_request)]


def _once(request: RepeatableRequest, carry_out: Callable[..., Response], values: dict[str, Any]) -> Response:
    session = session_among(values)
    actor = next(value for value in values.values() if isinstance(value, Actor))
    assert session is not None
    kept = idempotency_service.claim(session, actor, request)
    if kept is not None:
        return Response(kept.body, kept.status, dict(kept.headers))
    response = carry_out(**values)
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    idempotency_service.keep(session, actor, request, KeptAnswer(response.status_code, headers, bytes(response.body)))
    return response
