"""The link of an invitation: who has it answers without signing in."""

from uuid import UUID

import psycopg
import pytest
from fastapi.testclient import TestClient

from app.services.reply_key_service import make_key
from tests.support.guests import SECOND, forget_mails, read, told
from tests.support.people import Company, Person
from tests.support.planning import accepted, refused, settings

GUEST = "guest@firm.example"
HTML = {"Accept": "text/html", "Accept-Language": "en"}


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna <b>")


def link(company: Company, event_id: str, email: str) -> str:
    return f"/rsvp/{make_key(company.organization.id, UUID(event_id), email)}"


def answers(person: Person, event_id: str, **params: str) -> dict[str, str]:
    """What each participant with an address answered."""
    items = read(person, {"id": event_id}, **params)["participants"]
    return {item["email"]: item["response"] for item in items if item["email"]}


def test_a_guest_answers_by_the_link_and_the_organizer_is_told(
    client: TestClient, company: Company, anna: Person, database: psycopg.Connection
) -> None:
    made = anna.create_event(participants=[{"email": GUEST}, {"email": "other@firm.example"}], location="Roof <i>")
    path = link(company, made["id"], GUEST)
    forget_mails(database, company)
    page = client.get(f"{path}?response=declined", headers=HTML)
    assert page.status_code == 200
    for part in ("Anna &lt;b&gt;", "Roof &lt;i&gt;", "09:00 (Europe/Berlin)", "You have not answered yet."):
        assert part in page.text
    # The button that was pressed in the mail comes first; nobody else's address is on the page.
    assert page.text.index('value="declined" class=first') < page.text.index('value="accepted"')
    assert "other@" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    # Whatever looks through mails follows links, and answers nothing.
    assert answers(anna, made["id"])[GUEST] == "needs_action"
    assert told(database, company) == []
    done = client.post(path, data={"response": "accepted", "comment": "Gladly <3"}, headers=HTML)
    assert "Thank you. You will come." in done.text
    assert "Gladly &lt;3" in done.text
    assert answers(anna, made["id"])[GUEST] == "accepted"
    assert told(database, company) == [(anna.email, "answered")]
    title = database.execute("SELECT title FROM notifications WHERE user_id = %s", [anna.id]).fetchone()
    assert title is not None
    assert GUEST in title[0]
    # The same again tells nobody.
    client.post(path, data={"response": "accepted", "comment": "Gladly <3"}, headers=HTML)
    assert len(told(database, company)) == 1
    assert accepted(client.get(path))["response"] == "accepted"


def test_one_occurrence_is_answered_for_itself(client: TestClient, company: Company, anna: Person) -> None:
    made = anna.create_event(participants=[{"email": GUEST}], recurrence_rule="FREQ=WEEKLY;COUNT=5")
    path = link(company, made["id"], GUEST)
    assert accepted(client.get(path))["repeats"]
    accepted(client.post(path, data={"response": "accepted"}))
    one = accepted(client.post(path, data={"response": "declined"}, params={"occurrence": SECOND}))
    assert (one["start_time"], one["repeats"]) == (SECOND, None)
    assert answers(anna, made["id"])[GUEST] == "accepted"
    assert answers(anna, made["id"], occurrence=SECOND)[GUEST] == "declined"
    # It was another answer, so that of the series does not change it.
    accepted(client.post(path, data={"response": "tentative"}))
    assert answers(anna, made["id"], occurrence=SECOND)[GUEST] == "declined"
    refused(client.get(path, params={"occurrence": "2027-03-30T09:00:00"}), 404, "occurrence_not_found")


def test_a_colleague_and_somebody_of_a_department_answer_as_themselves(
    client: TestClient, company: Company, anna: Person
) -> None:
    boris, clara = company.person(time_zone="Asia/Almaty"), company.person()
    sales = accepted(company.admin.post("/departments", {"name": "Sales"}), 201)["id"]
    accepted(company.admin.patch(f"/users/{clara.id}", {"department_id": sales}))
    made = anna.create_event(participants=[{"user_id": boris.id}, {"department_id": sales}])
    shown = accepted(client.post(link(company, made["id"], boris.email), data={"response": "tentative"}))
    assert (shown["time_zone"], shown["response"]) == ("Asia/Almaty", "tentative")
    accepted(client.post(link(company, made["id"], clara.email), data={"response": "accepted"}))
    people = read(anna, made)["participants"]
    assert [item["response"] for item in people if item["user_id"] == boris.id] == ["tentative"]
    members = [member for item in people for member in item["members"] or ()]
    assert [member["response"] for member in members if member["user_id"] == clara.id] == ["accepted"]


def test_a_link_that_leads_nowhere_says_so(client: TestClient, company: Company, anna: Person) -> None:
    made = anna.create_event(participants=[{"email": GUEST}])
    path = link(company, made["id"], GUEST)
    # A key that nobody was given, of an event that is there, is as good as none.
    for wrong in ("/rsvp/unknown", link(company, made["id"], "stranger@firm.example"), f"/rsvp/{'a' * 26}"):
        refused(client.get(wrong), 404, "invitation_link_invalid")
    refused(client.post(path, data={"response": "perhaps"}), 422, "bad_request")
    refused(client.post(path, content=b"\xff\xfe=%zz"), 422, "bad_request")
    accepted(anna.patch(f"/events/{made['id']}", {"status": "cancelled"}))
    refused(client.get(path), 409, "invitation_cancelled")
    accepted(anna.patch(f"/events/{made['id']}", {"status": "confirmed", "participants": []}))
    page = client.get(path, headers={**HTML, "Accept-Language": "ru"})
    assert page.status_code == 404
    assert "приглашения больше нет" in page.text
    assert anna.delete(f"/events/{made['id']}").status_code == 204
    refused(client.post(path, data={"response": "accepted"}), 404, "invitation_link_invalid")


def test_after_a_move_the_same_link_answers_anew(client: TestClient, company: Company, anna: Person) -> None:
    made = anna.create_event(participants=[{"email": GUEST}])
    path = link(company, made["id"], GUEST)
    accepted(client.post(path, data={"response": "accepted"}))
    accepted(anna.patch(f"/events/{made['id']}", {"end_time": "2027-03-22T11:00:00"}))
    assert accepted(client.get(path))["response"] == "needs_action"
    with settings(ANSWERS_TOLD_MAX_GUESTS=0):
        accepted(client.post(path, data={"response": "declined"}))
    assert answers(anna, made["id"])[GUEST] == "declined"
