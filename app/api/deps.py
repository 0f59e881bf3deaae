"""What routes ask for, as types: session, current user, roles, versions, pages."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from fastapi.security import OAuth2PasswordBearer

from app.api.transaction_route import API_PREFIX, Deferred
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid, Unauthenticated
from app.core.security import STREAM, decode_token
from app.db import get_session
from app.schemas.common import DateOrMoment, ZoneName
from app.services import delegation_service, session_service
from app.services.rows import PageRequest


class CurrentUserFromToken(OAuth2PasswordBearer):
    """The signed-in user: decodes the token, then looks the session up in the database.

    The scheme that the documentation shows is itself the dependency, and asks for the session directly: each level
    of dependencies costs every request.
    """

    async def claims(self, request: Request) -> dict[str, Any]:
        """The claims of the request's access token; no I/O."""
        token = await super().__call__(request)
        if not token:
            raise Unauthenticated("not_authenticated")
        return decode_token(token)

    # The endpoint gets an Actor, as CurrentUser says; on the way it is Deferred.
    async def __call__(self, request: Request) -> Any:  # type: ignore[override]
        claims = await self.claims(request)
        session = await get_session(request)
        return Deferred(session, lambda: session_service.authenticate(session, claims))


get_current_user = CurrentUserFromToken(tokenUrl=f"{API_PREFIX}/auth/login", auto_error=False, scheme_name="password")
CurrentUser = Annotated[Actor, Depends(get_current_user)]


class StreamClaims(CurrentUserFromToken):
    """Who opens a stream: by an access token, or by a ticket in the address, since EventSource sends no headers."""

    async def __call__(  # type: ignore[override]
        self,
        request: Request,
        ticket: Annotated[
            str | None, Query(max_length=2048, description="From `POST /auth/stream-ticket`, instead of a token")
        ] = None,
    ) -> dict[str, Any]:
        return await self.claims(request) if ticket is None else decode_token(ticket, STREAM)


ClaimsOfStream = Annotated[
    dict[str, Any],
    Depends(StreamClaims(tokenUrl=f"{API_PREFIX}/auth/login", auto_error=False, scheme_name="password")),
]


class ActingUserFromToken(CurrentUserFromToken):
    """The signed-in user, or the principal for whom they act by a delegation, as X-On-Behalf-Of names."""

    async def __call__(  # type: ignore[override]
        self,
        request: Request,
        on_behalf_of: Annotated[
            UUID | None,
            Header(alias="X-On-Behalf-Of", description="The colleague who made you their delegate: act for them"),
        ] = None,
    ) -> Any:
        user = await super().__call__(request)
        if on_behalf_of is None:
            return user
        return user.then(lambda actor: delegation_service.act_for(user.session, actor, on_behalf_of))


get_acting_user = ActingUserFromToken(tokenUrl=f"{API_PREFIX}/auth/login", auto_error=False, scheme_name="password")
# For planning: calendars, events and all below them, free/busy. What is the person's own stays CurrentUser.
ActingUser = Annotated[Actor, Depends(get_acting_user)]


def is_admin_or_it(current_user: Actor) -> Actor:
    """Let administrators and the IT desk pass, whatever they name: for routes that name no object."""
    current_user.require_admin_or_it()
    return current_user


def is_admin(current_user: Actor) -> Actor:
    """Let administrators pass, whatever they name: for routes that name no object."""
    current_user.require_admin()
    return current_user


async def _require_admin_or_it(user: Annotated[Any, Depends(get_current_user)]) -> Any:
    return user.then(is_admin_or_it)


async def _require_admin(user: Annotated[Any, Depends(get_current_user)]) -> Any:
    return user.then(is_admin)


AdminOrIt = Annotated[Actor, Depends(_require_admin_or_it)]
AdminUser = Annotated[Actor, Depends(_require_admin)]


async def get_if_match(
    if_match: Annotated[
        str | None,
        Header(max_length=1000, description="The ETag that you read; 412 when somebody changed it since"),
    ] = None,
) -> frozenset[int] | None:
    """The versions that If-Match names (RFC 9110 §13.1.1); None when any will do."""
    if if_match is None or if_match.strip() == "*":
        return None
    versions = set()
    for tag in if_match.split(","):
        text = tag.strip().removeprefix("W/")
        if len(text) < 3 or text[0] != '"' or text[-1] != '"':
            raise Invalid("bad_if_match", field="If-Match")
        # An ETag that is no version of ours matches nothing.
        versions.add(int(text[1:-1]) if text[1:-1].isascii() and text[1:-1].isdigit() else -1)
    return frozenset(versions)


IfMatch = Annotated[frozenset[int] | None, Depends(get_if_match)]


def page_request(limit: int | None, cursor: str | None) -> PageRequest:
    """The page that was asked for, within the installation's bounds."""
    settings = get_settings()
    return PageRequest(min(limit or settings.PAGE_LIMIT_DEFAULT, settings.PAGE_LIMIT_MAX), cursor)


async def get_page(
    limit: Annotated[int | None, Query(ge=1, description="Rows a page; capped by the installation")] = None,
    cursor: Annotated[str | None, Query(max_length=500, description="next_cursor of the page before")] = None,
) -> PageRequest:
    return page_request(limit, cursor)


OccurrenceParam = Annotated[
    DateOrMoment | None,
    Query(
        examples=["2027-03-22T09:00:00"],
        description="One occurrence of a series, by its original start: an instant, wall time in the event's zone, or"
        " a date. The id of an occurrence that differs names it too",
    ),
]
PageParams = Annotated[PageRequest, Depends(get_page)]
TimeZoneParam = Annotated[
    ZoneName | None, Query(description="IANA zone of naive times and of all-day dates; yours when not sent")
]
