"""Comments: who writes and reads them, on what, whom they mention, and what of them stays private."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from app.core.config import get_settings
from tests.support.overrides import differing_occurrence
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, all_pages, refused, settings, today

FIRST = datetime(2027, 3, 22, 8, tzinfo=UTC)
SECOND = "2027-03-29T09:00:00"
SECOND_UTC = "2027-03-29T07:00:00Z"
WEEKLY = {"recurrence_rule": "FREQ=WEEKLY;COUNT=3"}


def write(actor: Person, event_id: str, body: str = "Good", *, mentions: Any = (), **params: Any) -> dict[str, Any]:
    sent = {"body": body, "mentions": [person.id for person in mentions]}
    return accepted(actor.post(f"/events/{event_id}/comments", sent, params=params), 201)


def bodies(actor: Person, event_id: str, **params: Any) -> list[str]:
    items = accepted(actor.get(f"/events/{event_id}/comments", **params))["items"]
    return [item["body"] for item in items]


def invited_to(host: Person, *guests: Person, **values: Any) -> str:
    participants = [{"user_id": guest.id} for guest in guests]
    return str(host.create_event(participants=participants, **values)["id"])


def named(person: Person) -> dict[str, Any]:
    return {"id": person.id, "full_name": person.user.full_name, "email": person.email}


def test_a_comment_tells_who_wrote_what_when(company: Company) -> None:
    anna, boris = company.person(full_name="Anna"), company.person(full_name="Борис")
    event_id = invited_to(anna, boris)
    answer = boris.post(f"/events/{event_id}/comments", {"body": "  Перенесём? ", "mentions": [anna.id, anna.id]})
    comment = accepted(answer, 201)
    assert answer.headers["etag"] == '"1"'
    assert comment == {
        "id": comment["id"],
        "event_id": event_id,
        "original_start": None,
        "author": named(boris),
        "body": "Перенесём?",
        "mentions": [named(anna)],
        "created_at": comment["created_at"],
        "edited_at": None,
        "version": 1,
    }
    assert accepted(anna.get(f"/events/{event_id}/comments"))["items"] == [comment]


def test_pages_hold_every_comment_once_oldest_first(company: Company) -> None:
    event_id = company.admin.create_event()["id"]
    written = [write(company.admin, event_id, str(number))["body"] for number in range(7)]
    path = f"/events/{event_id}/comments"
    assert [item["body"] for page in all_pages(company.admin, path, limit=2) for item in page] == written
    newest = all_pages(company.admin, path, limit=3, sort="-created_at")
    assert [item["body"] for page in newest for item in page] == written[::-1]
    refused(company.admin.get(path, sort="body"), 422, "invalid_request")


def test_who_does_not_see_the_details_sees_no_comments(company: Company, stranger_company: Company) -> None:
    anna, boris = company.person(), company.person()
    event_id = invited_to(anna)
    comment = write(anna, event_id)
    path = f"/events/{event_id}/comments"
    for outsider in (boris, company.admin, stranger_company.admin):
        refused(outsider.get(path), 404, "event_not_found")
        refused(outsider.post(path, {"body": "x"}), 404, "event_not_found")
        refused(outsider.patch(f"{path}/{comment['id']}", {"body": "x"}), 404, "event_not_found")
        refused(outsider.delete(f"{path}/{comment['id']}"), 404, "event_not_found")
    assert bodies(anna, event_id) == ["Good"]


def test_people_change_what_they_wrote_and_nothing_else(company: Company) -> None:
    anna, boris = company.person(), company.person()
    event_id = invited_to(anna, boris)
    comment = write(boris, event_id, mentions=[anna])
    path = f"/events/{event_id}/comments/{comment['id']}"
    refused(anna.patch(path, {"body": "x"}), 403, "not_comment_author")
    refused(boris.patch(path, {"body": "x"}, headers={"If-Match": '"7"'}), 412, "version_mismatch")
    answer = boris.patch(path, {"body": "Better"}, headers={"If-Match": '"1"'})
    changed = accepted(answer)
    assert answer.headers["etag"] == '"2"'
    assert (changed["body"], changed["mentions"], changed["version"]) == ("Better", comment["mentions"], 2)
    assert changed["created_at"] == comment["created_at"]
    assert changed["edited_at"] is not None
    assert accepted(boris.patch(path, {"body": "Better"}))["version"] == 2
    assert accepted(boris.patch(path, {"mentions": []}))["mentions"] == []


def test_people_delete_what_they_wrote_and_the_host_deletes_anything(company: Company) -> None:
    anna, boris, vera = company.person(), company.person(), company.person()
    event_id = invited_to(anna, boris, vera)
    by_boris, by_vera, other = (write(person, event_id) for person in (boris, vera, vera))
    path = f"/events/{event_id}/comments"
    refused(boris.delete(f"{path}/{by_vera['id']}"), 403, "not_comment_author_or_host")
    refused(vera.delete(f"{path}/{by_vera['id']}", headers={"If-Match": '"2"'}), 412, "version_mismatch")
    assert boris.delete(f"{path}/{by_boris['id']}").status_code == 204
    assert anna.delete(f"{path}/{by_vera['id']}").status_code == 204
    refused(anna.delete(f"{path}/{by_vera['id']}"), 404, "comment_not_found")
    assert [item["id"] for item in accepted(anna.get(path))["items"]] == [other["id"]]


def test_a_comment_is_found_at_its_own_event_only(company: Company) -> None:
    first, second = (company.admin.create_event()["id"] for _ in range(2))
    comment = write(company.admin, first)
    path = f"/events/{second}/comments/{comment['id']}"
    refused(company.admin.patch(path, {"body": "x"}), 404, "comment_not_found")
    refused(company.admin.delete(path), 404, "comment_not_found")


def test_a_deleted_event_takes_its_comments_along(company: Company, database: psycopg.Connection) -> None:
    event_id = company.admin.create_event()["id"]
    write(company.admin, event_id)
    assert company.admin.delete(f"/events/{event_id}").status_code == 204
    assert database.execute("SELECT count(*) FROM event_comments WHERE event_id = %s", [event_id]).fetchone() == (0,)


# Mentions


def test_only_colleagues_who_see_the_event_are_mentioned(company: Company, stranger_company: Company) -> None:
    anna, boris, vera = company.person(), company.person(full_name="Boris"), company.person()
    event_id = invited_to(anna, vera)
    path = f"/events/{event_id}/comments"
    for blind, text in ((boris.id, "Boris"), (stranger_company.admin.id, stranger_company.admin.id), (MISSING_ID, "")):
        problem = refused(anna.post(path, {"body": "x", "mentions": [vera.id, blind]}), 422, "mention_not_reader")
        assert problem["field"] == "mentions"
        assert text in problem["detail"]
        assert vera.email not in problem["detail"]
    assert bodies(anna, event_id) == []
    assert write(vera, event_id, mentions=[anna, vera])["mentions"] == [named(anna), named(vera)]


def test_whoever_sees_a_public_calendar_can_be_mentioned(company: Company) -> None:
    boris = company.person()
    team = accepted(company.admin.post("/calendars", {"name": "Team", "is_public": True}), 201)
    event_id = company.admin.create_event(calendar_id=team["id"])["id"]
    assert write(boris, event_id, mentions=[boris, company.admin])["author"] == named(boris)


def test_whoever_was_mentioned_stays_so_after_leaving(company: Company, database: psycopg.Connection) -> None:
    anna, boris = company.person(), company.person()
    event_id = invited_to(anna, boris)
    comment = write(anna, event_id, mentions=[boris])
    database.execute("UPDATE users SET is_active = false WHERE id = %s", [boris.id])
    path = f"/events/{event_id}/comments"
    kept = accepted(anna.patch(f"{path}/{comment['id']}", {"body": "Still", "mentions": [boris.id, anna.id]}))
    assert kept["mentions"] == [named(boris), named(anna)]
    refused(anna.post(path, {"body": "x", "mentions": [boris.id]}), 422, "mention_not_reader")


def test_there_are_limits(company: Company) -> None:
    event_id = company.admin.create_event(**WEEKLY)["id"]
    path = f"/events/{event_id}/comments"
    with settings(COMMENT_MENTIONS_MAX=0):
        body = {"body": "x", "mentions": [company.admin.id]}
        assert refused(company.admin.post(path, body), 422, "too_many_mentions")["field"] == "mentions"
    with settings(COMMENTS_PER_EVENT_MAX=2):
        comment = write(company.admin, event_id)
        write(company.admin, event_id, occurrence=SECOND)
        refused(company.admin.post(path, {"body": "x"}), 409, "too_many_comments")
        assert company.admin.delete(f"{path}/{comment['id']}").status_code == 204
        write(company.admin, event_id)
    for body in ("", "   ", "x" * 5001, None, 7):
        refused(company.admin.post(path, {"body": body}), 422, "invalid_request")


# Occurrences


def test_an_occurrence_has_comments_of_its_own_and_shows_those_of_its_series(company: Company) -> None:
    anna = company.person()
    event_id = anna.create_event(**WEEKLY)["id"]
    assert write(anna, event_id, "whole")["original_start"] is None
    assert write(anna, event_id, "second", occurrence=SECOND)["original_start"] == SECOND_UTC
    write(anna, event_id, "third", occurrence="2027-04-05T07:00:00Z")
    assert bodies(anna, event_id) == ["whole", "second", "third"]
    for name in (SECOND, SECOND_UTC, "2027-03-29", "2027-03-29T10:00:00+03:00"):
        assert bodies(anna, event_id, occurrence=name) == ["whole", "second"]
    items = accepted(anna.get(f"/events/{event_id}/comments"))["items"]
    assert [item["original_start"] for item in items] == [None, SECOND_UTC, "2027-04-05T07:00:00Z"]


@pytest.mark.parametrize("name", ["2027-03-29T09:00:01", "2027-03-30T09:00:00", "2027-03-30", "2027-04-12T09:00:00"])
def test_an_occurrence_that_the_series_does_not_have_is_not_found(company: Company, name: str) -> None:
    event_id = company.admin.create_event(**WEEKLY)["id"]
    path = f"/events/{event_id}/comments"
    refused(company.admin.get(path, occurrence=name), 404, "occurrence_not_found")
    refused(company.admin.post(path, {"body": "x"}, params={"occurrence": name}), 404, "occurrence_not_found")


@pytest.mark.parametrize("name", ["x", "2027-13-01", "1", "0001-01-01T00:00:00", "9999-12-31T23:59:59+14:00"])
def test_an_occurrence_is_named_by_a_date_or_a_time(company: Company, name: str) -> None:
    event_id = company.admin.create_event(**WEEKLY)["id"]
    refused(company.admin.get(f"/events/{event_id}/comments", occurrence=name), 422, "invalid_request")


def test_occurrences_of_whole_days_are_dates(company: Company) -> None:
    days = {"start_time": "2027-03-22", "end_time": "2027-03-23", "is_all_day": True, "time_zone": None}
    event_id = company.admin.create_event(**days, **WEEKLY)["id"]
    assert write(company.admin, event_id, occurrence="2027-03-29")["original_start"] == "2027-03-29"
    assert bodies(company.admin, event_id, occurrence="2027-03-29") == ["Good"]
    assert bodies(company.admin, event_id, occurrence="2027-04-05") == []
    path = f"/events/{event_id}/comments"
    for name in ("2027-03-30T00:00:00Z", "2027-03-30"):
        refused(company.admin.get(path, occurrence=name), 404, "occurrence_not_found")


def test_the_only_occurrence_of_a_single_event_is_the_event(company: Company) -> None:
    event_id = company.admin.create_event()["id"]
    assert write(company.admin, event_id, occurrence="2027-03-22T09:00:00")["original_start"] is None
    refused(company.admin.get(f"/events/{event_id}/comments", occurrence=SECOND), 404, "occurrence_not_found")


def test_occurrences_beyond_the_horizon_have_comments_too(company: Company) -> None:
    start = today() + timedelta(days=1)
    hours = {"start_time": f"{start}T09:00:00Z", "end_time": f"{start}T10:00:00Z", "time_zone": "UTC"}
    event_id = company.admin.create_event(**hours, recurrence_rule="FREQ=WEEKLY")["id"]
    weeks = get_settings().OCCURRENCE_HORIZON_DAYS // 7 + 10
    far = start + timedelta(weeks=weeks)
    written = write(company.admin, event_id, occurrence=f"{far}T09:00:00Z")
    assert written["original_start"] == f"{far}T09:00:00Z"
    beside = far + timedelta(days=1)
    path = f"/events/{event_id}/comments"
    refused(company.admin.get(path, occurrence=f"{beside}T09:00:00Z"), 404, "occurrence_not_found")


# Occurrences that differ


def test_the_id_of_an_occurrence_that_differs_names_it(company: Company, database: psycopg.Connection) -> None:
    anna = company.person()
    event_id = anna.create_event(**WEEKLY)["id"]
    override = differing_occurrence(database, event_id, FIRST, [])
    write(anna, event_id, "whole")
    comment = write(anna, override, "first")
    assert (comment["event_id"], comment["original_start"]) == (event_id, "2027-03-22T08:00:00Z")
    write(anna, event_id, "second", occurrence=SECOND)
    assert bodies(anna, override) == bodies(anna, event_id, occurrence="2027-03-22T09:00:00") == ["whole", "first"]
    assert bodies(anna, override, occurrence="2027-03-22T09:00:00") == ["whole", "first"]
    refused(anna.get(f"/events/{override}/comments", occurrence=SECOND), 404, "occurrence_not_found")
    for path in (f"/events/{override}/comments/{comment['id']}", f"/events/{event_id}/comments/{comment['id']}"):
        assert accepted(anna.patch(path, {"body": "first", "mentions": [anna.id]}))["mentions"] == [named(anna)]


def test_rule_16_a_guest_of_one_occurrence_sees_its_comments_only(
    company: Company, database: psycopg.Connection
) -> None:
    anna, guest = company.person(), company.person()
    event_id = anna.create_event(**WEEKLY)["id"]
    override = differing_occurrence(database, event_id, FIRST, [guest])
    whole = write(anna, event_id, "whole")
    write(anna, event_id, "second", occurrence=SECOND)
    write(guest, override, "mine", mentions=[anna, guest])
    assert bodies(guest, override) == ["mine"]
    refused(guest.get(f"/events/{event_id}/comments"), 404, "event_not_found")
    refused(guest.delete(f"/events/{override}/comments/{whole['id']}"), 404, "comment_not_found")
    # On the whole series the guest would not see that they are mentioned.
    body = {"body": "x", "mentions": [guest.id]}
    refused(anna.post(f"/events/{event_id}/comments", body), 422, "mention_not_reader")


def test_rule_16_whoever_was_taken_out_of_an_occurrence_sees_nothing_of_it(
    company: Company, database: psycopg.Connection
) -> None:
    anna, boris = company.person(), company.person()
    event_id = invited_to(anna, boris, **WEEKLY)
    hidden = write(boris, event_id, "before", occurrence="2027-03-22T09:00:00")
    override = differing_occurrence(database, event_id, FIRST, [])
    write(anna, override, "first")
    write(anna, event_id, "second", occurrence=SECOND)
    path = f"/events/{event_id}/comments"
    assert bodies(boris, event_id) == ["second"]
    assert bodies(anna, event_id) == ["before", "first", "second"]
    refused(boris.get(path, occurrence="2027-03-22T09:00:00"), 404, "occurrence_not_found")
    refused(boris.get(f"/events/{override}/comments"), 404, "event_not_found")
    refused(boris.patch(f"{path}/{hidden['id']}", {"body": "x"}), 404, "comment_not_found")
    body = {"body": "x", "mentions": [boris.id]}
    refused(anna.post(f"/events/{override}/comments", body), 422, "mention_not_reader")


# The record of writes


def test_the_record_tells_comments_to_administrators_who_read_them(
    company: Company, database: psycopg.Connection
) -> None:
    anna = company.person()
    private, shared = invited_to(anna), invited_to(anna, company.admin, **WEEKLY)
    for event_id in (private, shared):
        comment = write(anna, event_id, "Secret" if event_id == private else "For you")
        path = f"/events/{event_id}/comments/{comment['id']}"
        accepted(anna.patch(path, {"body": "Secret too" if event_id == private else "For you too"}))
        if event_id == private:
            assert anna.delete(path).status_code == 204
    differing_occurrence(database, shared, FIRST, [])
    write(anna, shared, "Secret as well", occurrence="2027-03-22T09:00:00")
    items = accepted(company.admin.get("/audit", object_type="event_comments"))["items"]
    told = [((item["before"] or {}).get("body"), (item["after"] or {}).get("body")) for item in items]
    assert told == [
        (None, "***"),
        ("For you", "For you too"),
        (None, "For you"),
        ("***", None),
        ("***", "***"),
        (None, "***"),
    ]
    assert "Secret" not in company.admin.get("/audit", limit=500).text
