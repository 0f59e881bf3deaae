"""Mail handed in by a mail server's pipe."""

import hmac
from dataclasses import dataclass
from email.message import Message
from typing import Annotated, Any

from fastapi import Depends, Header, Request

from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.core.config import get_settings
from app.core.errors import NotFound, Unauthenticated, UnsupportedMediaType
from app.db import SessionDep
from app.schemas.inbound_mail import InboundMailRead
from app.services import inbound_mail_service

router = PrefixRouter(prefix="/mail", tags=["mail"], route_class=TransactionRoute)

MESSAGE = "message/rfc822"
_MESSAGE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            MESSAGE: {
                "schema": {"type": "string"},
                "example": "From: guest@firm.example\r\nTo: planner+key@firm.example\r\nSubject: Accepted\r\n\r\n",
            }
        },
    }
}


@dataclass(frozen=True, slots=True)
class SentMail:
    content: bytes


async def read_mail(request: Request, authorization: Annotated[str | None, Header(max_length=1000)] = None) -> SentMail:
    """The message, from whoever has INBOUND_MAIL_SECRET."""
    secret = get_settings().INBOUND_MAIL_SECRET
    if not secret:
        raise NotFound("inbound_mail_off")
    scheme, _, sent = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(sent.strip().encode(), secret.encode()):
        raise Unauthenticated("inbound_mail_secret")
    said = Message()
    said["Content-Type"] = request.headers.get("content-type", "")
    if said.get_content_type() not in (MESSAGE, "application/octet-stream"):
        raise UnsupportedMediaType("inbound_mail_kind")
    return SentMail(await request.body())


@router.post(
    "/inbound",
    response_model=InboundMailRead,
    summary="Hand in a mail that came",
    responses=responses(401, 404, 413, 415),
    openapi_extra=_MESSAGE,
)
def take_in_mail(
    mail: Annotated[SentMail, Depends(read_mail)],
    session: SessionDep,
    x_envelope_to: Annotated[
        str | None, Header(max_length=1000, description="The address for which the mail server took it")
    ] = None,
) -> Any:
    """For a mail server: answers to invitations change the answers in Planner, everything else is left alone and named
    with its reason. The secret of the installation goes into Authorization: Bearer.
    """
    outcome = inbound_mail_service.take_in(session, mail.content, x_envelope_to)
    return InboundMailRead(outcome="accepted" if outcome.is_accepted else "ignored", reason=outcome.reason)
