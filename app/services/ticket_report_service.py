"""Reports on tickets, for those who work them: of the queues that they read, and nothing but figures."""

from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from sqlmodel import Session

from app.calendaring.zones import get_zone, utc_to_wall
from app.core.actor import Actor
from app.core.charts import Bar, Frame, bar_chart, number
from app.core.errors import Forbidden, NotFound
from app.core.hot import HotStatement, fetch_rows, hot_statement
from app.core.messages import Language
from app.core.tables import csv_text, xlsx_bytes
from app.core.texts.ticket_reports import KEYS, words
from app.models.base import now
from app.schemas.ticket_desk import TicketReportBy, TicketReportItem, TicketReportQuery, TicketReportRead
from app.services.statistics_texts import date_text
from app.services.ticket_access import desk_of
from app.services.windows import check_window

# Where no window is asked for.
USUAL = timedelta(days=90)
COLUMNS = tuple(TicketReportItem.model_fields)
BARS = 30
_PROMISE = {
    "kept": "t.resolved_at <= t.resolution_due_at",
    "broken": "coalesce(t.resolved_at, now()) > t.resolution_due_at",
}
_FIRST_PROMISE = {
    "kept": "t.first_answered_at <= t.first_answer_due_at",
    "broken": "coalesce(t.first_answered_at, t.resolved_at, now()) > t.first_answer_due_at",
}
_AGE = """CASE WHEN now() - t.created_at < interval '1 day' THEN '1_day'
               WHEN now() - t.created_at < interval '3 days' THEN '3_days'
               WHEN now() - t.created_at < interval '7 days' THEN '7_days'
               WHEN now() - t.created_at < interval '30 days' THEN '30_days' ELSE 'older' END"""
_ANSWER = """CASE WHEN t.first_answered_at IS NULL THEN 'none'
                  WHEN t.first_answered_at - t.created_at < interval '1 hour' THEN '1_hour'
                  WHEN t.first_answered_at - t.created_at < interval '4 hours' THEN '4_hours'
                  WHEN t.first_answered_at - t.created_at < interval '1 day' THEN '1_day'
                  WHEN t.first_answered_at - t.created_at < interval '3 days' THEN '3_days' ELSE 'older' END"""
_SLA = f"""CASE WHEN {_PROMISE["kept"]} THEN 'kept' WHEN {_PROMISE["broken"]} THEN 'broken'
               WHEN t.resolution_due_at IS NOT NULL THEN 'running' ELSE 'none' END"""
_KEYS: dict[TicketReportBy, tuple[LiteralString, LiteralString]] = {
    TicketReportBy.STATE: ("t.state", "NULL"),
    TicketReportBy.PRIORITY: ("t.priority", "NULL"),
    TicketReportBy.QUEUE: ("t.queue_id::text", "min(q.name)"),
    TicketReportBy.CATEGORY: ("coalesce(t.category_id::text, 'none')", "min(c.name)"),
    TicketReportBy.PERSON: ("coalesce(t.assignee_id::text, 'none')", "min(coalesce(u.full_name, u.email))"),
    TicketReportBy.AGE: (_AGE, "NULL"),
    TicketReportBy.FIRST_ANSWER: (_ANSWER, "NULL"),
    TicketReportBy.SLA: (_SLA, "NULL"),
}
_ROWS = {TicketReportBy.AGE: "t.is_open", TicketReportBy.PERSON: "(t.is_open OR {made})"}
_MADE = "t.created_at >= %(from)s AND t.created_at < %(until)s"


def _statement(by: TicketReportBy) -> HotStatement:
    key, name = _KEYS[by]
    promise = _FIRST_PROMISE if by is TicketReportBy.FIRST_ANSWER else _PROMISE
    rows = _ROWS.get(by, "{made}").format(made=_MADE)
    counted = "true" if by is TicketReportBy.AGE else _MADE
    return hot_statement(f"""
        SELECT {key} AS key, {name} AS name, count(*) FILTER (WHERE {counted}), count(*) FILTER (WHERE t.is_open),
               count(*) FILTER (WHERE {promise["kept"]}), count(*) FILTER (WHERE {promise["broken"]}),
               percentile_cont(0.5) WITHIN GROUP (
                   ORDER BY extract(epoch FROM t.first_answered_at - t.created_at)::float8 / 60),
               percentile_cont(0.5) WITHIN GROUP (
                   ORDER BY extract(epoch FROM t.resolved_at - t.created_at)::float8 / 3600)
        FROM tickets t
        JOIN ticket_queues q ON q.organization_id = t.organization_id AND q.id = t.queue_id
        LEFT JOIN ticket_categories c ON c.organization_id = t.organization_id AND c.id = t.category_id
        LEFT JOIN users u ON u.organization_id = t.organization_id AND u.id = t.assignee_id
        WHERE t.organization_id = %(company)s AND t.queue_id = ANY (%(queues)s::uuid[]) AND {rows}
          AND t.merged_into_id IS NULL
        GROUP BY 1 ORDER BY 3 DESC, 4 DESC, 1
    """)


_STATEMENTS = {by: _statement(by) for by in TicketReportBy}


def read_report(session: Session, actor: Actor, query: TicketReportQuery) -> TicketReportRead:
    """The figures, the largest first; of tickets made in the last 90 days, when no window is asked for.

    Raises:
        Forbidden: the actor works no queue.
        NotFound: the actor does not read the queue.
        Invalid: the window is empty or too wide.
    """
    desk = desk_of(session, actor)
    queues: list[UUID] = desk.queues()
    if query.queue_id is not None:
        if query.queue_id not in queues:
            raise NotFound("ticket_queue_not_found")
        queues = [query.queue_id]
    if not queues:
        raise Forbidden("reports_for_workers")
    until = query.created_to or now()
    start = query.created_from or until - USUAL
    check_window(start, until)
    values = {"company": actor.company, "queues": queues, "from": start, "until": until}
    items = [_item(row) for row in fetch_rows(session, _STATEMENTS[query.by], values)]
    return TicketReportRead(by=query.by, start=start, end=until, total=sum(item.count for item in items), items=items)


def table_of(report: TicketReportRead) -> str:
    """The figures as CSV."""
    return csv_text(COLUMNS, ([getattr(item, name) for name in COLUMNS] for item in report.items))


def workbook_of(report: TicketReportRead) -> bytes:
    """The same as a workbook."""
    return xlsx_bytes("report", COLUMNS, ([_cell(getattr(item, name)) for name in COLUMNS] for item in report.items))


def chart_of(report: TicketReportRead, zone: str, language: Language) -> str:
    """The same as bars."""
    shown = report.items[:BARS]
    clock = get_zone(zone)
    bounds = (report.start, report.end - timedelta(microseconds=1))
    first, last = (date_text(utc_to_wall(bound, clock).date(), language) for bound in bounds)
    frame = Frame(
        title=words(f"by_{report.by}", language),
        lines=(words("period", language, start=first, end=last, zone=zone),),
        x_axis=words("tickets", language),
        y_axis=words(str(report.by), language),
        language=language,
        note=words("shown", language, shown=len(shown), total=len(report.items))
        if len(shown) < len(report.items)
        else "",
        nothing=words("nothing", language),
    )
    return bar_chart(frame, [_bar(item, language) for item in shown])


def _bar(item: TicketReportItem, language: Language) -> Bar:
    label = item.name or (KEYS[item.key][language == "ru"] if item.key in KEYS else item.key)
    parts = [words("bar", language, count=number(item.count, language), open=number(item.open, language))]
    if item.kept_share is not None:
        parts.append(words("kept_share", language, share=number(item.kept_share * 100, language)))
    return Bar(label, item.count, "; ".join(parts))


def _item(row: tuple[object, ...]) -> TicketReportItem:
    key, name, count, is_open, kept, broken, answer, resolution = row
    promised = kept + broken  # type: ignore[operator]
    return TicketReportItem(
        key=key,
        name=name,
        count=count,
        open=is_open,
        kept=kept,
        broken=broken,
        kept_share=kept / promised if promised else None,
        first_answer_minutes=answer,
        resolution_hours=resolution,
    )


def _cell(value: object) -> str | None:
    return None if value is None else str(value)
