"""The public pages of appointments: times to choose, the form, and what became of it. Plain HTML, no script."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from fastapi import Response

from app.api.plain_page import paragraphs, plain_page
from app.calendaring.zones import get_zone
from app.core.messages import Language, message
from app.core.spoken_times import SpokenTime, weekday_and_day
from app.models.appointment import AppointmentState
from app.schemas.appointment import QuestionType
from app.schemas.public_booking import Step
from app.services.public_booking_service import Shown, Times

# The name of the field that people do not see and programs fill in.
HONEYPOT = "website"
ZONES = (
    *("Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Krasnoyarsk"),
    *("Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka", "Asia/Almaty"),
    *("Asia/Tbilisi", "Asia/Yerevan", "Asia/Tashkent", "Europe/Minsk", "Europe/London", "Europe/Berlin"),
    *("Europe/Istanbul", "Asia/Dubai", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney"),
    *("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Sao_Paulo", "UTC"),
)
_STATES = {
    AppointmentState.UNCONFIRMED: "booking_is_unconfirmed",
    AppointmentState.PENDING: "booking_is_pending",
    AppointmentState.CONFIRMED: "booking_is_confirmed",
    AppointmentState.CANCELLED: "booking_is_cancelled",
    AppointmentState.REFUSED: "booking_is_refused",
}
_INPUTS = {QuestionType.NUMBER: "number", QuestionType.DATE: "date", QuestionType.PHONE: "tel"}


def times_page(times: Times, language: Language, moving: Shown | None = None) -> Response:
    """The times of a week as buttons, by day; for a new appointment, or for one that moves."""
    parts = []
    if times.description and moving is None:
        parts += [f"<p>{escape(line)}</p>" for line in times.description.splitlines() if line.strip()]
    parts.append(_choices(times, language, moving))
    parts.append(_days(times, language, moving))
    parts.append(_around(times, language, moving))
    return plain_page(times.name, "\n".join(parts), language)


def appointment_page(shown: Shown, language: Language, note: str | None = None) -> Response:
    """One appointment: the form while it is held, and else its state with what can be done."""
    lines = [f"<strong>{escape(SpokenTime(shown.start).told(shown.time_zone, language))}</strong>"]
    lines.append(escape(_minutes(shown.minutes, language)))
    if shown.hosts:
        lines.append(escape(message("booking_with", language, {"hosts": ", ".join(shown.hosts)})))
    if shown.place:
        lines.append(escape(message("booking_place", language, {"place": shown.place})))
    if note is not None:
        lines.append(f"<em>{escape(note)}</em>")
    if shown.state == AppointmentState.HELD:
        body = _form(shown, language)
    else:
        lines.append(escape(message(_STATES[shown.state], language)))
        body = _buttons(shown, language)
    return plain_page(shown.name, f"{paragraphs(lines)}\n{body}", language)


def sent_page(shown: Shown, email: str, language: Language) -> Response:
    """What follows the form: the rest is in the mail."""
    text = message("booking_look_at_mail", language, {"email": email})
    return plain_page(shown.name, paragraphs([escape(text)]), language)


def _choices(times: Times, language: Language, moving: Shown | None) -> str:
    """Duration and zone; each choice is a request of its own, without a script."""
    parts = []
    if len(times.durations) > 1 and moving is None:
        options = "".join(
            f'<option value="{minutes}"{" selected" if minutes == times.minutes else ""}>'
            f"{escape(_minutes(minutes, language))}</option>"
            for minutes in times.durations
        )
        parts.append(
            f'<select name="minutes" aria-label="{escape(_minutes(times.minutes, language))}">{options}</select>'
        )
    else:
        parts.append(f"<span>{escape(_minutes(times.minutes, language))}</span>")
    zones = sorted({*ZONES, times.time_zone})
    options = "".join(
        f"<option{' selected' if zone == times.time_zone else ''}>{escape(zone)}</option>" for zone in zones
    )
    label = escape(message("booking_zone", language))
    show = escape(message("booking_show", language))
    return (
        f'<form method="get">{"".join(parts)} <label>{label} <select name="time_zone">{options}</select></label>'
        f"{_hidden({'day': times.first, 'language': language, **_keeps(moving)})}"
        f' <button type="submit" class="small">{show}</button></form>'
    )


def _days(times: Times, language: Language, moving: Shown | None) -> str:
    if not times.offers:
        nothing = message("booking_nothing", language)
        return f"<p>{escape(nothing)}</p>"
    zone = get_zone(times.time_zone)
    parts = []
    for day, offers in groupby(times.offers, key=lambda offer: offer.start.astimezone(zone).date()):
        buttons = "\n".join(_time(offer.start, offer.seats, times, language, moving) for offer in offers)
        parts.append(f"<h2>{escape(weekday_and_day(day, language))}</h2>\n<div class=times>{buttons}</div>")
    return "\n".join(parts)


def _time(start: datetime, seats: int, times: Times, language: Language, moving: Shown | None) -> str:
    local = start.astimezone(get_zone(times.time_zone))
    label = f"{local:%H:%M}"
    # An hour that comes twice is told apart by its offset.
    if local.utcoffset() != (local.replace(fold=1 - local.fold)).utcoffset():
        label += f" ({local:%Z})"
    if times.capacity > 1:
        label = ", ".join((label, message("booking_seats", language, {"seats": seats})))
    values: dict[str, object] = {"start": start.isoformat(), "minutes": times.minutes}
    values |= {"time_zone": times.time_zone, "language": language}
    if moving is not None:
        values = {"do": Step.MOVE, "start": start.isoformat()}
    return f'<form method="post">{_hidden(values)}<button type="submit">{escape(label)}</button></form>'


def _around(times: Times, language: Language, moving: Shown | None) -> str:
    links = []
    for first, text in ((times.earlier, "booking_earlier"), (times.later, "booking_later")):
        if first is not None:
            query = {"day": first, "minutes": times.minutes, "time_zone": times.time_zone, "language": language}
            href = escape("?" + urlencode({**query, **_keeps(moving)}))
            links.append(f'<a href="{href}">{escape(message(text, language))}</a>')
    return f"<p>{' · '.join(links)}</p>" if links else ""


def _keeps(moving: Shown | None) -> dict[str, str]:
    return {} if moving is None else {"move": "yes"}


def _form(shown: Shown, language: Language) -> str:
    kept = escape(message("booking_kept_until", language, {"minutes": shown.minutes_left}))
    questions = "\n".join(_question(question, language) for question in shown.questions)
    name = _field("name", message("booking_name", language), language, required=True, autocomplete="name")
    address = message("booking_email", language)
    email = _field("email", address, language, kind="email", required=True, autocomplete="email")
    return (
        f"<p>{kept}</p>\n"
        f'<form method="post">{_hidden({"do": Step.SUBMIT})}\n'
        f"{name}\n{email}\n"
        f"{questions}\n"
        f'<p class=apart aria-hidden="true"><label>{escape(message("booking_leave_empty", language))}'
        f'<input name="{HONEYPOT}" tabindex="-1" autocomplete="off"></label></p>\n'
        f'<button type="submit" class=first>{escape(message("booking_submit", language))}</button></form>'
    )


def _question(question: Mapping[str, Any], language: Language) -> str:
    name, label, required = f"answer_{question['key']}", question["label"], question["required"]
    match QuestionType(question["type"]):
        case QuestionType.LONG_TEXT:
            must = " required" if required else ""
            return (
                f"<p><label>{_label(label, language, required=required)}<br>"
                f'<textarea name="{name}" rows="4" maxlength="5000"{must}></textarea></label></p>'
            )
        case QuestionType.CHOICE:
            return _options(name, label, question["options"], "radio", language, required=required)
        case QuestionType.CHOICES:
            return _options(name, label, question["options"], "checkbox", language, required=required)
        case QuestionType.YES_NO:
            pairs = [("yes", message("booking_yes", language)), ("no", message("booking_no", language))]
            return _options(name, label, pairs, "radio", language, required=required)
        case other:
            return _field(name, label, language, kind=_INPUTS.get(other, "text"), required=required)


def _options(
    name: str,
    label: str,
    options: Sequence[str | tuple[str, str]],
    kind: str,
    language: Language,
    *,
    required: bool,
) -> str:
    """Radio buttons, or boxes of which several can be ticked."""
    must = " required" if required and kind == "radio" else ""
    inputs = "<br>\n".join(
        f'<label><input type="{kind}" name="{name}" value="{escape(value)}"{must}> {escape(text)}</label>'
        for value, text in ((one, one) if isinstance(one, str) else one for one in options)
    )
    return f"<fieldset><legend>{_label(label, language, required=required)}</legend>\n{inputs}</fieldset>"


def _field(
    name: str, label: str, language: Language, *, kind: str = "text", required: bool = False, autocomplete: str = "off"
) -> str:
    must = " required" if required else ""
    step = ' step="any"' if kind == "number" else ""
    return (
        f"<p><label>{_label(label, language, required=required)}<br>"
        f'<input type="{kind}" name="{name}" maxlength="500" autocomplete="{autocomplete}"{step}{must}></label></p>'
    )


def _label(label: str, language: Language, *, required: bool) -> str:
    return escape(", ".join((label, message("booking_required", language))) if required else label)


def _buttons(shown: Shown, language: Language) -> str:
    """What can be done with an appointment as it stands."""
    parts = []
    if shown.state == AppointmentState.UNCONFIRMED:
        parts.append(_button({"do": Step.CONFIRM}, message("booking_confirm", language), is_first=True))
    if shown.state == AppointmentState.CONFIRMED:
        label = escape(message("booking_calendar", language))
        parts.append(f'<p><a href="{escape(shown.key)}/calendar.ics">{label}</a></p>')
    if shown.may_change:
        if shown.may_move:
            label = escape(message("booking_move", language))
            parts.append(f'<p><a href="?{urlencode({"move": "yes", "language": language})}">{label}</a></p>')
        reason = escape(message("booking_reason", language))
        cancel = escape(message("booking_cancel", language))
        parts.append(
            f'<form method="post">{_hidden({"do": Step.CANCEL})}<p><label>{reason}<br>'
            f'<input name="reason" maxlength="500"></label></p><button type="submit">{cancel}</button></form>'
        )
    elif shown.public_path and shown.state in (AppointmentState.CANCELLED, AppointmentState.REFUSED):
        label = escape(message("booking_again", language))
        parts.append(f'<p><a href="{escape(shown.public_path)}">{label}</a></p>')
    return "\n".join(parts)


def _button(values: Mapping[str, object], label: str, *, is_first: bool = False) -> str:
    first = " class=first" if is_first else ""
    return f'<form method="post">{_hidden(values)}<button type="submit"{first}>{escape(label)}</button></form>'


def _hidden(values: Mapping[str, object]) -> str:
    return "".join(
        f'<input type="hidden" name="{name}" value="{escape(str(value))}">' for name, value in values.items()
    )


def _minutes(minutes: int, language: Language) -> str:
    return message("booking_minutes", language, {"minutes": minutes})
