"""Lists of tickets: filters, words, saved views, boards, tables and figures."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest

from app.schemas.ticket import TicketItem
from app.services import ticket_search
from tests.support.desk import Desk, changed, listed, made, read, said, soon
from tests.support.people import Company
from tests.support.planning import all_pages, refused, settings

REPORTS = ("state", "queue", "category", "priority", "age", "sla", "first_answer", "person")


@pytest.fixture
def desk(company: Company) -> Desk:
    return Desk.open(company)


@pytest.fixture(params=["rare", "common"])
def words_are(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether words are looked up in the index or met in the list: what is found is the same."""
    if request.param == "common":
        monkeypatch.setattr(ticket_search, "CANDIDATES", 0)


def numbers(*tickets: dict[str, Any]) -> list[int]:
    return [ticket["number"] for ticket in tickets]


def test_an_item_of_a_list_is_what_the_schema_says(desk: Desk) -> None:
    desk.ticket()
    (item,) = desk.agent.get("/tickets").json()["items"]
    assert list(item) == list(TicketItem.model_fields)
    assert json.loads(TicketItem.model_validate(item).model_dump_json()) == item


def test_filters_hold_together(desk: Desk) -> None:
    first = desk.ticket(type="incident", priority="high")
    second = desk.ticket(type="question")
    third = desk.ticket(by=desk.agent, priority="high")
    changed(desk.agent, first, assignee_id=desk.agent.id)
    changed(desk.agent, second, state="resolved")
    for params, expected in (
        ({}, [third, second, first]),
        ({"state": ["new", "open"]}, [third, first]),
        ({"is_open": False}, [second]),
        ({"type": "incident"}, [first]),
        ({"priority": "high", "requester_id": desk.requester.id}, [first]),
        ({"assignee_id": desk.agent.id}, [first]),
        ({"is_assigned": False, "is_open": True}, [third]),
        ({"is_mine": True}, [third, first]),
        ({"queue_id": desk.queue["id"], "sort": "created_at"}, [first, second, third]),
        ({"created_from": soon(hours=-1), "created_to": soon(hours=1)}, [third, second, first]),
        ({"created_to": soon(hours=-1)}, []),
        ({"is_overdue": True}, []),
    ):
        assert listed(desk.agent, **params) == numbers(*expected), params
    assert listed(desk.requester) == numbers(second, first)
    assert listed(desk.requester, queue_id=desk.queue["id"]) == numbers(second, first)


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "updated_at", "-updated_at", "next_due_at", "-priority"])
def test_pages_in_every_order_hold_each_ticket_once(desk: Desk, sort: str) -> None:
    for priority in ("low", "urgent", "normal", "urgent", "high"):
        desk.ticket(priority=priority)
    whole = desk.agent.get("/tickets", sort=sort).json()["items"]
    paged = [one for page in all_pages(desk.agent, "/tickets", limit=2, sort=sort) for one in page]
    assert [one["id"] for one in paged] == [one["id"] for one in whole]
    if sort == "-priority":
        assert [one["priority"] for one in whole] == ["urgent", "urgent", "high", "normal", "low"]
    refused(desk.agent.get("/tickets", sort=sort, cursor="nonsense"), 422, "bad_cursor")


@pytest.mark.usefixtures("words_are")
@pytest.mark.parametrize(
    ("asked", "is_found"),
    [
        ("принтеры", True),
        ("ПРИНТЕР этаже", True),
        ("printers", True),
        ("бумаг", True),
        ('"третьем этаже"', True),
        ('"этаже третьем"', False),
        ("Rita", True),
        ("requester", True),
        ("сканер", False),
        ("toner", True),
        ("лампа.txt", True),
    ],
)
def test_words_in_russian_and_english(desk: Desk, asked: str, is_found: bool) -> None:
    ticket = desk.ticket(title="Принтер не печатает", body="На третьем этаже. The printer has no paper, нет бумаги")
    said(desk.agent, ticket, "New toner comes")
    sent = desk.requester.call(
        "POST", f"/tickets/{ticket['id']}/attachments", params={"name": "лампа.txt"}, content=b"x"
    )
    assert sent.status_code == 201
    for person in (desk.agent, desk.requester):
        assert listed(person, q=asked) == (numbers(ticket) if is_found else [])


@pytest.mark.usefixtures("words_are")
def test_words_go_with_every_order_filter_and_page(desk: Desk) -> None:
    tickets = [desk.ticket(priority=priority) for priority in ("low", "urgent", "high")]
    desk.ticket(title="Scanner")
    first, second, third = numbers(*tickets)
    for params, expected in (
        ({}, [third, second, first]),
        ({"sort": "created_at"}, [first, second, third]),
        ({"sort": "-priority"}, [second, third, first]),
        ({"priority": "low"}, [first]),
        ({"queue_id": desk.queue["id"], "is_open": True}, [third, second, first]),
    ):
        assert listed(desk.agent, q="printer", **params) == expected, params
    paged = [one["number"] for page in all_pages(desk.agent, "/tickets", limit=2, q="printer") for one in page]
    assert paged == [third, second, first]


def test_by_number_and_after_a_change(desk: Desk) -> None:
    ticket, _ = desk.ticket(title="One"), desk.ticket(title="Two")
    assert listed(desk.agent, q=f"#{ticket['number']}") == numbers(ticket)
    changed(desk.agent, ticket, title="Three", assignee_id=desk.other.id)
    assert listed(desk.agent, q="One") == []
    assert listed(desk.agent, q="three") == listed(desk.agent, q="Boris") == numbers(ticket)
    renamed = desk.company.admin.patch(f"/users/{desk.other.id}", {"full_name": "Zacharias Agent"})
    assert renamed.status_code == 200
    assert listed(desk.agent, q="Boris") == []
    assert listed(desk.agent, q="Zacharias") == numbers(ticket)


def test_views_are_saved_and_shared(desk: Desk) -> None:
    urgent, other = desk.ticket(priority="urgent"), desk.ticket()
    view = made(
        desk.agent,
        "/tickets/views",
        name="Urgent",
        filters={"priority": ["urgent"], "is_open": True},
        sort="created_at",
        is_shared=True,
    )
    assert listed(desk.agent, view_id=view["id"]) == listed(desk.other, view_id=view["id"]) == numbers(urgent)
    # What is asked for besides takes the place of the view's own.
    assert listed(desk.agent, view_id=view["id"], priority="normal") == numbers(other)
    refused(desk.requester.get("/tickets", view_id=view["id"]), 404, "ticket_view_not_found")
    path = f"/tickets/views/{view['id']}"
    assert desk.other.get(path).json()["owner"]["id"] == desk.agent.id
    refused(desk.other.patch(path, {"name": "Mine"}), 403, "ticket_view_not_yours")
    refused(desk.other.delete(path), 403, "ticket_view_not_yours")
    refused(desk.agent.post("/tickets/views", {"name": "Urgent", "filters": {}}), 409, "ticket_view_name_taken")
    refused(
        desk.requester.post("/tickets/views", {"name": "A", "filters": {}, "is_shared": True}),
        403,
        "views_shared_by_workers",
    )
    refused(desk.agent.post("/tickets/views", {"name": "A", "filters": {"colour": "red"}}), 422, "invalid_request")
    changed_view = desk.agent.patch(path, {"filters": {"q": "Printer"}, "is_shared": False})
    assert changed_view.json()["filters"] == {"q": "Printer"}
    assert desk.other.get(path).status_code == 404
    assert listed(desk.agent, view_id=view["id"]) == numbers(urgent, other)
    assert desk.agent.delete(path).status_code == 204
    with settings(TICKET_VIEWS_MAX=1):
        made(desk.agent, "/tickets/views", name="One", filters={})
        refused(desk.agent.post("/tickets/views", {"name": "Two", "filters": {}}), 409, "too_many_views")


def test_a_board_shows_columns(desk: Desk) -> None:
    tickets = [desk.ticket() for _ in range(4)]
    changed(desk.agent, tickets[0], state="open", assignee_id=desk.agent.id)
    changed(desk.agent, tickets[1], state="closed")
    board = desk.agent.get("/tickets/board", queue_id=desk.queue["id"], limit=1).json()
    columns = {column["state"]: column for column in board["columns"]}
    assert list(columns) == ["new", "open", "pending", "resolved"]
    assert (columns["new"]["count"], columns["new"]["has_more"]) == (2, True)
    assert [item["number"] for item in columns["new"]["items"]] == numbers(tickets[3])
    assert [item["number"] for item in columns["open"]["items"]] == numbers(tickets[0])
    mine = desk.agent.get("/tickets/board", queue_id=desk.queue["id"], assignee_id=desk.agent.id).json()
    assert [column["count"] for column in mine["columns"]] == [0, 1, 0, 0]
    refused(desk.requester.get("/tickets/board", queue_id=desk.queue["id"]), 404, "ticket_queue_not_found")


def test_an_export_is_the_list(desk: Desk) -> None:
    ticket = desk.ticket(title="=1+1")
    changed(desk.agent, desk.ticket(), state="closed")
    answer = desk.agent.get("/tickets/export", is_open=True)
    assert answer.headers["content-disposition"].startswith("attachment")
    (row,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert (row["number"], row["title"], row["state"]) == (str(ticket["number"]), "'=1+1", "new")
    assert (row["queue"], row["requester"], row["assignee"]) == ("Desk", "Rita Requester", "")
    workbook = openpyxl.load_workbook(io.BytesIO(desk.agent.get("/tickets/export", format="xlsx").content))
    assert workbook.active is not None
    assert [cell.value for cell in workbook.active["B"]] == ["title", "Printer", "=1+1"]
    with settings(EXPORT_MAX_ROWS=1):
        refused(desk.agent.get("/tickets/export"), 422, "export_too_large")


def test_figures_by_all_that_can_be_asked(desk: Desk) -> None:
    desk.promise(first_answer_minutes=60, resolution_minutes=600)
    first, second, third = (desk.ticket() for _ in range(3))
    changed(desk.agent, first, assignee_id=desk.agent.id)
    said(desk.agent, first, "Done")
    changed(desk.agent, first, state="resolved")
    changed(desk.agent, second, assignee_id=desk.other.id, state="open")
    merged = desk.agent.post(f"/tickets/{third['id']}/merge", {"into_id": second["id"]})
    assert merged.status_code == 200

    def report(by: str) -> dict[str, dict[str, Any]]:
        answer = desk.agent.get("/tickets/report", by=by)
        assert answer.status_code == 200, answer.text
        return {item["key"]: item for item in answer.json()["items"]}

    # What was merged goes on as another, and counts once.
    assert {key: item["count"] for key, item in report("state").items()} == {"resolved": 1, "open": 1}
    queue = report("queue")[desk.queue["id"]]
    assert (queue["name"], queue["count"], queue["open"], queue["kept"], queue["broken"]) == ("Desk", 2, 1, 1, 0)
    assert queue["kept_share"] == 1
    people = report("person")
    assert people[desk.agent.id]["open"] == 0
    assert (people[desk.other.id]["name"], people[desk.other.id]["open"]) == ("Boris Agent", 1)
    assert {key: item["count"] for key, item in report("age").items()} == {"1_day": 1}
    assert {key: item["count"] for key, item in report("sla").items()} == {"kept": 1, "running": 1}
    assert {key: item["count"] for key, item in report("first_answer").items()} == {"1_hour": 1, "none": 1}
    assert set(report("category")) == {"none"}
    assert set(report("priority")) == {"normal"}


@pytest.mark.parametrize("by", REPORTS)
def test_figures_in_every_format(desk: Desk, by: str) -> None:
    desk.ticket()
    items = desk.agent.get("/tickets/report", by=by).json()["items"]
    table = desk.agent.get("/tickets/report", by=by, format="csv")
    rows = list(csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff"))))
    assert [row["key"] for row in rows] == [item["key"] for item in items]
    workbook = openpyxl.load_workbook(io.BytesIO(desk.agent.get("/tickets/report", by=by, format="xlsx").content))
    assert workbook.active is not None
    assert [cell.value for cell in workbook.active["A"]][1:] == [item["key"] for item in items]
    for language in ("ru", "en"):
        chart = desk.agent.call(
            "GET", "/tickets/report", params={"by": by, "format": "svg"}, headers={"Accept-Language": language}
        )
        assert chart.headers["content-security-policy"].startswith("default-src 'none'")
        assert len(ElementTree.fromstring(chart.text)) > 3
        assert ("Tickets" in chart.text) is (language == "en")


def test_figures_are_for_those_who_work(desk: Desk) -> None:
    desk.ticket()
    refused(desk.requester.get("/tickets/report"), 403, "reports_for_workers")
    refused(desk.requester.get("/tickets/report", queue_id=desk.queue["id"]), 404, "ticket_queue_not_found")
    other = made(desk.company.admin, "/tickets/queues", name="Other", is_for_it=False)
    refused(desk.agent.get("/tickets/report", queue_id=other["id"]), 404, "ticket_queue_not_found")
    now = datetime.now(UTC)
    for start, end in ((now, now - timedelta(days=1)), (now - timedelta(days=5000), now)):
        answer = desk.agent.get("/tickets/report", from_=start.isoformat(), to=end.isoformat())
        assert answer.status_code == 422, answer.text
    assert desk.agent.get("/tickets/report", to=(now - timedelta(days=30)).isoformat()).json()["total"] == 0


def test_links_make_no_circle(desk: Desk) -> None:
    first, second, third = (desk.ticket() for _ in range(3))

    def link(ticket: dict[str, Any], kind: str, other: dict[str, Any]) -> Any:
        return desk.agent.post(f"/tickets/{ticket['id']}/links", {"kind": kind, "ticket_id": other["id"]})

    made_link = link(first, "blocks", second)
    assert made_link.status_code == 201, made_link.text
    assert link(second, "blocks", third).status_code == 201
    refused(link(third, "blocks", first), 409, "ticket_link_circle")
    refused(link(second, "blocks", first), 409, "ticket_link_circle")
    refused(link(first, "blocks", second), 409, "ticket_link_exists")
    refused(link(first, "blocks", first), 422, "ticket_is_itself")
    assert link(third, "caused_by", first).status_code == 201
    told = [(one["kind"], one["is_outgoing"], one["ticket"]["number"]) for one in read(desk.agent, first, "/links")]
    assert told == [("blocks", True, second["number"]), ("caused_by", False, third["number"])]
    refused(
        desk.requester.post(f"/tickets/{first['id']}/links", {"kind": "blocks", "ticket_id": third["id"]}),
        403,
        "ticket_not_yours_to_work",
    )
    path = f"/tickets/{second['id']}/links/{made_link.json()['id']}"
    assert desk.agent.delete(path).status_code == 204
    refused(desk.agent.delete(path), 404, "ticket_link_not_found")
    assert link(third, "blocks", first).status_code == 201


def test_who_does_not_see_the_other_ticket_sees_no_link(desk: Desk) -> None:
    mine, theirs = desk.ticket(), desk.ticket(by=desk.company.person())
    body = {"kind": "duplicates", "ticket_id": theirs["id"]}
    assert desk.agent.post(f"/tickets/{mine['id']}/links", body).status_code == 201
    assert len(read(desk.agent, mine, "/links")) == 1
    assert read(desk.requester, mine, "/links") == []
    assert "link" not in {one["field"] for one in read(desk.requester, mine, "/history")}


def test_merged_it_goes_on_as_another(desk: Desk) -> None:
    first, second = desk.ticket(title="First"), desk.ticket(by=desk.company.person(), title="Second")
    said(desk.requester, first, "Hello")
    answer = desk.agent.post(f"/tickets/{first['id']}/merge", {"into_id": second["id"], "reason": "The same"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["number"] == second["number"]
    assert [one["id"] for one in answer.json()["watchers"]] == [desk.requester.id]
    assert [entry["body"] for entry in read(desk.requester, second, "/entries")] == ["Hello"]
    gone = read(desk.requester, first)
    assert (gone["state"], gone["merged_into_id"]) == ("closed", second["id"])
    refused(desk.requester.patch(f"/tickets/{first['id']}", {"state": "open"}), 409, "ticket_closed_for_good")
    for ticket, into in ((first, second), (second, first)):
        refused(
            desk.agent.post(f"/tickets/{ticket['id']}/merge", {"into_id": into["id"]}), 409, "ticket_merged_already"
        )
    refused(desk.agent.post(f"/tickets/{second['id']}/merge", {"into_id": second["id"]}), 422, "ticket_is_itself")
    refused(desk.company.admin.delete(f"/tickets/{second['id']}"), 409, "still_in_use")
