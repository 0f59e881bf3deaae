"""Figures of meetings and rooms, as JSON, as CSV for spreadsheets, or as an SVG chart that a browser opens."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from app.api.deps import CurrentUser
from app.api.prefix_router import PrefixRouter
from app.api.problems import reader_language, responses
from app.api.transaction_route import TransactionRoute
from app.calendaring.zones import get_zone, utc_to_wall
from app.core.config import get_settings
from app.db import SessionDep
from app.schemas.statistics import (
    BusiestReport,
    MeetingsQuery,
    MeetingsReport,
    OverviewRead,
    ReportFormat,
    ReportRead,
    RoomsReport,
    StatisticsQuery,
)
from app.services import statistics_service
from app.services.statistics_charts import BARS, chart_of
from app.services.statistics_tables import table_of

router = PrefixRouter(prefix="/statistics", tags=["statistics"], route_class=TransactionRoute)

MEDIA_TYPES = {
    ReportFormat.JSON: "application/json",
    ReportFormat.CSV: "text/csv",
    ReportFormat.SVG: "image/svg+xml",
}
# A chart has no script and fetches nothing, and a browser that opens it lets it do neither.
CHART_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
JSON_ROWS = 100
FORMATS: dict[str, Any] = {
    "description": "The report, in the format that was asked for",
    "content": {"text/csv": {"schema": {"type": "string"}}, "image/svg+xml": {"schema": {"type": "string"}}},
}
ERRORS = responses(401, 403, 404)


class Rendering:
    """The format and the language that a request asks for."""

    def __init__(self, request: Request) -> None:
        self.language = reader_language(request.scope)
        self.accept = request.headers.get("accept", "")

    def format_of(self, query: StatisticsQuery) -> ReportFormat:
        """`format`, else what the Accept header (RFC 9110 §12.5.1) prefers of the three, else JSON."""
        return query.format or preferred_format(self.accept)

    def respond(self, name: str, report: ReportRead, query: StatisticsQuery) -> Any:
        """The report itself for JSON, which the route encodes, or a response in another format."""
        wanted = self.format_of(query)
        if wanted is ReportFormat.JSON:
            return report
        file_name = f"{name}-{utc_to_wall(report.start, get_zone(report.time_zone)).date()}.{wanted}"
        if wanted is ReportFormat.CSV:
            headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
            return Response(table_of(report), media_type="text/csv; charset=utf-8", headers=headers)
        headers = {
            "Content-Disposition": f'inline; filename="{file_name}"',
            "Content-Security-Policy": CHART_POLICY,
            "Content-Language": self.language,
        }
        return Response(chart_of(report, self.language), media_type="image/svg+xml", headers=headers)


async def get_rendering(request: Request) -> Rendering:
    """How the report is to be shown; no I/O."""
    return Rendering(request)


RenderingDep = Annotated[Rendering, Depends(get_rendering)]


def preferred_format(accept: str) -> ReportFormat:
    """The format whose media type an Accept header names with the greatest weight; JSON when it names none."""
    best, best_weight = ReportFormat.JSON, 0.0
    for part in accept[:1000].split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        for known, known_type in MEDIA_TYPES.items():
            if media_type == known_type and weight > best_weight:
                best, best_weight = known, weight
    return best


@router.get("", response_model=OverviewRead, summary="Key figures", responses={200: FORMATS, **ERRORS})
def read_overview(
    user: CurrentUser, session: SessionDep, rendering: RenderingDep, query: Annotated[StatisticsQuery, Query()]
) -> Any:
    """Of the company for an administrator, of their departments for a head, of oneself for everybody else."""
    return rendering.respond("overview", statistics_service.overview(session, user, query), query)


@router.get(
    "/meetings",
    response_model=MeetingsReport,
    summary="Meetings and hours by person, department or period",
    responses={200: FORMATS, **ERRORS},
)
def read_meetings(
    user: CurrentUser, session: SessionDep, rendering: RenderingDep, query: Annotated[MeetingsQuery, Query()]
) -> Any:
    """A department's row counts the people directly in it; a meeting over midnight counts in both days."""
    most = get_settings().STATISTICS_MAX_ROWS
    usual = {ReportFormat.JSON: JSON_ROWS, ReportFormat.CSV: most, ReportFormat.SVG: BARS}
    limit = min(query.limit or usual[rendering.format_of(query)], most)
    report = statistics_service.meetings(session, user, query, query.by, limit)
    return rendering.respond(f"meetings-by-{query.by}", report, query)


@router.get(
    "/rooms",
    response_model=RoomsReport,
    summary="How much of the working hours rooms are booked",
    responses={200: FORMATS, **ERRORS},
)
def read_rooms(
    user: CurrentUser, session: SessionDep, rendering: RenderingDep, query: Annotated[StatisticsQuery, Query()]
) -> Any:
    """Of the company all rooms in use, otherwise those that were booked for one's meetings, by these bookings."""
    return rendering.respond("rooms", statistics_service.rooms(session, user, query), query)


@router.get(
    "/busiest",
    response_model=BusiestReport,
    summary="Minutes of meetings in each hour of the week",
    responses={200: FORMATS, **ERRORS},
)
def read_busiest(
    user: CurrentUser, session: SessionDep, rendering: RenderingDep, query: Annotated[StatisticsQuery, Query()]
) -> Any:
    """As SVG, a heat map."""
    return rendering.respond("busiest", statistics_service.busiest(session, user, query), query)
