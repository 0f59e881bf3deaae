"""Pages behind links in mails: some text and buttons, no script, nothing from elsewhere."""

from collections.abc import Sequence
from html import escape
from string import Template

from fastapi import Request, Response

from app.api.problems import reader_language
from app.core.errors import PlannerError
from app.core.messages import Language, message

# A form goes back to the address of the page itself, with the secret in it.
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
h1 { margin-top: 0; font-size: 24px; overflow-wrap: anywhere }
p { overflow-wrap: anywhere }
button { width: 100%; margin: 8px 0 0; padding: 16px; border: 2px solid #1d4ed8; border-radius: 8px; background: #fff;
  color: #1d4ed8; font: inherit; font-size: 20px }
button.first { background: #1d4ed8; color: #fff }
textarea { box-sizing: border-box; width: 100%; padding: 8px; font: inherit }
label, legend { color: #4b5563; font-size: 16px }
input:not([type=radio]):not([type=checkbox]):not([type=hidden]) { box-sizing: border-box; width: 100%; padding: 8px;
  font: inherit }
select { max-width: 100%; padding: 6px; font: inherit; font-size: 16px }
fieldset { margin: 16px 0; padding: 8px 16px; border: 1px solid #d1d5db; border-radius: 8px }
h2 { margin: 24px 0 8px; font-size: 18px }
button.small { width: auto; padding: 6px 16px; font-size: 16px }
.times { display: grid; grid-template-columns: repeat(auto-fill, minmax(110px, 1fr)); gap: 8px }
.times button { margin: 0; padding: 10px 4px; font-size: 18px }
.apart { position: absolute; left: -9999px }
</style>
</head>
<body><main>
<h1>$title</h1>
$body
</main></body>
</html>
""")


def wants_html(request: Request) -> bool:
    """Whether a browser asks, rather than a program, which wants JSON and problem documents."""
    return "text/html" in request.headers.get("accept", "")


def language_for(request: Request, otherwise: Language | None = None) -> Language:
    """As Accept-Language says; where it says nothing, the reader's or the company's."""
    if otherwise is not None and not request.headers.get("accept-language"):
        return otherwise
    return reader_language(request.scope)


def plain_page(title: str, body: str, language: Language, status: int = 200) -> Response:
    """The page.

    Args:
        body: HTML, in which every text is escaped already.
    """
    content = _PAGE.substitute(title=escape(title), body=body, language=language)
    headers = {
        "Content-Security-Policy": POLICY,
        "Content-Language": language,
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return Response(content, status, headers, media_type="text/html; charset=utf-8")


def paragraphs(lines: Sequence[str]) -> str:
    """HTML of lines that are HTML."""
    return "\n".join(f"<p>{line}</p>" for line in lines)


def failed_page(request: Request, error: PlannerError, back: str | None = None) -> Response:
    """What is wrong with the link, for people.

    Args:
        back: the code of the text of a link to the same page as it is now.
    """
    language = language_for(request)
    lines = [escape(error.detail(language))]
    if back is not None:
        lines.append(f'<a href="?">{escape(message(back, language))}</a>')
    body = paragraphs(lines)
    return plain_page(message("link_page_failed", language), body, language, error.status)
