"""What the OpenAPI document says beside the routes themselves."""

from typing import Any

from fastapi import FastAPI

from app.api.problems import Problem, responses

ON_BEHALF_OF = "X-On-Behalf-Of"
DESCRIPTION = """
Calendars, meetings, rooms and people of a company.

* **Times** are ISO 8601. Send them with an offset, or as wall time together with an IANA `time_zone`; answers are in
  UTC. All-day events have dates, and their end is exclusive.
* **Lists** answer `{"items": [...], "next_cursor": ...}`; send `cursor` to go on.
* **Versions**: answers carry an `ETag`; send it as `If-Match` and a change by somebody else in between is a 412.
* **Errors** are problem documents (RFC 9457) with a constant `code`, and a `detail` in English or Russian by
  `Accept-Language`.
* **Strangers** get 404 for what they may not know of.
"""

TAGS: list[dict[str, Any]] = [
    {"name": "auth", "description": "Register, sign in and out"},
    {"name": "organizations", "description": "Companies, their settings, and invitations into them"},
    {"name": "users", "description": "People of the company"},
    {"name": "departments", "description": "Departments, and the chart of who reports to whom"},
    {"name": "calendars", "description": "Private, shared and public calendars, and one's own list of them"},
    {"name": "delegations", "description": "Who may act for whom, with the header X-On-Behalf-Of"},
    {"name": "events", "description": "Events, series and their occurrences"},
    {"name": "discussion", "description": "Comments on events, and files attached to them"},
    {"name": "changes", "description": "What changed since the last time, for programs that keep a copy"},
    {
        "name": "feeds",
        "description": "Secret addresses for calendar programs, and calendars that show a feed from elsewhere",
    },
    {"name": "rooms", "description": "Meeting rooms; nothing is booked twice"},
    {"name": "tickets", "description": "What people ask of the desk: answers, notes, files, states, promises, figures"},
    {"name": "ticket desk", "description": "Queues, who works them and what they promise; categories; saved views"},
    {"name": "absences", "description": "When people are away, who stands in, and which days the company keeps"},
    {"name": "availability", "description": "Working hours, places of work, and when people can be met"},
    {"name": "slots", "description": "What others can book: kinds of appointment, times, bookings, public pages"},
    {"name": "free time", "description": "When people and rooms are free, and when all of them are"},
    {"name": "notifications", "description": "What I am told, by which channel, and when I am reminded"},
    {"name": "outbox", "description": "What leaves the company, and what could not"},
    {"name": "webhooks", "description": "Programs elsewhere that the company tells what happens"},
    {"name": "statistics", "description": "Figures of meetings and rooms: JSON, CSV, or a chart"},
    {"name": "audit", "description": "Who wrote what, when and from where"},
    {"name": "service", "description": "How the installation is doing"},
]


def _tell_common_answers(document: dict[str, Any]) -> None:
    """What any route may answer.

    413 to a body, 409 to a write that another one is in the way of, 503 in an outage; and where somebody may act for
    another, 403 and 404 to who may not.
    """
    for path in document["paths"].values():
        for method, operation in path.items():
            acts = any(parameter["name"] == ON_BEHALF_OF for parameter in operation.get("parameters", ()))
            common = {503} | ({403, 404} if acts else set()) | ({409} if method != "get" else set())
            common |= {413} if "requestBody" in operation else set()
            for status in sorted(common):
                operation["responses"].setdefault(str(status), responses(status)[status])


def add_problem_schema(app: FastAPI) -> None:
    """Let the document name the problem schema, and tell errors as problems instead of FastAPI's own form."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(problem.pop("$defs", {}))
            schemas["Problem"] = problem
            _tell_common_answers(document)
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
