"""Every error as a problem document (RFC 9457), in the reader's language, with nothing of the inside in it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from app.api.allowed_methods import allowed_methods
from app.api.shown_paths import shown_path
from app.api.validation_texts import validation_text
from app.core.errors import PlannerError
from app.core.messages import Language, language_of, message
from app.schemas.event import ClashRead, FreeRoomRead
from app.schemas.leaving import ChangedItem
from app.schemas.people_import import ImportLine
from app.schemas.room_closing import RoomClosingRead

log = structlog.get_logger(__name__)

TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "Gone",
    412: "Precondition failed",
    413: "Content too large",
    415: "Unsupported media type",
    422: "Invalid request",
    429: "Too many requests",
    500: "Internal error",
    503: "Unavailable",
}
CODES_BY_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}
# SQLSTATE: what a second try may cure, what the client sent, what only time cures.
TRY_AGAIN = frozenset({"40001", "40P01", "55P03"})
BAD_VALUE_CLASS = "22"
PROBLEMS_NAMED = 5


class FieldProblem(BaseModel):
    loc: list[str | int]
    message: str
    type: str


class Problem(BaseModel):
    """An error (RFC 9457). `code` is constant and for programs, `detail` is for people."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    request_id: str | None = None
    field: str | None = Field(None, description="Where the value stands that was refused")
    errors: list[FieldProblem] | None = Field(None, description="422 of a malformed request: each field's problem")
    clashes: list[ClashRead] | None = Field(None, description="409 room_taken: what is in the way")
    free_rooms: list[FreeRoomRead] | None = Field(None, description="409 room_taken: rooms free for all of it")
    next_check_in: datetime | None = Field(
        None, description="409 nothing_to_check_in: from when on people can check in to the next meeting in the room"
    )
    free_until: str | None = Field(None, description="409 room_taken at the door: until when the room is free")
    members: int | None = Field(None, description="409 department_not_empty: people in it")
    children: int | None = Field(None, description="409 department_not_empty: departments below it")
    lines: list[ImportLine] | None = Field(None, description="422 import_has_errors: the lines that have errors")
    changed: list[ChangedItem] | None = Field(None, description="409 handover_changed: what changed, the first of it")
    closing: RoomClosingRead | None = Field(None, description="409 plan_changed: the plan as it would be now")


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documented errors of a route, besides 422 and 429, which every route may give."""
    listed = sorted({*statuses, 422, 429})
    return {
        status: {
            "description": TITLES[status],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in listed
    }


def problem(
    scope: Scope,
    status: int,
    code: str,
    detail: str,
    *,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document as a response."""
    body = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": scope.get("state", {}).get("request_id"),
        **(extra or {}),
    }
    return JSONResponse(body, status, dict(headers or {}), media_type="application/problem+json")


def reader_language(scope: Scope) -> Language:
    """The language of the Accept-Language header."""
    for name, value in scope["headers"]:
        if name == b"accept-language":
            return language_of(value.decode("latin-1"))
    return "en"


def planner_problem(scope: Scope, error: PlannerError) -> Response:
    """One of our own errors as a response."""
    return problem(
        scope,
        error.status,
        error.code,
        error.detail(reader_language(scope)),
        extra=error.extra,
        headers=error.headers,
    )


def add_exception_handlers(app: FastAPI) -> None:
    """Turn every exception into a problem document."""
    app.add_exception_handler(PlannerError, _on_planner_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(DBAPIError, _on_database_error)
    # Hot statements go to the driver itself.
    app.add_exception_handler(psycopg.Error, _on_database_error)
    app.add_exception_handler(PoolTimeoutError, _on_unavailable)
    app.add_exception_handler(Exception, on_unexpected)


async def _on_planner_error(request: Request, error: Exception) -> Response:
    return planner_problem(request.scope, cast(PlannerError, error))


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    language = reader_language(request.scope)
    errors = [
        {
            "loc": [part if isinstance(part, int) else str(part)[:100] for part in problem["loc"]],
            "message": validation_text(problem, language),
            "type": problem["type"],
        }
        for problem in cast(RequestValidationError, error).errors()[:50]
    ]
    named = "; ".join(
        f"{'.'.join(str(part) for part in item['loc'][1:]) or item['loc'][0]}: {item['message']}"
        for item in errors[:PROBLEMS_NAMED]
    )
    detail = message("invalid_request", language, {"problems": named})
    return problem(request.scope, 422, "invalid_request", detail, extra={"errors": errors})


async def _on_http_exception(request: Request, error: Exception) -> Response:
    error = cast(HTTPException, error)
    # A body that cannot even be decoded is a bad payload like any other.
    status = 422 if error.status_code == 400 else error.status_code
    code = CODES_BY_STATUS.get(status, "bad_request")
    limit = getattr(request.state, "body_limit", "")
    detail = message(code, reader_language(request.scope), {"limit": limit})
    headers = dict(error.headers or {})
    if status == 405 and (methods := allowed_methods(request.app, request.url.path)):
        headers["Allow"] = ", ".join(methods)
    return problem(request.scope, status, code, detail, headers=headers)


async def _on_database_error(request: Request, error: Exception) -> Response:
    state = getattr(getattr(error, "orig", error), "sqlstate", None) or ""
    language = reader_language(request.scope)
    if state in TRY_AGAIN:
        return problem(request.scope, 409, "try_again", message("try_again", language), headers={"Retry-After": "1"})
    if state.startswith(BAD_VALUE_CLASS):
        log.warning("database_refused_value", sqlstate=state, path=shown_path(request.url.path))
        return problem(request.scope, 422, "bad_request", message("bad_request", language))
    if not state or state.startswith(("08", "53", "57")):
        return await _on_unavailable(request, error)
    return await on_unexpected(request, error)


async def _on_unavailable(request: Request, error: Exception) -> Response:
    log.error("database_unavailable", error=type(error).__name__, path=shown_path(request.url.path))
    detail = message("unavailable", reader_language(request.scope))
    return problem(request.scope, 503, "unavailable", detail, headers={"Retry-After": "2"})


async def on_unexpected(request: Request, error: Exception) -> Response:
    """A bug of ours: the log has the details, the client the request id."""
    log.error("unexpected_error", path=shown_path(request.url.path), method=request.method, exc_info=error)
    params = {"request_id": request.scope.get("state", {}).get("request_id")}
    detail = message("internal_error", reader_language(request.scope), params)
    return problem(request.scope, 500, "internal_error", detail)
