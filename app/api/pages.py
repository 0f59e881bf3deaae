"""Pages for browsers: plain files of ours, each sent whole with its style and script, under a policy for just these."""

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.core.messages import Language, language_of

FOLDER = Path(__file__).parents[1] / "pages"
PAGE = {"description": "The page", "content": {"text/html": {"schema": {"type": "string"}}}}

_templates = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


@dataclass(frozen=True, slots=True)
class Page:
    text: str
    policy: str


def page_response(name: str, locale: str) -> HTMLResponse:
    """The page of `name`.html, .css, .js and .words.json, in the language of a locale.

    Its address may hold a secret: no cache keeps it, and nobody is told where a visitor came from.
    """
    page = _load(name, language_of(locale))
    headers = {
        "Content-Security-Policy": page.policy,
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
    }
    return HTMLResponse(page.text, headers=headers)


@lru_cache(maxsize=64)
def _load(name: str, language: Language) -> Page:
    style, script = ((FOLDER / f"{name}.{kind}").read_text() for kind in ("css", "js"))
    words = json.loads((FOLDER / f"{name}.words.json").read_text())[language]
    text = _templates.get_template(f"{name}.html").render(style=style, script=script, words=words, language=language)
    policy = (
        "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
        f" frame-ancestors 'none'; script-src {_source(script)}; style-src {_source(style)}"
    )
    return Page(text, policy)


def _source(text: str) -> str:
    """How a policy names an inline script or style (CSP level 2): by what it holds."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
