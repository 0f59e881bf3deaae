"""Changing one occurrence of a series, this and those that follow, or all (rules 10 to 15)."""

from typing import Any

import psycopg
import pytest

from tests.support.people import Company, Person, event
from tests.support.planning import accepted, company_counts, refused, starts, stored_bookings, stored_event, titles

WINDOW = ("2027-03-01", "2027-08-01")
WEEKLY = "FREQ=WEEKLY;COUNT=5"
FIRST, SECOND, THIRD, FOURTH, FIFTH = (
    *("2027-03-22T08:00:00Z", "2027-03-29T07:00:00Z", "2027-04-05T07:00:00Z", "2027-04-12T07:00:00Z"),
    "2027-04-19T07:00:00Z",
)
ALL_FIVE = [FIRST, SECOND, THIRD, FOURTH, FIFTH]


def change(person: Person, series: dict[str, Any], values: dict[str, Any], **query: Any) -> dict[str, Any]:
    answer = person.call("PATCH", f"/events/{series['id']}", json=values, params=query)
    return accepted(answer)


def listed(person: Person) -> list[str]:
    return starts(person.occurrences(*WINDOW))


def answer_all(database: psycopg.Connection, event_id: str, response: str = "accepted") -> None:
    database.execute("UPDATE event_participants SET response = %s WHERE event_id = %s", [response, event_id])


def responses(database: psycopg.Connection, event_id: str) -> dict[str, str]:
    rows = database.execute("SELECT user_id::text, response FROM event_participants WHERE event_id = %s", [event_id])
    return dict(rows.fetchall())


def test_rule_10_an_override_replaces_its_occurrence_and_keeps_its_original_start(company: Company) -> None:
    anna = company.admin
    series = anna.create_event(recurrence_rule=WEEKLY)
    moved = change(
        anna,
        series,
        {"title": "Later", "start_time": "2027-04-06T15:00:00", "end_time": "2027-04-06T16:00:00"},
        occurrence="2027-04-05T09:00:00",
    )
    assert (moved["series_id"], moved["original_start"]) == (series["id"], THIRD)
    items = anna.occurrences(*WINDOW)
    assert starts(items) == [FIRST, SECOND, "2027-04-06T13:00:00Z", FOURTH, FIFTH]
    assert titles(items) == ["Meeting", "Meeting", "Later", "Meeting", "Meeting"]
    assert (items[2]["original_start"], items[2]["series_id"]) == (THIRD, series["id"])
    again = change(anna, series, {"title": "Much later"}, occurrence=THIRD, scope="this")
    assert (again["id"], again["original_start"]) == (moved["id"], THIRD)
    by_its_own_id = change(anna, again, {"location": "Roof"})
    assert (by_its_own_id["id"], by_its_own_id["title"], by_its_own_id["location"]) == (
        moved["id"],
        "Much later",
        "Roof",
    )
    assert len(anna.occurrences(*WINDOW)) == 5


def test_rule_11_an_occurrence_moved_in_appears_and_one_moved_out_vanishes(company: Company) -> None:
    anna = company.admin
    series = anna.create_event(recurrence_rule=WEEKLY)
    change(
        anna,
        series,
        {"start_time": "2027-06-01T09:00:00", "end_time": "2027-06-01T10:00:00"},
        occurrence=THIRD,
    )
    assert starts(anna.occurrences("2027-04-05", "2027-04-06")) == []
    assert starts(anna.occurrences("2027-06-01", "2027-06-02")) == ["2027-06-01T07:00:00Z"]


def test_rule_08_deleting_the_first_occurrence_keeps_the_start_of_the_series(
    company: Company, database: psycopg.Connection
) -> None:
    anna = company.admin
    series = anna.create_event(recurrence_rule=WEEKLY)
    path = f"/events/{series['id']}"
    assert anna.call("DELETE", path, params={"occurrence": FIRST}).status_code == 204
    assert listed(anna) == ALL_FIVE[1:]
    read = accepted(anna.get(path))
    assert (read["start_time"], read["exdates"]) == (FIRST, [FIRST])
    assert stored_event(database, series["id"], "sequence") == (1,)


def test_an_occurrence_that_is_not_there_is_404(company: Company) -> None:
    anna = company.admin
    series = anna.create_event(recurrence_rule=WEEKLY, exdates=[SECOND])
    path = f"/events/{series['id']}"
    for missing in (SECOND, "2027-03-30T07:00:00Z", "2027-04-26T07:00:00Z"):
        for method in ("PATCH", "DELETE"):
            answer = anna.call(method, path, json={"title": "No"}, params={"occurrence": missing})
            refused(answer, 404, "occurrence_not_found")
        refused(anna.get(path, occurrence=missing), 404, "occurrence_not_found")
    refused(anna.call("PATCH", path, json={}, params={"scope": "this"}), 422, "occurrence_required")
    refused(anna.call("PATCH", path, json={}, params={"scope": "following"}), 422, "occurrence_required")
    single = anna.create_event()
    answer = anna.call("PATCH", f"/events/{single['id']}", json={}, params={"occurrence": THIRD})
    refused(answer, 404, "occurrence_not_found")


def test_one_occurrence_is_read_as_it_is(company: Company) -> None:
    anna = company.admin
    series = anna.create_event(recurrence_rule=WEEKLY)
    plain = accepted(anna.get(f"/events/{series['id']}", occurrence=SECOND))
    assert (plain["start_time"], plain["original_start"], plain["series_id"]) == (SECOND, SECOND, series["id"])
    override = change(anna, series, {"title": "Other"}, occurrence=SECOND)
    read = accepted(anna.get(f"/events/{series['id']}", occurrence=SECOND))
    assert (read["id"], read["title"]) == (override["id"], "Other")


def test_rule_12_this_and_following_ends_the_old_part_a_second_before_and_links_the_two(
    company: Company, database: psycopg.Connection
) -> None:
    anna = company.admin
    boris = company.person()
    series = anna.create_event(recurrence_rule=WEEKLY, participants=[{"user_id": boris.id}])
    answer_all(database, series["id"])
    part = change(anna, series, {"title": "New"}, occurrence=THIRD, scope="following")
    old = accepted(anna.get(f"/events/{series['id']}"))
    assert old["recurrence_rule"] == "FREQ=WEEKLY;UNTIL=20270405T065959Z"
    assert part["recurrence_rule"] == "FREQ=WEEKLY;COUNT=3"
    assert part["related_to"] == old["uid"]
    assert part["uid"] != old["uid"]
    items = anna.occurrences(*WINDOW)
    assert starts(items) == ALL_FIVE
    assert titles(items) == ["Meeting"] * 2 + ["New"] * 3
    assert responses(database, series["id"]) == responses(database, part["id"]) == {boris.id: "accepted"}


def test_rule_12_editing_the_fifth_of_five_leaves_five_not_nine(company: Company) -> None:
    anna = company.admin
    series = anna.create_event(recurrence_rule=WEEKLY)
    body = event(
        title="Last", start_time=FIFTH, end_time="2027-04-19T08:00:00Z", recurrence_rule=series["recurrence_rule"]
    )
    answer = anna.call("PUT", f"/events/{series['id']}", json=body, params={"occurrence": FIFTH, "scope": "following"})
    assert accepted(answer)["recurrence_rule"] == "FREQ=WEEKLY;COUNT=1"
    items = anna.occurrences(*WINDOW)
    assert starts(items) == ALL_FIVE
    assert titles(items) == ["Meeting"] * 4 + ["Last"]


def test_rule_12_exdates_rdates_and_overrides_are_shared_out(company: Company) -> None:
    anna = company.admin
    series = anna.create_event(
        recurrence_rule=WEEKLY, exdates=[SECOND, FOURTH], rdates=["2027-03-24T09:00:00", "2027-04-15T09:00:00"]
    )
    before = change(anna, series, {"title": "Before"}, occurrence="2027-03-24T09:00:00")
    after = change(anna, series, {"title": "After"}, occurrence=FIFTH)
    part = change(anna, series, {"location": "Roof"}, occurrence=THIRD, scope="following")
    old = accepted(anna.get(f"/events/{series['id']}"))
    assert (old["exdates"], old["rdates"]) == ([SECOND], ["2027-03-24T08:00:00Z"])
    assert (part["exdates"], part["rdates"]) == ([FOURTH], ["2027-04-15T07:00:00Z"])
    assert accepted(anna.get(f"/events/{before['id']}"))["series_id"] == series["id"]
    override = accepted(anna.get(f"/events/{after['id']}"))
    assert (override["series_id"], override["title"], override["location"]) == (part["id"], "After", "Roof")
    assert titles(anna.occurrences(*WINDOW)) == ["Meeting", "Before", "Meeting", "Meeting", "After"]


def test_rule_12_following_can_be_deleted(company: Company, database: psycopg.Connection) -> None:
    anna = company.admin
    room = anna.create_room()
    series = anna.create_event(recurrence_rule=WEEKLY, room_id=room["id"])
    path = f"/events/{series['id']}"
    assert anna.call("DELETE", path, params={"occurrence": THIRD, "scope": "following"}).status_code == 204
    assert listed(anna) == ALL_FIVE[:2]
    assert len(stored_bookings(database, series["id"])) == 2
    assert company_counts(database, company.organization.id)[0] == 1


def test_rule_13_a_split_at_the_first_occurrence_is_an_edit_of_the_whole(company: Company) -> None:
    anna = company.admin
    series = anna.create_event(recurrence_rule=WEEKLY)
    whole = change(anna, series, {"title": "All"}, occurrence=FIRST, scope="following")
    assert (whole["id"], whole["recurrence_rule"], whole["related_to"]) == (series["id"], WEEKLY, None)
    assert titles(anna.occurrences(*WINDOW)) == ["All"] * 5
    assert (
        anna.call("DELETE", f"/events/{series['id']}", params={"occurrence": FIRST, "scope": "following"}).status_code
        == 204
    )
    assert listed(anna) == []


@pytest.mark.parametrize("scope", ["all", "following"])
def test_rule_13_changing_the_weekday_rewrites_byday(company: Company, scope: str) -> None:
    anna = company.admin
    series = anna.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=5;BYDAY=MO")
    moved = change(
        anna,
        series,
        {"start_time": "2027-04-06T09:00:00", "end_time": "2027-04-06T10:00:00"},
        occurrence=THIRD,
        scope=scope,
    )
    assert "BYDAY=TU" in moved["recurrence_rule"]
    days = [start[5:10] for start in listed(anna)]
    if scope == "all":
        assert days == ["03-23", "03-30", "04-06", "04-13", "04-20"]
    else:
        assert days == ["03-22", "03-29", "04-06", "04-13", "04-20"]


def test_all_keeps_what_an_occurrence_has_of_its_own_and_changes_the_rest(company: Company) -> None:
    anna = company.admin
    series = anna.create_event(recurrence_rule=WEEKLY, location="Hall")
    own = change(anna, series, {"title": "Own"}, occurrence=SECOND)
    moved = change(
        anna, series, {"start_time": "2027-04-06T15:00:00", "end_time": "2027-04-06T16:00:00"}, occurrence=THIRD
    )
    change(
        anna,
        series,
        {"title": "All", "location": "Roof", "start_time": "2027-03-22T11:00:00", "end_time": "2027-03-22T12:00:00"},
    )
    items = anna.occurrences(*WINDOW)
    assert titles(items) == ["All", "Own", "All", "All", "All"]
    assert {item["location"] for item in items} == {"Roof"}
    assert [item["start_time"][5:13] for item in items] == ["03-22T10", "03-29T09", "04-06T13", "04-12T09", "04-19T09"]
    assert accepted(anna.get(f"/events/{own['id']}"))["original_start"] == "2027-03-29T09:00:00Z"
    assert accepted(anna.get(f"/events/{moved['id']}"))["original_start"] == "2027-04-05T09:00:00Z"


def test_all_with_an_occurrence_means_its_times(company: Company) -> None:
    anna = company.admin
    series = anna.create_event(recurrence_rule=WEEKLY)
    whole = change(
        anna,
        series,
        {"start_time": "2027-04-05T10:30:00", "end_time": "2027-04-05T11:00:00"},
        occurrence=THIRD,
        scope="all",
    )
    assert (whole["start_time"], whole["end_time"]) == ("2027-03-22T09:30:00Z", "2027-03-22T10:00:00Z")
    assert [start[5:16] for start in listed(anna)] == [
        *("03-22T09:30", "03-29T08:30", "04-05T08:30", "04-12T08:30", "04-19T08:30")
    ]


def test_rule_14_answers_are_reset_only_where_the_time_changes(company: Company, database: psycopg.Connection) -> None:
    anna, boris = company.admin, company.person()
    series = anna.create_event(
        recurrence_rule=WEEKLY, participants=[{"user_id": boris.id}, {"user_id": company.admin.id}]
    )
    answer_all(database, series["id"])
    accepted_by_both = {boris.id: "accepted", anna.id: "accepted"}
    change(anna, series, {"title": "New", "description": "Text", "location": "Roof"})
    assert responses(database, series["id"]) == accepted_by_both
    override = change(
        anna, series, {"start_time": "2027-04-05T15:00:00", "end_time": "2027-04-05T16:00:00"}, occurrence=THIRD
    )
    assert responses(database, override["id"]) == {boris.id: "needs_action", anna.id: "accepted"}
    assert responses(database, series["id"]) == accepted_by_both
    answer_all(database, override["id"])
    change(anna, series, {"start_time": "2027-03-22T08:00:00", "end_time": "2027-03-22T09:00:00"})
    assert responses(database, series["id"]) == {boris.id: "needs_action", anna.id: "accepted"}
    # The occurrence that had been moved keeps its time, and so its answers.
    assert responses(database, override["id"]) == accepted_by_both


def test_rule_14_an_added_occurrence_is_asked_about_by_itself(company: Company, database: psycopg.Connection) -> None:
    anna, boris = company.admin, company.person()
    series = anna.create_event(recurrence_rule=WEEKLY, exdates=[SECOND], participants=[{"user_id": boris.id}])
    answer_all(database, series["id"])
    change(anna, series, {"exdates": [], "rdates": ["2027-04-08T09:00:00"]})
    assert responses(database, series["id"]) == {boris.id: "accepted"}
    for added in (SECOND, "2027-04-08T07:00:00Z"):
        one = accepted(anna.get(f"/events/{series['id']}", occurrence=added))
        assert one["id"] != series["id"]
        assert responses(database, one["id"]) == {boris.id: "needs_action"}


def test_rule_14_coming_back_from_cancelled_asks_again(company: Company, database: psycopg.Connection) -> None:
    anna, boris = company.admin, company.person()
    series = anna.create_event(recurrence_rule=WEEKLY, participants=[{"user_id": boris.id}])
    answer_all(database, series["id"])
    override = change(anna, series, {"status": "cancelled"}, occurrence=THIRD)
    assert responses(database, override["id"]) == {boris.id: "accepted"}
    change(anna, override, {"status": "confirmed"})
    assert responses(database, override["id"]) == {boris.id: "needs_action"}
    assert responses(database, series["id"]) == {boris.id: "accepted"}


def test_rule_15_sequence_rises_on_times_and_status_only(company: Company, database: psycopg.Connection) -> None:
    anna = company.admin
    series = anna.create_event(recurrence_rule=WEEKLY)

    def sequence(event_id: str) -> int:
        return int(stored_event(database, event_id, "sequence")[0])

    override = change(anna, series, {"title": "Other"}, occurrence=THIRD)
    assert (sequence(series["id"]), sequence(override["id"])) == (0, 0)
    change(anna, override, {"status": "cancelled"})
    assert (sequence(series["id"]), sequence(override["id"])) == (0, 1)
    anna.call("DELETE", f"/events/{series['id']}", params={"occurrence": SECOND})
    assert sequence(series["id"]) == 1
    change(anna, series, {"rdates": ["2027-04-08T09:00:00"]})
    assert sequence(series["id"]) == 2


def test_rule_16_a_guest_of_one_occurrence_sees_that_one_only(company: Company) -> None:
    anna, boris, vera = company.admin, company.person(), company.person()
    series = anna.create_event(recurrence_rule=WEEKLY, participants=[{"user_id": vera.id}])
    guests = [{"user_id": boris.id}]
    override = change(anna, series, {"participants": guests}, occurrence=THIRD)
    assert listed(boris) == [THIRD]
    assert listed(vera) == [FIRST, SECOND, FOURTH, FIFTH]
    refused(boris.get(f"/events/{series['id']}"), 404, "event_not_found")
    assert accepted(boris.get(f"/events/{override['id']}"))["title"] == "Meeting"
    refused(vera.get(f"/events/{series['id']}", occurrence=THIRD), 404, "event_not_found")


def test_participants_of_the_series_come_and_go_in_occurrences_too(company: Company) -> None:
    anna, boris, vera, gleb = company.admin, company.person(), company.person(), company.person()
    series = anna.create_event(recurrence_rule=WEEKLY, participants=[{"user_id": boris.id}])
    change(anna, series, {"participants": [{"user_id": boris.id}, {"user_id": gleb.id}]}, occurrence=THIRD)
    change(anna, series, {"participants": [{"user_id": vera.id}]})
    assert listed(boris) == []
    assert listed(vera) == ALL_FIVE
    assert listed(gleb) == [THIRD]


def test_rule_19_a_moved_occurrence_moves_its_room_or_fails_whole(
    company: Company, database: psycopg.Connection
) -> None:
    anna = company.admin
    room, other = anna.create_room(), anna.create_room()
    anna.create_event(
        title="In the way", start_time="2027-04-06T15:00:00", end_time="2027-04-06T16:00:00", room_id=room["id"]
    )
    series = anna.create_event(recurrence_rule=WEEKLY, room_id=room["id"])
    bookings = stored_bookings(database, series["id"])
    path = f"/events/{series['id']}"
    clash = {"start_time": "2027-04-06T15:30:00", "end_time": "2027-04-06T16:30:00"}
    problem = refused(anna.call("PATCH", path, json=clash, params={"occurrence": THIRD}), 409, "room_taken")
    assert [item["title"] for item in problem["clashes"]] == ["In the way"]
    assert [item["id"] for item in problem["free_rooms"]] == [other["id"]]
    assert stored_bookings(database, series["id"]) == bookings
    assert listed(anna)[2] == THIRD
    override = change(anna, series, {**clash, "room_id": other["id"]}, occurrence=THIRD)
    now = stored_bookings(database, series["id"])
    assert [row[0] for row in now] == [room["id"], room["id"], room["id"], room["id"], other["id"]] or [
        row[0] for row in now
    ] == [room["id"], room["id"], other["id"], room["id"], room["id"]]
    assert override["room_id"] == other["id"]
    change(anna, override, {"status": "cancelled"})
    assert len(stored_bookings(database, series["id"])) == 4


def test_splitting_keeps_every_booking_as_it_is(company: Company, database: psycopg.Connection) -> None:
    anna = company.admin
    room = anna.create_room()
    series = anna.create_event(recurrence_rule=WEEKLY, room_id=room["id"])
    ids = "SELECT id FROM room_bookings WHERE room_id = %s ORDER BY lower(during)"
    before = database.execute(ids, [room["id"]]).fetchall()
    part = change(anna, series, {"title": "New"}, occurrence=THIRD, scope="following")
    assert database.execute(ids, [room["id"]]).fetchall() == before
    assert (len(stored_bookings(database, series["id"])), len(stored_bookings(database, part["id"]))) == (2, 3)


def test_versions_of_series_and_occurrence_guard_against_stale_writes(company: Company) -> None:
    anna = company.admin
    series = anna.create_event(recurrence_rule=WEEKLY)
    path, stale = f"/events/{series['id']}", {"If-Match": '"1"'}
    override = change(anna, series, {"title": "One"}, occurrence=THIRD)
    late = anna.call("PATCH", path, json={"title": "Two"}, params={"occurrence": FOURTH}, headers=stale)
    refused(late, 412, "version_mismatch")
    fresh = {"If-Match": f'"{override["version"]}"'}
    accepted(anna.call("PATCH", f"/events/{override['id']}", json={"title": "Three"}, headers=fresh))
    refused(
        anna.call("PATCH", f"/events/{override['id']}", json={"title": "Four"}, headers=fresh), 412, "version_mismatch"
    )


def test_an_all_day_series_is_changed_by_date(company: Company) -> None:
    anna = company.admin
    series = anna.create_event(
        start_time="2027-03-22",
        end_time="2027-03-23",
        time_zone=None,
        is_all_day=True,
        recurrence_rule="FREQ=DAILY;COUNT=5",
    )
    one = change(anna, series, {"title": "Other"}, occurrence="2027-03-24")
    assert (one["original_start"], one["start_time"]) == ("2027-03-24", "2027-03-24")
    part = change(anna, series, {"title": "Rest"}, occurrence="2027-03-25", scope="following")
    assert accepted(anna.get(f"/events/{series['id']}"))["recurrence_rule"] == "FREQ=DAILY;UNTIL=20270324"
    assert (part["start_time"], part["recurrence_rule"]) == ("2027-03-25", "FREQ=DAILY;COUNT=2")
    assert titles(anna.occurrences(*WINDOW)) == ["Meeting", "Meeting", "Other", "Rest", "Rest"]


def test_deleting_every_occurrence_deletes_the_series(company: Company, database: psycopg.Connection) -> None:
    anna = company.admin
    series = anna.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=2")
    change(anna, series, {"title": "Own"}, occurrence=SECOND)
    for occurrence in (FIRST, SECOND):
        answer = anna.call("DELETE", f"/events/{series['id']}", params={"occurrence": occurrence})
        assert answer.status_code == 204
    assert company_counts(database, company.organization.id) == (0, 0, 0, 0)


def test_rule_12_comments_and_files_survive_a_split_and_follow_their_occurrences(company: Company) -> None:
    anna = company.admin
    series = anna.create_event(recurrence_rule=WEEKLY)
    path = f"/events/{series['id']}"
    for body, query in (
        ("On all", {}),
        ("On the second", {"occurrence": SECOND}),
        ("On the fourth", {"occurrence": FOURTH}),
    ):
        accepted(anna.call("POST", f"{path}/comments", json={"body": body}, params=query), 201)
    accepted(anna.call("POST", f"{path}/attachments", content=b"Plan", params={"name": "plan.txt"}), 201)
    part = change(anna, series, {"title": "Rest"}, occurrence=THIRD, scope="following")

    def comments(event_id: str) -> list[tuple[str, str | None]]:
        items = accepted(anna.get(f"/events/{event_id}/comments"))["items"]
        return [(item["body"], item["original_start"]) for item in items]

    assert comments(series["id"]) == [("On all", None), ("On the second", SECOND)]
    assert comments(part["id"]) == [("On all", None), ("On the fourth", FOURTH)]
    for event_id in (series["id"], part["id"]):
        assert [item["name"] for item in accepted(anna.get(f"/events/{event_id}/attachments"))["items"]] == ["plan.txt"]
    change(anna, part, {"start_time": "2027-04-05T11:00:00", "end_time": "2027-04-05T12:00:00"})
    assert comments(part["id"])[1] == ("On the fourth", "2027-04-12T09:00:00Z")


def test_an_imported_date_before_the_start_stays_when_something_else_is_changed(
    company: Company, database: psycopg.Connection
) -> None:
    anna = company.admin
    series = anna.create_event(recurrence_rule=WEEKLY, rdates=["2027-04-08T09:00:00"])
    database.execute("UPDATE events SET rdates = '{2027-03-20 09:00}' WHERE id = %s", [series["id"]])
    assert change(anna, series, {"title": "Other"})["rdates"] == ["2027-03-20T08:00:00Z"]
    early = anna.call("PATCH", f"/events/{series['id']}", json={"rdates": ["2027-03-20T09:00:00"]})
    refused(early, 422, "rdate_not_after_start")


def test_a_pattern_that_cannot_move_along_says_so(company: Company) -> None:
    anna = company.admin
    series = anna.create_event(
        start_time="2027-03-01T09:00:00",
        end_time="2027-03-01T10:00:00",
        recurrence_rule="FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=6",
    )
    moved = {"start_time": "2027-02-27T09:00:00", "end_time": "2027-02-27T10:00:00"}
    refused(anna.call("PATCH", f"/events/{series['id']}", json=moved), 422, "rule_cannot_move")
