"""Answering an invitation by the link in its mail, without signing in."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import Depends, Path, Query, Request, Response
from pydantic import ValidationError

from app.api.plain_page import failed_page, wants_html
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.rsvp_page import rsvp_page
from app.api.transaction_route import TransactionRoute
from app.core.errors import Invalid, PlannerError
from app.db import SessionDep
from app.models.participant import ParticipantResponse
from app.schemas.common import DateOrMoment
from app.schemas.rsvp import RsvpRead, RsvpWrite
from app.services import invited_reply_service
from app.services.invited_reply_service import Invitation
from app.services.response_service import Reply

router = PrefixRouter(prefix="/rsvp", tags=["participants"], route_class=TransactionRoute)

Key = Annotated[str, Path(alias="token", min_length=1, max_length=64, description="From the link in the mail")]
Occurrence = Annotated[
    DateOrMoment | None, Query(description="The original start of one occurrence; without it, the whole series")
]
Chosen = Annotated[ParticipantResponse | None, Query(alias="response", description="Which button the page shows first")]
PAGE: dict[int | str, dict[str, Any]] = {
    200: {
        "model": RsvpRead,
        "description": "The invitation; for browsers a page",
        "content": {"text/html": {"schema": {"type": "string"}}},
    }
}
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "response": {"type": "string", "enum": ["accepted", "tentative", "declined"]},
                        "comment": {"type": "string", "maxLength": 1000},
                    },
                    "required": ["response"],
                    "additionalProperties": False,
                }
            }
        },
    }
}


async def read_form(request: Request) -> RsvpWrite:
    """The form of the page.

    Raises:
        Invalid: it is none.
    """
    try:
        fields = parse_qs((await request.body()).decode(), strict_parsing=True, max_num_fields=10)
        values = {name: values[-1] for name, values in fields.items() if values[-1].strip()}
        return RsvpWrite.model_validate(values)
    except (ValueError, ValidationError) as error:
        raise Invalid("bad_request") from error


Form = Annotated[RsvpWrite, Depends(read_form)]


@router.get(
    "/{token}",
    response_class=Response,
    summary="Open the link of an invitation",
    responses={**PAGE, **responses(404, 409)},
)
def open_invitation(
    key: Key, session: SessionDep, request: Request, occurrence: Occurrence = None, chosen: Chosen = None
) -> Response:
    """What the invitation says, with three buttons. Opening it answers nothing: programs that look through mails follow
    links, too.
    """
    return _respond(request, lambda: invited_reply_service.read_invitation(session, key, occurrence), chosen)


@router.post(
    "/{token}",
    response_class=Response,
    summary="Answer an invitation by its link",
    responses={**PAGE, **responses(404, 409)},
    openapi_extra=_FORM,
)
def answer_by_link(
    key: Key, data: Form, session: SessionDep, request: Request, occurrence: Occurrence = None, chosen: Chosen = None
) -> Response:
    """What the buttons of the page do. The key says who answers; the organizer is told."""
    reply = Reply(ParticipantResponse(data.response), data.comment)
    return _respond(
        request, lambda: invited_reply_service.answer_by_link(session, key, reply, occurrence), chosen, is_done=True
    )


def _respond(
    request: Request, work: Callable[[], Invitation], chosen: ParticipantResponse | None, *, is_done: bool = False
) -> Response:
    try:
        invitation = work()
    except PlannerError as error:
        # Nothing has been written before it is refused.
        if wants_html(request):
            return failed_page(request, error)
        raise
    if wants_html(request):
        return rsvp_page(request, invitation, chosen, is_done=is_done)
    read = RsvpRead(
        **{
            name: getattr(invitation, name)
            for name in RsvpRead.model_fields
            if name not in ("start_time", "end_time", "occurrence")
        },
        start_time=_moment(invitation.start, invitation),
        end_time=_moment(invitation.end, invitation),
        occurrence=None if invitation.occurrence is None else _moment(invitation.occurrence, invitation),
    )
    return Response(read.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})


def _moment(value: Any, invitation: Invitation) -> date:
    moment: date = value.date() if invitation.is_all_day else value
    return moment
