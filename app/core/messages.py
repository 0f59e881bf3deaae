"""The texts of errors for people, in English and Russian, by constant code."""

from collections.abc import Mapping
from typing import Any, Literal

from app.core.texts.accounts import ACCOUNTS
from app.core.texts.appointments import APPOINTMENTS
from app.core.texts.availability import AVAILABILITY
from app.core.texts.changes import CHANGES
from app.core.texts.check_in import CHECK_IN
from app.core.texts.closing import CLOSING
from app.core.texts.discussion import DISCUSSION
from app.core.texts.free_time import FREE_TIME
from app.core.texts.guests import GUESTS
from app.core.texts.interchange import INTERCHANGE
from app.core.texts.notifications import NOTIFICATIONS
from app.core.texts.people import PEOPLE
from app.core.texts.places import PLACES
from app.core.texts.planning import PLANNING
from app.core.texts.replies import REPLIES
from app.core.texts.requests import REQUESTS
from app.core.texts.room_finding import ROOM_FINDING
from app.core.texts.room_panels import ROOM_PANELS
from app.core.texts.room_requests import ROOM_REQUESTS
from app.core.texts.room_rules import ROOM_RULES
from app.core.texts.sharing import SHARING
from app.core.texts.tickets import TICKETS
from app.core.texts.waiting import WAITING
from app.core.texts.webhooks import WEBHOOKS

Language = Literal["en", "ru"]

MESSAGES: dict[str, tuple[str, str]] = {
    **ACCOUNTS,
    **APPOINTMENTS,
    **AVAILABILITY,
    **CHANGES,
    **CLOSING,
    **CHECK_IN,
    **DISCUSSION,
    **FREE_TIME,
    **INTERCHANGE,
    **GUESTS,
    **NOTIFICATIONS,
    **PEOPLE,
    **PLACES,
    **PLANNING,
    **REQUESTS,
    **REPLIES,
    **ROOM_RULES,
    **ROOM_REQUESTS,
    **ROOM_PANELS,
    **ROOM_FINDING,
    **SHARING,
    **TICKETS,
    **WAITING,
    **WEBHOOKS,
}


def message(code: str, language: Language, params: Mapping[str, Any] | None = None) -> str:
    """The text of `code` in `language`, with `params` filled in; the code itself when it has no text.

    A param may be a pair of words too, English and Russian.
    """
    texts = MESSAGES.get(code)
    if texts is None:
        return code
    which = 1 if language == "ru" else 0
    filled = {name: value[which] if isinstance(value, tuple) else value for name, value in (params or {}).items()}
    return texts[which].format_map(filled)


def language_of(accept_language: str | None) -> Language:
    """The language to answer in: the first of ru and en that an Accept-Language header (RFC 9110) prefers."""
    best: Language = "en"
    best_weight = 0.0
    for part in (accept_language or "")[:200].split(","):
        tag, _, weight_text = part.strip().partition(";q=")
        try:
            weight = float(weight_text) if weight_text else 1.0
        except ValueError:
            continue
        primary = tag.split("-")[0].lower()
        if primary in ("ru", "en") and weight > best_weight:
            best, best_weight = ("ru" if primary == "ru" else "en"), weight
    return best
