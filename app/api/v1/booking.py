"""The public pages on which people from outside book, confirm, move and cancel appointments, without signing in."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qs

from fastapi import Depends, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError

from app.api.booking_page import HONEYPOT, appointment_page, sent_page, times_page
from app.api.ical_response import DOCUMENTED, MEDIA_TYPE
from app.api.plain_page import failed_page, language_for, wants_html
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.core.client_address import limit_key
from app.core.errors import Invalid, NotFound, PlannerError
from app.core.messages import Language
from app.db import SessionDep, client_address
from app.schemas.common import Date, ZoneName
from app.schemas.public_booking import CancelForm, HoldForm, MoveForm, Step, VisitorForm
from app.services import public_booking_service

router = PrefixRouter(prefix="", tags=["slots"], route_class=TransactionRoute)

Form = TypeVar("Form", bound=BaseModel)
Fields = dict[str, list[str]]
# Questions are at most 30, of which some have several answers.
FIELDS_MAX = 2000
_ANSWER = "answer_"
# What people are told of the fields that they fill in themselves.
_WRONG = {"name": "booking_name_wrong", "email": "booking_email_wrong", "reason": "booking_reason_wrong"}
_HTML: dict[int | str, dict[str, Any]] = {
    200: {"description": "The page", "content": {"text/html": {"schema": {"type": "string"}}}}
}
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 5000}}
            }
        },
    }
}

KindKey = Annotated[
    str,
    Path(alias="token", pattern="^[a-z2-7]+$", max_length=64, description="From the address of the page"),
]
Key = Annotated[
    str,
    Path(alias="token", pattern="^[A-Za-z0-9_-]+$", max_length=100, description="From the link in the mail"),
]
Day = Annotated[Date | None, Query(description="The first day that is shown", examples=["2027-03-22"])]
Minutes = Annotated[int | None, Query(ge=5, le=1440, description="One of the durations")]
Zone = Annotated[ZoneName | None, Query(description="IANA zone in which times are shown")]
Spoken = Annotated[str | None, Query(pattern="^(ru|en)$", description="ru or en; else as the browser asks")]


async def read_form(request: Request) -> Fields:
    """The fields of a form.

    Raises:
        Invalid: it is none.
    """
    try:
        return parse_qs(
            (await request.body()).decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=FIELDS_MAX
        )
    except ValueError as error:
        raise Invalid("bad_request") from error


Sent = Annotated[Fields, Depends(read_form)]


@router.get(
    "/book/{token}", response_class=Response, summary="The page of times", responses={**_HTML, **responses(404)}
)
def show_booking_page(
    key: KindKey,
    session: SessionDep,
    request: Request,
    day: Day = None,
    minutes: Minutes = None,
    time_zone: Zone = None,
    language: Spoken = None,
) -> Response:
    """The times that can be booked, seven days a page. It works without JavaScript."""

    def work() -> Response:
        times = public_booking_service.read_times(session, key, day, minutes, time_zone)
        return times_page(times, _chosen(language) or language_for(request, times.language))

    return _shown(request, session, work)


@router.post(
    "/book/{token}",
    response_class=Response,
    status_code=303,
    summary="Choose a time",
    responses={303: {"description": "To the form"}, **responses(404, 409, 429)},
    openapi_extra=_FORM,
)
def hold_booking(key: KindKey, fields: Sent, session: SessionDep, request: Request) -> Response:
    """It is kept for some minutes, for whoever fills in the form to which this leads."""

    def work() -> Response:
        form = _read(HoldForm, fields, ("start", "minutes", "time_zone"))
        address = client_address(request)
        held = public_booking_service.hold(
            session,
            key,
            form.start,
            form.minutes,
            form.time_zone,
            _chosen(_first(fields, "language")) or language_for(request),
            limit_key(address)[:64] if address else None,
        )
        return RedirectResponse(f"../appointments/{held}", 303, headers={"Cache-Control": "no-store"})

    return _shown(request, session, work)


@router.get(
    "/appointments/{token}/calendar.ics",
    response_class=Response,
    summary="An appointment for calendars",
    responses={200: DOCUMENTED, **responses(404)},
)
def export_appointment(key: Key, session: SessionDep) -> Response:
    """One that is confirmed, as iCalendar."""
    body = public_booking_service.as_calendar(session, key)
    headers = {"Content-Disposition": 'attachment; filename="appointment.ics"', "Cache-Control": "no-store"}
    return Response(body, media_type=MEDIA_TYPE, headers=headers)


@router.get(
    "/appointments/{token}",
    response_class=Response,
    summary="The page of an appointment",
    responses={**_HTML, **responses(404)},
)
def show_appointment_page(
    key: Key,
    session: SessionDep,
    request: Request,
    move: Annotated[bool, Query(description="Show the times to which it can move")] = False,
    day: Day = None,
    time_zone: Zone = None,
    language: Spoken = None,
) -> Response:
    """The form while its time is held; then what it is, and how to confirm, move or cancel it. Opening it changes
    nothing: programs that look through mails follow links, too.
    """

    def work() -> Response:
        if move:
            shown, times = public_booking_service.read_other_times(session, key, day, time_zone)
            return times_page(times, _chosen(language) or shown.language, shown)
        shown = public_booking_service.read(session, key)
        return appointment_page(shown, _chosen(language) or shown.language)

    return _shown(request, session, work)


@router.post(
    "/appointments/{token}",
    response_class=Response,
    summary="What the buttons of an appointment's page do",
    responses={**_HTML, **responses(404, 409)},
    openapi_extra=_FORM,
)
def change_appointment(key: Key, fields: Sent, session: SessionDep, request: Request) -> Response:
    """`do` says which: submit the form, confirm, cancel, move."""

    def work() -> Response:
        try:
            step = Step(_first(fields, "do") or "")
        except ValueError as error:
            raise Invalid("bad_request", field="do") from error
        if step is Step.SUBMIT:
            return _submit(session, key, fields)
        if step is Step.CONFIRM:
            shown = public_booking_service.confirm(session, key)
        elif step is Step.CANCEL:
            reason = _read(CancelForm, fields, ("reason",)).reason
            shown = public_booking_service.cancel(session, key, reason)
        else:
            shown = public_booking_service.move(session, key, _read(MoveForm, fields, ("start",)).start)
        return appointment_page(shown, shown.language)

    return _shown(request, session, work)


def _submit(session: SessionDep, key: str, fields: Fields) -> Response:
    form = _read(VisitorForm, fields, ("name", "email"))
    answers: dict[str, Any] = {
        name.removeprefix(_ANSWER): values[0] if len(values) == 1 else values
        for name, values in fields.items()
        if name.startswith(_ANSWER) and any(values)
    }
    if _first(fields, HONEYPOT):
        # A program filled in what people do not see. It is not told so.
        shown = public_booking_service.read(session, key)
    else:
        shown = public_booking_service.submit(session, key, form.name, form.email, answers)
    return sent_page(shown, form.email, shown.language)


def _shown(request: Request, session: SessionDep, work: Callable[[], Response]) -> Response:
    """What `work` shows, or for people what is wrong; then nothing of what it wrote stays."""
    try:
        return work()
    except PlannerError as error:
        if not wants_html(request):
            raise
        session.rollback()
        # What was asked for is not there, or cannot be done: the page says what can.
        is_there = request.method == "POST" and not isinstance(error, NotFound)
        return failed_page(request, error, "booking_back" if is_there else None)


def _read(model: type[Form], fields: Fields, names: tuple[str, ...]) -> Form:
    values: dict[str, Any] = {name: value for name in names if (value := _first(fields, name))}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise Invalid(_WRONG.get(field, "bad_request"), field=field) from error


def _first(fields: Fields, name: str) -> str | None:
    return next((value for value in fields.get(name, ()) if value.strip()), None)


def _chosen(asked: str | None) -> Language | None:
    """The language that was asked for, where it is one of ours."""
    return "ru" if asked == "ru" else "en" if asked == "en" else None
