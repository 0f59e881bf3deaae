"""How often nobody came to a booked room, by organizer."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from app.models import Role
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, refused, today
from tests.support.room_use import ask_earlier, meeting

WINDOW: dict[str, Any] = {"from_": f"{today() - timedelta(days=10)}", "to": f"{today() + timedelta(days=10)}"}


def used(
    database: psycopg.Connection,
    organizer: Person,
    room: dict[str, Any],
    minutes_ago: int,
    state: str = "confirmed",
    reason: str | None = None,
    *,
    needed: bool = True,
) -> None:
    """A meeting of ten minutes that is over, and what became of its room."""
    event_id = meeting(organizer, room, -minutes_ago, 10 - minutes_ago)
    if needed:
        ask_earlier(database, event_id, minutes_ago)
    database.execute("UPDATE room_bookings SET state = %s, reason = %s WHERE series_id = %s", [state, reason, event_id])


def figures(report: dict[str, Any]) -> dict[str, tuple[int, int, float]]:
    return {item["user_id"]: (item["bookings"], item["no_shows"], item["share"]) for item in report["items"]}


@pytest.fixture
def made(company: Company, database: psycopg.Connection) -> tuple[Person, Person]:
    """Two organizers: one came once of three times, one always."""
    anna, boris = company.person(full_name="Anna"), company.person()
    room = company.admin.create_room()
    used(database, anna, room, 60)
    used(database, anna, room, 80, "released", "no_show")
    used(database, anna, room, 100, "released", "no_show")
    used(database, boris, room, 120)
    # What needed no check-in, was lost for another reason or has not begun counts for nothing.
    used(database, anna, room, 140, needed=False)
    used(database, anna, room, 160, "released", "given_back")
    used(database, anna, room, 180, "declined", "taken")
    used(database, anna, room, -60)
    return anna, boris


def test_administrators_and_the_it_desk_see_everybody_with_most_first(
    company: Company, made: tuple[Person, Person]
) -> None:
    anna, boris = made
    for person in (company.admin, company.person(Role.IT)):
        report = accepted(person.get("/rooms/no-shows", **WINDOW))
        assert figures(report) == {anna.id: (3, 2, 0.6667), boris.id: (1, 0, 0.0)}
        assert [item["name"] for item in report["items"]] == ["Anna", boris.email]
        assert (report["total"], report["time_zone"]) == (2, "Europe/Berlin")
    report = accepted(company.admin.get("/rooms/no-shows", **WINDOW, limit=1))
    assert (len(report["items"]), report["total"]) == (1, 2)


def test_everybody_else_sees_themselves(company: Company, made: tuple[Person, Person]) -> None:
    anna, boris = made
    assert figures(accepted(anna.get("/rooms/no-shows", **WINDOW))) == {anna.id: (3, 2, 0.6667)}
    assert figures(accepted(boris.get("/rooms/no-shows", **WINDOW))) == {boris.id: (1, 0, 0.0)}
    assert figures(accepted(company.person().get("/rooms/no-shows", **WINDOW))) == {}


def test_a_department_counts_with_those_below_it(company: Company, made: tuple[Person, Person]) -> None:
    anna, boris = made
    above = accepted(company.admin.post("/departments", {"name": "Above"}), 201)["id"]
    below = accepted(company.admin.post("/departments", {"name": "Below", "parent_id": above}), 201)["id"]
    accepted(company.admin.patch(f"/users/{anna.id}", {"department_id": below}))

    def of(department: str, person: Person) -> set[str]:
        return set(figures(accepted(person.get("/rooms/no-shows", **WINDOW, department_id=department))))

    assert of(above, company.admin) == of(below, company.admin) == {anna.id}
    assert of(above, anna) == {anna.id}
    assert of(above, boris) == set()
    missing = company.admin.get("/rooms/no-shows", **WINDOW, department_id=MISSING_ID)
    refused(missing, 404, "department_not_found")


def test_only_what_begins_in_the_window_counts(company: Company, made: tuple[Person, Person]) -> None:
    past = {"from_": f"{today() - timedelta(days=30)}", "to": f"{today() - timedelta(days=10)}"}
    assert accepted(company.admin.get("/rooms/no-shows", **past))["items"] == []


def test_the_window_has_an_order_and_a_bound(company: Company) -> None:
    day = today()
    refused(company.admin.get("/rooms/no-shows", from_=f"{day}", to=f"{day}"), 422, "window_needs_order")
    far = company.admin.get("/rooms/no-shows", from_=f"{day}", to=f"{day + timedelta(days=94)}")
    refused(far, 422, "no_shows_too_wide")
    assert company.admin.get("/rooms/no-shows", from_=f"{day}").status_code == 422
    assert company.admin.get("/rooms/no-shows", **WINDOW, limit=0).status_code == 422


def test_another_company_sees_nothing(made: tuple[Person, Person], stranger_company: Company, company: Company) -> None:
    assert accepted(stranger_company.admin.get("/rooms/no-shows", **WINDOW))["items"] == []
    department = accepted(company.admin.post("/departments", {"name": "Ours"}), 201)["id"]
    answer = stranger_company.admin.get("/rooms/no-shows", **WINDOW, department_id=department)
    refused(answer, 404, "department_not_found")
