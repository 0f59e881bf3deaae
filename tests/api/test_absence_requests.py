"""Absences that a manager approves, own kinds, half days, and the team's absences as a calendar."""

from typing import Any

import icalendar
import pytest

from tests.support.desk import made, notified
from tests.support.people import Company, Person
from tests.support.planning import accepted, refused, settings


@pytest.fixture
def manager(company: Company) -> Person:
    company.admin.patch(
        f"/organizations/{company.organization.id}", {"absences_to_approve": ["vacation", "trip"], "locale": "en"}
    )
    return company.person(full_name="Maria")


@pytest.fixture
def anna(company: Company, manager: Person) -> Person:
    return company.person(full_name="Anna", manager_id=manager.user.id)


def absence(person: Person, first: str = "2027-07-05", last: str = "2027-07-16", **values: Any) -> dict[str, Any]:
    return made(person, "/absences", first_day=first, last_day=last, **values)


def decided(person: Person, asked: dict[str, Any], *, is_approved: bool = True, note: str | None = None) -> Any:
    return person.post(f"/absences/{asked['id']}/decision", {"is_approved": is_approved, "note": note})


def test_a_manager_approves(company: Company, manager: Person, anna: Person) -> None:
    boris = company.person()
    asked = absence(anna, substitute_id=boris.id)
    assert (asked["state"], asked["may_decide"]) == ("requested", False)
    assert notified(manager) == ["Anna asks to be away: 5 July 2027 – 16 July 2027"]
    assert notified(boris) == []
    waiting = accepted(manager.get("/absences", manager_id=manager.id, state="requested"))["items"]
    assert [(one["id"], one["may_decide"]) for one in waiting] == [(asked["id"], True)]
    approved = accepted(decided(manager, asked, note="Enjoy"))
    assert (approved["state"], approved["decided_by"]["id"], approved["decision_note"]) == (
        "approved",
        manager.id,
        "Enjoy",
    )
    assert notified(anna) == ["Your absence is approved: 5 July 2027 – 16 July 2027 (Enjoy)"]
    assert notified(boris) == ["You stand in for Anna: 5 July 2027 – 16 July 2027"]
    refused(decided(manager, asked, is_approved=False), 409, "absence_waits_for_nobody")


def test_a_manager_refuses(manager: Person, anna: Person) -> None:
    asked = absence(anna)
    assert accepted(decided(manager, asked, is_approved=False, note="Release week"))["state"] == "refused"
    assert notified(anna) == ["Your absence is refused: 5 July 2027 – 16 July 2027 (Release week)"]


def test_sick_leave_needs_nobody(manager: Person, anna: Person) -> None:
    assert absence(anna, kind="sick")["state"] == "approved"
    assert notified(manager) == []


def test_nobody_else_decides(company: Company, manager: Person, anna: Person) -> None:
    asked = absence(anna)
    for person in (anna, company.person()):
        refused(decided(person, asked), 403, "not_absence_approver")
    assert accepted(decided(company.admin, asked))["decided_by"]["id"] == company.admin.id


def test_whoever_stands_in_for_the_manager_decides_as_well(company: Company, manager: Person, anna: Person) -> None:
    boris = company.person()
    made(
        company.admin,
        "/absences",
        user_id=manager.id,
        first_day="2026-01-01",
        last_day="2028-01-01",
        substitute_id=boris.id,
    )
    asked = absence(anna)
    assert "Anna asks to be away" in notified(boris)[-1]
    assert accepted(decided(boris, asked))["state"] == "approved"


def test_without_a_manager_administrators_are_asked(company: Company, manager: Person) -> None:
    clara = company.person(full_name="Clara")
    asked = absence(clara)
    assert notified(company.admin) == ["Clara asks to be away: 5 July 2027 – 16 July 2027"]
    assert accepted(decided(company.admin, asked))["state"] == "approved"
    own = absence(company.admin)
    assert accepted(decided(company.admin, own))["state"] == "approved"


def test_what_administrators_write_for_others_is_approved(company: Company, anna: Person) -> None:
    assert absence(company.admin, user_id=anna.id)["state"] == "approved"


def test_other_days_are_approved_anew_and_a_note_is_not(manager: Person, anna: Person) -> None:
    asked = absence(anna)
    decided(manager, asked)
    path = f"/absences/{asked['id']}"
    assert accepted(anna.patch(path, {"note": "At sea"}))["state"] == "approved"
    longer = accepted(anna.patch(path, {"last_day": "2027-07-20"}))
    assert (longer["state"], longer["decided_by"]) == ("requested", None)
    assert notified(manager)[-1] == "Anna asks to be away: 5 July 2027 – 20 July 2027"


def test_who_decided_hears_that_it_does_not_take_place(manager: Person, anna: Person) -> None:
    asked = absence(anna)
    decided(manager, asked)
    anna.delete(f"/absences/{asked['id']}")
    assert notified(manager)[-1] == "Anna will be there after all: 5 July 2027 – 16 July 2027"


def test_own_kinds(company: Company, manager: Person, anna: Person) -> None:
    study = made(company.admin, "/absences/kinds", name="Study leave")
    child = made(company.admin, "/absences/kinds", name="Child is ill", kind="sick", needs_approval=False)
    asked = absence(anna, kind_id=study["id"])
    assert (asked["kind"], asked["kind_name"], asked["state"]) == ("other", "Study leave", "requested")
    at_home = absence(anna, kind_id=child["id"])
    assert (at_home["kind"], at_home["state"]) == ("sick", "approved")
    seen = company.person().get(f"/absences/{asked['id']}").json()
    assert (seen["kind"], seen["kind_id"], seen["kind_name"], seen["invitations"]) == (None, None, None, None)
    items = anna.get("/absences/kinds").json()["items"]
    assert [item["name"] for item in items] == ["Child is ill", "Study leave"]
    path = f"/absences/kinds/{study['id']}"
    refused(anna.patch(path, {"name": "x"}), 403, "admin_only")
    refused(company.admin.post("/absences/kinds", {"name": "study LEAVE"}), 409, "absence_kind_name_taken")
    refused(company.admin.delete(path), 409, "absence_kind_in_use")
    assert accepted(company.admin.patch(path, {"is_active": False}))["is_active"] is False
    refused(
        anna.post("/absences", {"first_day": "2027-07-05", "last_day": "2027-07-05", "kind_id": study["id"]}),
        422,
        "absence_kind_not_found",
    )
    with settings(ABSENCE_KINDS_MAX=2):
        refused(company.admin.post("/absences/kinds", {"name": "More"}), 409, "too_many_absence_kinds")


def test_an_absence_keeps_a_kind_that_nobody_can_choose_any_more(
    company: Company, manager: Person, anna: Person
) -> None:
    study = made(company.admin, "/absences/kinds", name="Study leave", needs_approval=False)
    away = absence(anna, kind_id=study["id"])
    accepted(company.admin.patch(f"/absences/kinds/{study['id']}", {"is_active": False}))
    assert accepted(anna.patch(f"/absences/{away['id']}", {"note": "In Kazan"}))["kind_name"] == "Study leave"


def test_what_was_refused_is_nobody_elses_business(company: Company, manager: Person, anna: Person) -> None:
    asked = absence(anna)
    decided(manager, asked, is_approved=False)
    colleague = company.person()
    refused(colleague.get(f"/absences/{asked['id']}"), 404, "absence_not_found")
    assert colleague.get("/absences").json()["items"] == []
    for person in (anna, manager, company.admin):
        assert accepted(person.get(f"/absences/{asked['id']}"))["state"] == "refused"


def test_half_days(anna: Person) -> None:
    half = absence(anna, "2027-07-05", "2027-07-05", kind="sick", ends_midday=True)
    assert (half["starts_midday"], half["ends_midday"]) == (False, True)
    body = {"first_day": "2027-07-05", "last_day": "2027-07-05", "starts_midday": True, "ends_midday": True}
    refused(anna.post("/absences", body), 422, "invalid_request")
    refused(anna.patch(f"/absences/{half['id']}", {"starts_midday": True}), 422, "absence_without_length")


def test_the_teams_absences_as_a_calendar(company: Company, manager: Person, anna: Person) -> None:
    absence(anna, note="At sea")
    half = absence(anna, "2027-08-02", "2027-08-02", kind="sick", starts_midday=True)
    gone = absence(anna, "2027-09-01", "2027-09-01")
    decided(manager, gone, is_approved=False)
    absence(company.admin, "2027-07-05", "2027-07-05", kind="sick")

    def events(person: Person, **params: Any) -> list[tuple[str, Any, Any, str]]:
        answer = person.get("/absences/calendar.ics", **params)
        assert answer.headers["content-type"].startswith("text/calendar")
        read = icalendar.Calendar.from_ical(answer.content)
        return [
            (str(one["SUMMARY"]), one.decoded("DTSTART"), one.decoded("DTEND"), str(one.get("STATUS")))
            for one in read.walk("VEVENT")
        ]

    theirs = events(manager, manager_id=manager.id)
    assert [(title, str(start), status) for title, start, _, status in theirs] == [
        ("Anna: vacation", "2027-07-05", "TENTATIVE"),
        ("Anna: sick leave", "2027-08-02 13:00:00+02:00", "CONFIRMED"),
    ]
    assert str(theirs[0][2]) == "2027-07-17"
    assert [title for title, *_ in events(company.person(), user_id=anna.id, from_="2027-08-01")] == ["Anna: away"]
    assert half["id"] not in manager.get("/absences/calendar.ics").text
    with settings(ABSENCES_EXPORT_MAX=1):
        refused(manager.get("/absences/calendar.ics"), 422, "too_many_absences_to_export")


def test_absences_of_a_department(company: Company) -> None:
    division = made(company.admin, "/departments", name="Division")
    team = made(company.admin, "/departments", name="Team", parent_id=division["id"])
    anna = company.person(department_id=team["id"])
    away = absence(anna, kind="sick")
    absence(company.admin, kind="sick")
    items = anna.get("/absences", department_id=division["id"]).json()["items"]
    assert [item["id"] for item in items] == [away["id"]]
