"""People as a table: import from CSV, export as CSV or XLSX."""

from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from app.api.deps import AdminUser, get_current_user
from app.api.prefix_router import PrefixRouter
from app.api.problems import reader_language, responses
from app.api.transaction_route import TransactionRoute
from app.api.v1.users import Filters
from app.calendaring.zones import get_zone
from app.core.errors import UnsupportedMediaType
from app.core.messages import Language
from app.db import SessionDep
from app.schemas.people_import import ImportRead, PeopleFormat
from app.services import people_export_service, people_import_service

router = PrefixRouter(prefix="/users", tags=["users"], route_class=TransactionRoute)

CSV = "text/csv"
MEDIA_TYPES = {
    PeopleFormat.CSV: f"{CSV}; charset=utf-8",
    PeopleFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# What a client may say of its file, and how Python calls it.
CHARSETS = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "windows-1251": "cp1251",
    "windows-1252": "cp1252",
    "iso-8859-1": "cp1252",
    "koi8-r": "koi8-r",
}
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            CSV: {
                "schema": {"type": "string"},
                "example": "email,full_name,department,manager_email\n"
                "oleg@example.com,Олег Петров,Head office / Sales,anna@example.com\n",
            }
        },
    }
}
_TABLE: dict[str, Any] = {
    "description": "The table",
    "content": {kind.split(";")[0]: {"schema": {"type": "string"}} for kind in MEDIA_TYPES.values()},
}


@dataclass(frozen=True, slots=True)
class SentFile:
    """The body of an import, the encoding that the client named, and the language to answer in."""

    content: bytes
    charset: str | None
    language: Language


async def read_file(request: Request) -> SentFile:
    """The body, if it says that it is CSV, of somebody with a token."""
    await get_current_user.claims(request)
    said = Message()
    said["Content-Type"] = request.headers.get("content-type", "")
    charset = str(said.get_param("charset") or "").lower()
    if said.get_content_type() != CSV or charset not in ("", *CHARSETS):
        raise UnsupportedMediaType("unsupported_media_type", accepted=CSV)
    return SentFile(await request.body(), CHARSETS.get(charset), reader_language(request.scope))


@router.post(
    "/import",
    response_model=ImportRead,
    summary="Import people",
    responses=responses(401, 403, 415),
    openapi_extra=_FILE,
)
def import_people(
    user: AdminUser,
    session: SessionDep,
    file: Annotated[SentFile, Depends(read_file)],
    dry_run: Annotated[bool, Query(description="Tell what would happen, and change nothing")] = False,
    create_departments: Annotated[bool, Query(description="Make departments that are missing")] = False,
) -> Any:
    """A CSV file whose first line names the columns, in English or Russian; `email` says whom a line is about.

    Columns: email, full_name, phone, position, department (a path such as `Head office / Sales`, or a name that only
    one has), manager_email (of a colleague, or of any line of the file), birthday, role, time_zone, is_active and the
    other flags. What a missing column would say stays as it is; an empty cell clears, but for role and flags. Separated
    by commas, semicolons or tabs. All lines or none: with errors the answer is a 422 whose `lines` tell them. New
    people have no password and cannot sign in before they get one.
    """
    return people_import_service.import_people(
        session,
        user,
        file.content,
        file.charset,
        file.language,
        dry_run=dry_run,
        create_departments=create_departments,
    )


@router.get(
    "/export",
    response_class=Response,
    summary="Export people",
    responses={200: _TABLE, **responses(401, 403)},
)
def export_people(
    user: AdminUser,
    session: SessionDep,
    filters: Filters,
    wanted: Annotated[PeopleFormat, Query(alias="format")] = PeopleFormat.CSV,
) -> Response:
    """The people whom the filters let through, as a file. An import of it changes nothing.

    Cells that a spreadsheet would calculate are text: in CSV they begin with an apostrophe, which an import takes away.
    """
    content = people_export_service.export_people(session, user, filters, wanted)
    day = datetime.now(get_zone(user.organization_time_zone)).date()
    headers = {"Content-Disposition": f'attachment; filename="people-{day}.{wanted}"'}
    return Response(content, media_type=MEDIA_TYPES[wanted], headers=headers)
