"""Rooms that an approver lends: who is told, who decides, and what becomes of the bookings."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.api.change_replica import settled
from tests.support.mail import written_to
from tests.support.people import Company, Person, event
from tests.support.planning import (
    MISSING_ID,
    accepted,
    all_pages,
    at,
    enter,
    refused,
    settings,
    stored_event,
    today,
)
from tests.support.room_policies import lend_by_approver, set_policy

DAY = today() + timedelta(days=14)
WEEKLY = "FREQ=WEEKLY;COUNT=4"


@pytest.fixture
def keeper(company: Company) -> Person:
    """Who approves bookings of the room."""
    return company.person(full_name="Kira Keeper")


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna Asker")


@pytest.fixture
def room_id(company: Company, keeper: Person) -> str:
    made = str(company.admin.create_room(name="Boardroom")["id"])
    lend_by_approver(company, made, keeper)
    return made


def ask(person: Person, room_id: str, **values: Any) -> tuple[dict[str, Any], str]:
    """A meeting that asks for the room, and the id of the request."""
    made = person.create_event(**{"title": "Secret plan", **at(DAY), "room_id": room_id, **values})
    return made, only_id(person)


def only_id(person: Person) -> str:
    """The newest request of a person."""
    return str(accepted(person.get("/rooms/requests", box="mine"))["items"][0]["id"])


def states(database: psycopg.Connection, event_id: str) -> list[tuple[str, str | None]]:
    return database.execute(
        "SELECT state, reason FROM room_bookings WHERE series_id = %s ORDER BY starts_at", [event_id]
    ).fetchall()


def request_states(database: psycopg.Connection, company: Company) -> list[str]:
    rows = database.execute(
        "SELECT state FROM room_requests WHERE organization_id = %s ORDER BY created_at, id", [company.organization.id]
    )
    return [row[0] for row in rows]


def to_decide(person: Person, **params: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = accepted(person.get("/rooms/requests", **params))["items"]
    return items


def approve(person: Person, request_id: str, **options: Any) -> Any:
    return person.post(f"/rooms/requests/{request_id}/approve", {}, **options)


def decline(person: Person, request_id: str, comment: str | None = None, **options: Any) -> Any:
    return person.post(f"/rooms/requests/{request_id}/decline", {"comment": comment}, **options)


def mails(database: psycopg.Connection, person: Person) -> list[dict[str, Any]]:
    return [mail.values for mail in written_to(database, person.email) if mail.template == "room_notice"]


# What waits


def test_an_approver_is_told_and_finds_what_waits(
    company: Company, keeper: Person, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    with settings(ROOM_REQUEST_URL="https://front.example/requests/{id}"):
        made, request_id = ask(anna, room_id, recurrence_rule=WEEKLY)
    (item,) = to_decide(keeper)
    assert (item["id"], item["state"], item["room"]) == (request_id, "pending", {"id": room_id, "name": "Boardroom"})
    assert item["requested_by"] == {"id": anna.id, "name": "Anna Asker"}
    assert (item["start_time"], item["occurrences_count"]) == (at(DAY)["start_time"], 4)
    assert item["event"] is None
    assert item["broken"] == {"count": 0, "items": []}
    (mail,) = mails(database, keeper)
    assert (mail["why"], mail["room"], mail["sender"]) == ("requested", "Boardroom", "Anna Asker")
    assert (mail["occurrences"], mail["title"]) == ("4", None)
    assert mail["url"] == f"https://front.example/requests/{request_id}"
    assert mails(database, anna) == []
    assert {state for state, _ in states(database, made["id"])} == {"pending"}


def test_who_asked_reads_the_title_and_so_does_an_approver_who_reads_the_event(
    keeper: Person, anna: Person, room_id: str
) -> None:
    made, request_id = ask(anna, room_id, participants=[{"user_id": keeper.id}])
    for person in (anna, keeper):
        read = accepted(person.get(f"/rooms/requests/{request_id}"))
        assert read["event"] == {"id": made["id"], "title": "Secret plan"}
        assert read["occurrences"]["items"] == [
            {"start_time": at(DAY)["start_time"], "end_time": at(DAY)["end_time"], "state": "pending", "reason": None}
        ]


def test_strangers_colleagues_and_who_asked(
    company: Company, stranger_company: Company, keeper: Person, anna: Person, room_id: str
) -> None:
    _, request_id = ask(anna, room_id)
    # The policy names somebody, so administrators and the IT desk do not decide.
    for person in (stranger_company.admin, company.admin, company.person("it"), company.person()):  # type: ignore[arg-type]
        refused(person.get(f"/rooms/requests/{request_id}"), 404, "room_request_not_found")
        refused(approve(person, request_id), 404, "room_request_not_found")
        refused(decline(person, request_id), 404, "room_request_not_found")
        assert to_decide(person) == []
    refused(approve(anna, request_id), 403, "not_room_approver")
    refused(decline(anna, request_id), 403, "not_room_approver")
    assert to_decide(anna) == []
    refused(approve(keeper, MISSING_ID), 404, "room_request_not_found")


def test_where_nobody_is_named_administrators_and_the_it_desk_decide(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    desk = company.person("it")  # type: ignore[arg-type]
    room_id = company.admin.create_room()["id"]
    lend_by_approver(company, room_id)
    _, request_id = ask(anna, room_id)
    for person in (company.admin, desk):
        assert [item["id"] for item in to_decide(person)] == [request_id]
        assert [mail["why"] for mail in mails(database, person)] == ["requested"]
    assert accepted(approve(desk, request_id))["state"] == "approved"


def test_people_of_an_approving_department_decide(company: Company, anna: Person) -> None:
    department = company.admin.post("/departments", {"name": "Facilities"}).json()["id"]
    below = company.admin.post("/departments", {"name": "Cleaners", "parent_id": department}).json()["id"]
    member = company.person(department_id=below, department="Cleaners")
    room_id = company.admin.create_room()["id"]
    lend_by_approver(company, room_id, department)
    _, request_id = ask(anna, room_id)
    assert [item["id"] for item in to_decide(member)] == [request_id]
    assert accepted(approve(member, request_id))["decided_by_id"] == member.id


def test_an_approver_who_books_needs_nobody(
    keeper: Person, room_id: str, company: Company, database: psycopg.Connection
) -> None:
    made = keeper.create_event(**at(DAY), room_id=room_id)
    assert states(database, made["id"]) == [("confirmed", None)]
    assert request_states(database, company) == []


def test_notify_nobody_does_not_spare_the_approver_and_dry_run_tells_nobody(
    keeper: Person, anna: Person, room_id: str, company: Company, database: psycopg.Connection
) -> None:
    body = event(**at(DAY), room_id=room_id)
    told = accepted(anna.post("/events", body, params={"dry_run": True}))
    assert told["event"]["room_report"]["counts"] == {"pending": 1}
    assert (mails(database, keeper), request_states(database, company)) == ([], [])
    accepted(anna.post("/events", body, params={"notify": "nobody"}), 201)
    assert [mail["why"] for mail in mails(database, keeper)] == ["requested"]


def test_lists_are_paged_newest_first_and_filtered(keeper: Person, anna: Person, room_id: str) -> None:
    made = [ask(anna, room_id, **at(DAY + timedelta(days=day)))[1] for day in range(5)]
    accepted(approve(keeper, made[0]))
    accepted(decline(keeper, made[1]))
    open_ones = [item["id"] for page in all_pages(keeper, "/rooms/requests", limit=2) for item in page]
    assert open_ones == made[:1:-1]
    mine = [item["id"] for page in all_pages(anna, "/rooms/requests", box="mine", limit=2) for item in page]
    assert mine == made[::-1]
    assert [item["id"] for item in to_decide(keeper, state=["approved", "declined"])] == [made[1], made[0]]
    assert [item["id"] for item in to_decide(anna, box="mine", state="approved")] == [made[0]]
    oldest = [item["id"] for item in to_decide(keeper, sort="created_at")]
    assert oldest == made[2:]


def test_long_requests_are_shown_in_part_and_counted_whole(keeper: Person, anna: Person, company: Company) -> None:
    room_id = company.admin.create_room()["id"]
    set_policy(company, room_id, approvers=(keeper,), out_of_policy="request", max_minutes=30)
    _, request_id = ask(anna, room_id, recurrence_rule="FREQ=DAILY;COUNT=6")
    with settings(PREVIEW_ITEMS_SHOWN=2):
        read = accepted(keeper.get(f"/rooms/requests/{request_id}"))
    for name in ("occurrences", "broken"):
        assert (read[name]["count"], len(read[name]["items"])) == (6, 2)
    broken = read["broken"]["items"][0]
    assert (broken["rule"], broken["value"], broken["allowed"]) == ("room_booking_too_long", 60, 30)


# Decisions


def test_approving_gives_the_room_and_tells_who_asked_and_the_organizer(
    company: Company, keeper: Person, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    calendar = anna.post("/calendars", {"name": "Shared"}).json()["id"]
    boris = company.person()
    accepted(anna.post(f"/calendars/{calendar}/shares", {"user_id": boris.id, "level": "write"}), 201)
    made = anna.create_event(**at(DAY), title="Secret plan", calendar_id=calendar)
    accepted(boris.patch(f"/events/{made['id']}", {"room_id": room_id}))
    request_id = only_id(boris)
    before = stored_event(database, made["id"], "version")
    cursor = accepted(anna.get("/changes"))["cursor"]
    told = accepted(keeper.post(f"/rooms/requests/{request_id}/approve", {"comment": "Enjoy"}))
    assert (told["state"], told["decided_by_id"], told["comment"]) == ("approved", keeper.id, "Enjoy")
    assert (told["dry_run"], told["occurrences"]["items"][0]["state"]) == (False, "confirmed")
    assert states(database, made["id"]) == [("confirmed", None)]
    assert stored_event(database, made["id"], "version")[0] == before[0] + 1
    settled()
    changed = accepted(anna.get("/changes", cursor=cursor))["items"]
    assert made["id"] in str(changed)
    for person in (anna, boris):
        (mail,) = [mail for mail in mails(database, person) if mail["why"] == "approved"]
        assert (mail["room"], mail["comment"], mail["title"]) == ("Boardroom", "Enjoy", "Secret plan")
    assert [mail["why"] for mail in mails(database, keeper)] == ["requested"]
    assert to_decide(keeper) == []


def test_declining_leaves_the_meeting_without_the_room_which_is_free_again(
    keeper: Person, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    made, request_id = ask(anna, room_id, recurrence_rule=WEEKLY)
    told = accepted(decline(keeper, request_id, "Painters"))
    assert (told["state"], told["comment"]) == ("declined", "Painters")
    assert states(database, made["id"]) == [("declined", "rejected")] * 4
    (mail,) = mails(database, anna)
    assert (mail["why"], mail["comment"], mail["occurrences"]) == ("declined", "Painters", "4")
    other = keeper.create_event(**at(DAY), room_id=room_id)
    assert states(database, other["id"]) == [("confirmed", None)]
    assert accepted(anna.get(f"/events/{made['id']}"))["room_id"] == room_id


def test_a_request_is_decided_once(keeper: Person, anna: Person, room_id: str, database: psycopg.Connection) -> None:
    made, request_id = ask(anna, room_id)
    accepted(approve(keeper, request_id))
    for answer in (approve(keeper, request_id), decline(keeper, request_id)):
        assert "approved" in refused(answer, 409, "room_request_decided")["detail"]
    assert states(database, made["id"]) == [("confirmed", None)]
    assert len(mails(database, anna)) == 1


@pytest.mark.parametrize("decide", [approve, decline])
def test_dry_run_says_what_a_decision_would_do_and_does_nothing(
    keeper: Person, anna: Person, room_id: str, database: psycopg.Connection, decide: Any
) -> None:
    made, request_id = ask(anna, room_id)
    before = stored_event(database, made["id"], "version, updated_at")
    told = accepted(decide(keeper, request_id, params={"dry_run": True}))
    wanted = ("approved", "confirmed") if decide is approve else ("declined", "declined")
    assert (told["dry_run"], told["state"], told["occurrences"]["items"][0]["state"]) == (True, *wanted)
    assert states(database, made["id"]) == [("pending", None)]
    assert stored_event(database, made["id"], "version, updated_at") == before
    assert mails(database, anna) == []
    read = accepted(keeper.get(f"/rooms/requests/{request_id}"))
    assert (read["state"], read["dry_run"], read["version"]) == ("pending", False, 1)


def test_a_pending_booking_keeps_others_out(anna: Person, keeper: Person, room_id: str) -> None:
    ask(anna, room_id)
    refused(keeper.post("/events", event(**at(DAY), room_id=room_id)), 409, "room_taken")


def test_rule_19_approval_checks_again_and_what_no_longer_suits_goes_without_the_room(
    company: Company, keeper: Person, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    made, request_id = ask(anna, room_id, recurrence_rule=WEEKLY)
    enter(database, company)
    database.execute(
        "INSERT INTO room_blockings (organization_id, id, room_id, kind, start_wall, end_wall, last_end_wall)"
        " VALUES (%s, gen_random_uuid(), %s, 'cleaning', %s, %s, %s)",
        [
            company.organization.id,
            room_id,
            *(f"{DAY + timedelta(days=7)} 00:00", f"{DAY + timedelta(days=8)} 00:00"),
            f"{DAY + timedelta(days=8)} 00:00",
        ],
    )
    told = accepted(approve(keeper, request_id))
    assert told["state"] == "approved"
    assert states(database, made["id"]) == [
        ("confirmed", None), ("declined", "rule"), ("confirmed", None), ("confirmed", None),
    ]  # fmt: skip
    assert {(mail["why"], mail["occurrences"]) for mail in mails(database, anna)} == {
        ("approved", "3"), ("declined", None),
    }  # fmt: skip


def test_a_request_that_suits_no_longer_at_all_ends_as_declined(
    company: Company, keeper: Person, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    made, request_id = ask(anna, room_id)
    lend_by_approver(company, room_id, keeper, max_minutes=30)
    assert accepted(approve(keeper, request_id))["state"] == "declined"
    assert states(database, made["id"]) == [("declined", "rule")]
    assert [mail["why"] for mail in mails(database, anna)] == ["declined"]


def test_what_the_request_told_that_it_breaks_is_the_approvers_to_accept(
    company: Company, keeper: Person, anna: Person, database: psycopg.Connection
) -> None:
    room_id = company.admin.create_room()["id"]
    rules = {"approvers": (keeper,), "out_of_policy": "request", "max_minutes": 30}
    set_policy(company, room_id, **rules)
    first, told_of = ask(anna, room_id)
    assert accepted(keeper.get(f"/rooms/requests/{told_of}"))["broken"]["count"] == 1
    accepted(approve(keeper, told_of))
    assert states(database, first["id"]) == [("confirmed", None)]
    # A rule that came later was told to nobody.
    second, request_id = ask(anna, room_id, **at(DAY, hour=13))
    set_policy(company, room_id, **rules, bookable_by="listed")
    accepted(approve(keeper, request_id))
    assert states(database, second["id"]) == [("declined", "rule")]


def test_the_rules_are_those_of_who_asked_and_not_of_the_approver(
    company: Company, keeper: Person, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    made, request_id = ask(anna, room_id, participants=[{"user_id": company.person().id} for _ in range(3)])
    accepted(company.admin.patch(f"/rooms/{room_id}", {"capacity": 2}))
    lend_by_approver(company, room_id, keeper, capacity_rule="enforce")
    accepted(approve(keeper, request_id))
    assert states(database, made["id"]) == [("declined", "rule")]


def test_a_room_that_went_out_of_use_cannot_be_given(
    company: Company, keeper: Person, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    made, request_id = ask(anna, room_id)
    database.execute("UPDATE rooms SET is_active = false WHERE id = %s", [room_id])
    refused(approve(keeper, request_id), 409, "room_inactive")
    assert states(database, made["id"]) == [("pending", None)]
    accepted(decline(keeper, request_id))
    assert states(database, made["id"]) == [("declined", "rejected")]


def test_what_lies_beyond_the_booking_window_waits_for_it_after_the_approval(
    company: Company, keeper: Person, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    lend_by_approver(company, room_id, keeper, booking_window_days=22)
    made, request_id = ask(anna, room_id, recurrence_rule=WEEKLY)
    assert [state for state, _ in states(database, made["id"])] == ["pending", "pending", "later", "later"]
    accepted(approve(keeper, request_id))
    assert [state for state, _ in states(database, made["id"])] == ["confirmed", "confirmed", "later", "later"]
    # The window has become shorter since the next one was asked for.
    lend_by_approver(company, room_id, keeper, booking_window_days=40)
    other, request_id = ask(anna, room_id, **at(DAY, hour=13), recurrence_rule=WEEKLY)
    lend_by_approver(company, room_id, keeper, booking_window_days=22)
    accepted(approve(keeper, request_id))
    assert [state for state, _ in states(database, other["id"])] == ["confirmed", "confirmed", "later", "later"]


def test_declining_also_lets_go_of_what_was_to_be_booked_later(
    company: Company, keeper: Person, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    lend_by_approver(company, room_id, keeper, booking_window_days=22)
    made, request_id = ask(anna, room_id, recurrence_rule=WEEKLY)
    accepted(decline(keeper, request_id))
    assert states(database, made["id"]) == [("declined", "rejected")] * 4


def test_nobody_decides_about_what_has_begun_or_expired(
    keeper: Person, anna: Person, room_id: str, company: Company, database: psycopg.Connection
) -> None:
    made, request_id = ask(anna, room_id)
    enter(database, company)
    ago = "created_at = now() - interval '3 hours'"
    database.execute(f"UPDATE room_requests SET {ago} WHERE id = %s", [request_id])
    database.execute(
        "UPDATE room_bookings SET starts_at = now() - interval '1 hour' WHERE series_id = %s", [made["id"]]
    )
    refused(approve(keeper, request_id), 409, "room_request_too_late")
    database.execute("UPDATE room_requests SET expires_at = now() WHERE id = %s", [request_id])
    for answer in (approve(keeper, request_id), decline(keeper, request_id)):
        assert "expired" in refused(answer, 409, "room_request_decided")["detail"]
    assert to_decide(keeper) == []
    assert [item["id"] for item in to_decide(anna, box="mine")] == [request_id]


def test_the_occurrences_that_have_begun_are_not_given_and_the_others_are(
    keeper: Person, anna: Person, room_id: str, company: Company, database: psycopg.Connection
) -> None:
    made, request_id = ask(anna, room_id, recurrence_rule=WEEKLY)
    database.execute("UPDATE room_requests SET created_at = now() - interval '3 hours' WHERE id = %s", [request_id])
    database.execute(
        "UPDATE room_bookings SET starts_at = now() - interval '1 hour' WHERE series_id = %s AND starts_at = %s",
        [made["id"], at(DAY)["start_time"]],
    )
    accepted(approve(keeper, request_id))
    assert states(database, made["id"]) == [("declined", "expired")] + [("confirmed", None)] * 3


# The event changes meanwhile


@pytest.mark.parametrize(
    "change",
    [{"room_id": None}, {"status": "cancelled"}, {"recurrence_rule": None, **at(DAY + timedelta(days=1))}],
    ids=["room", "cancelled", "moved"],
)
def test_an_event_that_lets_go_of_the_room_withdraws_its_request(
    company: Company, keeper: Person, anna: Person, room_id: str, database: psycopg.Connection, change: Any
) -> None:
    made, request_id = ask(anna, room_id, recurrence_rule=WEEKLY)
    accepted(anna.patch(f"/events/{made['id']}", change))
    assert request_id not in [item["id"] for item in to_decide(keeper)]
    read = accepted(keeper.get(f"/rooms/requests/{request_id}"))
    assert (read["state"], read["occurrences_count"], read["start_time"]) == ("withdrawn", 0, None)
    assert "withdrawn" in refused(approve(keeper, request_id), 409, "room_request_decided")["detail"]
    # Whoever moved the meeting asks anew for its new time.
    assert request_states(database, company) == ["withdrawn"] + (["pending"] if "start_time" in change else [])


def test_a_deleted_event_takes_its_request_along(
    company: Company, keeper: Person, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    made, request_id = ask(anna, room_id)
    assert anna.delete(f"/events/{made['id']}").status_code == 204
    refused(keeper.get(f"/rooms/requests/{request_id}"), 404, "room_request_not_found")
    assert request_states(database, company) == []


def test_a_request_lives_on_while_any_of_its_occurrences_waits(
    keeper: Person, anna: Person, room_id: str, company: Company, database: psycopg.Connection
) -> None:
    made, request_id = ask(anna, room_id, recurrence_rule=WEEKLY)
    path = f"/events/{made['id']}"
    last = at(DAY + timedelta(days=21))["start_time"]
    assert anna.delete(path, params={"scope": "this", "occurrence": last}).status_code == 204
    (item,) = to_decide(keeper)
    assert (item["id"], item["occurrences_count"]) == (request_id, 3)
    accepted(approve(keeper, request_id))
    assert states(database, made["id"]) == [("confirmed", None)] * 3


def test_both_parts_of_a_series_that_is_split_have_a_request_to_decide(
    company: Company, keeper: Person, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    made, request_id = ask(anna, room_id, recurrence_rule=WEEKLY)
    third = at(DAY + timedelta(days=14))["start_time"]
    choice = {"scope": "following", "occurrence": third}
    part = accepted(anna.patch(f"/events/{made['id']}", {"title": "Rest"}, params=choice))
    waiting = {item["id"]: item for item in to_decide(keeper)}
    assert len(waiting) == 2
    assert [item["occurrences_count"] for item in waiting.values()] == [2, 2]
    # The first part goes, and the second is still somebody's to decide.
    assert anna.delete(f"/events/{made['id']}").status_code == 204
    (rest,) = to_decide(keeper)
    assert rest["id"] != request_id
    assert (rest["start_time"], rest["requested_by"]["id"]) == (third, anna.id)
    accepted(approve(keeper, rest["id"]))
    assert states(database, part["id"]) == [("confirmed", None)] * 2


def test_a_request_that_loses_all_to_the_part_that_is_cut_off_goes_with_it(
    company: Company, keeper: Person, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    made = anna.create_event(**at(DAY), recurrence_rule=WEEKLY)
    third = at(DAY + timedelta(days=14))["start_time"]
    accepted(anna.patch(f"/events/{made['id']}", {"room_id": room_id}, params={"occurrence": third}))
    request_id = only_id(anna)
    choice = {"scope": "following", "occurrence": third}
    accepted(anna.patch(f"/events/{made['id']}", {"description": "Rest"}, params=choice))
    (item,) = to_decide(keeper)
    assert item["id"] != request_id
    assert sorted(request_states(database, company)) == ["pending", "withdrawn"]


def test_one_occurrence_of_a_series_asks_by_itself(
    keeper: Person, anna: Person, room_id: str, company: Company, database: psycopg.Connection
) -> None:
    lend_by_approver(company, room_id, keeper, recurring_allowed=False)
    made = anna.create_event(**at(DAY), recurrence_rule=WEEKLY)
    second = at(DAY + timedelta(days=7))["start_time"]
    override = accepted(anna.patch(f"/events/{made['id']}", {"room_id": room_id}, params={"occurrence": second}))
    request_id = only_id(anna)
    before = stored_event(database, override["id"], "version"), stored_event(database, made["id"], "version")
    accepted(approve(keeper, request_id))
    assert states(database, made["id"]) == [("confirmed", None)]
    after = stored_event(database, override["id"], "version"), stored_event(database, made["id"], "version")
    assert after == tuple((version + 1,) for (version,) in before)


def test_a_decision_is_kept_by_its_idempotency_key(keeper: Person, anna: Person, room_id: str) -> None:
    _, request_id = ask(anna, room_id)
    key = {"headers": {"Idempotency-Key": request_id}}
    first, again = approve(keeper, request_id, **key), approve(keeper, request_id, **key)
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
