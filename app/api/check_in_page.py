"""The page behind the link that asks to check in."""

from html import escape
from string import Template

from fastapi import Request, Response

from app.api.plain_page import language_for, paragraphs, plain_page
from app.calendaring.zones import get_zone, utc_to_wall
from app.core.messages import message
from app.services.check_in_link_service import Invited

_BUTTON = Template('<form method="post"><button class="first" type="submit">$label</button></form>')


def check_in_page(request: Request, invited: Invited) -> Response:
    """The meeting's room and time; the button, or that it was pressed."""
    language = language_for(request, invited.language)
    zone = get_zone(invited.time_zone)
    start, end = utc_to_wall(invited.start, zone), utc_to_wall(invited.end, zone)
    last = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%d.%m.%Y %H:%M}"
    when = f"{start:%d.%m.%Y %H:%M} – {last} ({invited.time_zone})"
    lines = [f"<strong>{escape(invited.room)}</strong><br>{escape(when)}"]
    if invited.is_checked_in:
        lines.append(escape(message("check_in_page_done", language)))
    else:
        lines.append(escape(message("check_in_page_until", language)))
    body = paragraphs(lines)
    if not invited.is_checked_in:
        body += "\n" + _BUTTON.substitute(label=escape(message("check_in_page_button", language)))
    return plain_page(message("check_in_page_title", language), body, language)
