"""The page behind the link that asks to check in: some text and one button, no script, nothing from elsewhere."""

from html import escape
from string import Template

from fastapi import Request, Response

from app.api.problems import reader_language
from app.calendaring.zones import get_zone, utc_to_wall
from app.core.errors import PlannerError
from app.core.messages import Language, message
from app.services.check_in_link_service import Invited

# The form goes back to the address of the page itself, with the token in it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_PAGE = Template("""<!doctype html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title</title>
<style>
body { margin: 0; padding: 24px; background: #f3f4f6; color: #111827; font: 18px/1.5 Arial, Helvetica, sans-serif }
main { max-width: 480px; margin: 0 auto; padding: 32px; background: #fff; border-radius: 8px }
h1 { margin-top: 0; font-size: 24px }
button { width: 100%; padding: 16px; border: 0; border-radius: 8px; background: #1d4ed8; color: #fff; font-size: 20px }
</style>
</head>
<body><main>
<h1>$title</h1>
$body
</main></body>
</html>
""")
_BUTTON = Template('<form method="post"><button type="submit">$label</button></form>')


def wants_html(request: Request) -> bool:
    """Whether a browser asks, rather than a program, which wants problem documents."""
    return "text/html" in request.headers.get("accept", "")


def language_for(request: Request, invited: Invited | None = None) -> Language:
    """As Accept-Language says; where it says nothing, the company's."""
    if invited is not None and not request.headers.get("accept-language"):
        return invited.language
    return reader_language(request.scope)


def check_in_page(request: Request, invited: Invited) -> Response:
    """The meeting's room and time; the button, or that it was pressed."""
    language = language_for(request, invited)
    zone = get_zone(invited.time_zone)
    start, end = utc_to_wall(invited.start, zone), utc_to_wall(invited.end, zone)
    last = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%d.%m.%Y %H:%M}"
    when = f"{start:%d.%m.%Y %H:%M} – {last} ({invited.time_zone})"
    lines = [f"<strong>{escape(invited.room)}</strong><br>{escape(when)}"]
    if invited.is_checked_in:
        lines.append(escape(message("check_in_page_done", language)))
    else:
        lines.append(escape(message("check_in_page_until", language)))
    body = "\n".join(f"<p>{line}</p>" for line in lines)
    if not invited.is_checked_in:
        body += "\n" + _BUTTON.substitute(label=escape(message("check_in_page_button", language)))
    return _respond(message("check_in_page_title", language), body, language, 200)


def failed_page(request: Request, error: PlannerError) -> Response:
    """What is wrong with the link, for people."""
    language = language_for(request)
    body = f"<p>{escape(error.detail(language))}</p>"
    return _respond(message("check_in_page_failed", language), body, language, error.status)


def _respond(title: str, body: str, language: Language, status: int) -> Response:
    content = _PAGE.substitute(title=escape(title), body=body, language=language)
    headers = {"Content-Security-Policy": POLICY, "Content-Language": language, "Referrer-Policy": "no-referrer"}
    return Response(content, status, headers, media_type="text/html; charset=utf-8")
