"""The page behind the link of an invitation: what it is about, and three buttons."""

from datetime import datetime
from html import escape

from fastapi import Request, Response

from app.api.plain_page import language_for, paragraphs, plain_page
from app.core.messages import Language, message
from app.core.spoken_times import SpokenTime
from app.models.participant import ParticipantResponse
from app.services.invited_reply_service import Invitation

BUTTONS = {
    ParticipantResponse.ACCEPTED: "rsvp_page_button_accepted",
    ParticipantResponse.TENTATIVE: "rsvp_page_button_tentative",
    ParticipantResponse.DECLINED: "rsvp_page_button_declined",
}
STATES = {
    ParticipantResponse.NEEDS_ACTION: "rsvp_page_is_needs_action",
    ParticipantResponse.ACCEPTED: "rsvp_page_is_accepted",
    ParticipantResponse.TENTATIVE: "rsvp_page_is_tentative",
    ParticipantResponse.DECLINED: "rsvp_page_is_declined",
}


def rsvp_page(
    request: Request, invitation: Invitation, chosen: ParticipantResponse | None, *, is_done: bool
) -> Response:
    """The invitation with its answer, and a form to answer again.

    Args:
        chosen: the answer that the link in the mail names; its button comes first, nothing is answered yet.
        is_done: whether this is what follows an answer.
    """
    language = language_for(request, invitation.language)
    lines = [f"<strong>{escape(_when(invitation, language))}</strong>"]
    if invitation.repeats:
        lines.append(escape(message("rsvp_page_repeats", language, {"rule": invitation.repeats})))
    place = ", ".join(part for part in (invitation.location, invitation.room) if part)
    if place:
        lines.append(escape(message("rsvp_page_where", language, {"place": place})))
    lines.append(escape(message("rsvp_page_organizer", language, {"organizer": invitation.organizer})))
    state = message(STATES[ParticipantResponse(invitation.response)], language)
    thanks = message("rsvp_page_thanks", language)
    lines.append(escape(f"{thanks} {state}" if is_done else state))
    return plain_page(invitation.title, f"{paragraphs(lines)}\n{_form(invitation, chosen, language)}", language)


def _when(invitation: Invitation, language: Language) -> str:
    start = SpokenTime(invitation.start, invitation.is_all_day).told(invitation.time_zone, language)
    return start if invitation.is_all_day else f"{start}{_length(invitation.start, invitation.end, language)}"


def _length(start: datetime, end: datetime, language: Language) -> str:
    minutes = int((end - start).total_seconds() // 60)
    return "" if minutes <= 0 else message("rsvp_page_minutes", language, {"minutes": minutes}).rstrip()


def _form(invitation: Invitation, chosen: ParticipantResponse | None, language: Language) -> str:
    first = chosen or ParticipantResponse.ACCEPTED
    buttons = "\n".join(
        f'<button type="submit" name="response" value="{answer}"{" class=first" if answer == first else ""}>'
        f"{escape(message(BUTTONS[answer], language))}</button>"
        for answer in sorted(BUTTONS, key=lambda answer: answer != first)
    )
    label = escape(message("rsvp_page_comment", language))
    return (
        f'<form method="post"><p><label>{label}<br>'
        f'<textarea name="comment" rows="2" maxlength="1000">{escape(invitation.comment or "")}</textarea>'
        "</label></p>\n"
        f"{buttons}</form>"
    )
