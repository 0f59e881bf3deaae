"""Figures and tables of tickets."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Response

from app.api.deps import CurrentUser
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.api.v1.statistics import CHART_POLICY
from app.api.v1.tickets import LanguageDep
from app.calendaring.zones import get_zone
from app.core.actor import Actor
from app.db import SessionDep
from app.schemas.ticket_desk import ReportFormat, TicketExportQuery, TicketReportQuery, TicketReportRead
from app.services import ticket_list_service, ticket_report_service

router = PrefixRouter(prefix="/tickets", tags=["tickets"], route_class=TransactionRoute)

MEDIA_TYPES = {
    ReportFormat.CSV: "text/csv; charset=utf-8",
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportFormat.SVG: "image/svg+xml",
}
_TABLES: dict[str, Any] = {
    "text/csv": {"schema": {"type": "string"}},
    MEDIA_TYPES[ReportFormat.XLSX]: {"schema": {"type": "string", "format": "binary"}},
}
_REPORT: dict[str, Any] = {
    "description": "The report, in the format that was asked for",
    "content": {**_TABLES, "image/svg+xml": {"schema": {"type": "string"}}},
}


@router.get(
    "/report",
    response_model=TicketReportRead,
    summary="Figures of tickets",
    responses={200: _REPORT, **responses(401, 403, 404)},
)
def read_ticket_report(
    user: CurrentUser, session: SessionDep, language: LanguageDep, query: Annotated[TicketReportQuery, Query()]
) -> Any:
    """Of the queues that I read: tickets made in the window, the last 90 days when none is sent. `age` counts what is
    open, `person` what is open or was made then. JSON, CSV, XLSX, or an SVG chart.
    """
    report = ticket_report_service.read_report(session, user, query)
    if query.format is ReportFormat.JSON:
        return report
    name = _named(user, f"tickets-by-{query.by}", query.format)
    if query.format is ReportFormat.SVG:
        chart = ticket_report_service.chart_of(report, user.organization_time_zone, language)
        headers = {
            "Content-Disposition": f'inline; filename="{name}"',
            "Content-Security-Policy": CHART_POLICY,
            "Content-Language": language,
        }
        return Response(chart, media_type=MEDIA_TYPES[query.format], headers=headers)
    is_csv = query.format is ReportFormat.CSV
    content = ticket_report_service.table_of(report) if is_csv else ticket_report_service.workbook_of(report)
    return _download(content, query.format, name)


@router.get(
    "/export",
    response_class=Response,
    summary="Export tickets",
    responses={200: {"description": "The table", "content": _TABLES}, **responses(401, 403, 404)},
)
def export_tickets(user: CurrentUser, session: SessionDep, query: Annotated[TicketExportQuery, Query()]) -> Response:
    """The tickets that the filters let through, the newest first. Nothing in it is internal."""
    content = ticket_list_service.export_tickets(session, user, query, query.view_id, query.format)
    return _download(content, query.format, _named(user, "tickets", query.format))


def _named(user: Actor, name: str, wanted: ReportFormat) -> str:
    return f"{name}-{datetime.now(get_zone(user.organization_time_zone)).date()}.{wanted}"


def _download(content: str | bytes, wanted: ReportFormat, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=MEDIA_TYPES[wanted], headers=headers)
