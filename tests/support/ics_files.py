"""Small iCalendar files, and importing them through the API."""

from typing import Any

from app.tasks.import_tasks import import_files
from tests.support.people import Person
from tests.support.planning import accepted

STAMP = "20270101T000000Z"


def vevent(uid: str, *lines: str, start: str = "20270322T090000Z", end: str = "20270322T100000Z", **more: str) -> str:
    """A VEVENT; `lines` are further properties, and names such as SUMMARY may be given as keywords."""
    times = [] if any(line.startswith("DTSTART") for line in lines) else [f"DTSTART:{start}", f"DTEND:{end}"]
    properties = {"SUMMARY": uid, "DTSTAMP": STAMP, **more}
    named = [f"{name}:{value}" for name, value in properties.items() if value]
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", *named, *times, *lines, "END:VEVENT"])


def vcalendar(*components: str, properties: tuple[str, ...] = ()) -> bytes:
    """A file with these components."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", *properties]
    return "\r\n".join([*head, *components, "END:VCALENDAR", ""]).encode()


def imported(person: Person, content: bytes, calendar_id: str | None = None) -> dict[str, Any]:
    """How the import of a file stands once the worker is done with it."""
    calendar = calendar_id or person.calendar_id
    headers = {"Content-Type": "text/calendar; charset=utf-8"}
    path = f"/calendars/{calendar}/imports"
    started = accepted(person.call("POST", path, content=content, headers=headers), 202)
    import_files()
    return accepted(person.get(f"{path}/{started['id']}"))


def report(person: Person, done: dict[str, Any], **params: Any) -> list[dict[str, Any]]:
    """The lines of an import's report."""
    path = f"/calendars/{done['calendar_id']}/imports/{done['id']}/lines"
    items: list[dict[str, Any]] = accepted(person.get(path, limit=500, **params))["items"]
    return items


def counts(done: dict[str, Any]) -> tuple[int, ...]:
    """(created, updated, unchanged, skipped, problems) of an import that must be through."""
    assert (done["state"], done["error"]) == ("done", None), done
    assert done["events_done"] == done["events_total"]
    return tuple(done[name] for name in ("created", "updated", "unchanged", "skipped", "problems"))
