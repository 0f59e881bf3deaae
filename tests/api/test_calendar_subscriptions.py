"""One's own list of calendars: subscribed or not, own colours, own order; nobody else notices."""

from typing import Any

import psycopg
import pytest

from tests.support.people import Company, Person
from tests.support.planning import accepted, all_pages, refused


def calendar_of(person: Person, **values: Any) -> str:
    return str(accepted(person.post("/calendars", {"name": "Work", **values}), 201)["id"])


def arrange(person: Person, calendar_id: str, **values: Any) -> dict[str, Any]:
    return accepted(person.put(f"/calendars/{calendar_id}/subscription", values))


def listed(person: Person, **params: Any) -> list[str]:
    return [item["id"] for item in accepted(person.get("/calendars", **params))["items"]]


def test_an_own_colour_and_place_are_for_oneself_alone(company: Company) -> None:
    anna, boris = company.person(), company.person()
    calendar = calendar_of(anna, is_public=True, color="#111111")
    seen = arrange(boris, calendar, color="#222222", position=3)
    assert (seen["color"], seen["shared_color"], seen["position"], seen["is_listed"]) == ("#222222", "#111111", 3, True)
    assert accepted(boris.get(f"/calendars/{calendar}")) == seen
    mine = accepted(anna.get(f"/calendars/{calendar}"))
    assert (mine["color"], mine["position"], mine["version"]) == ("#111111", None, 1)
    # PUT replaces: what is not sent is as it comes.
    again = arrange(boris, calendar, position=4)
    assert (again["color"], again["position"]) == ("#111111", 4)
    accepted(anna.patch(f"/calendars/{calendar}", {"color": "#333333"}))
    assert accepted(boris.get(f"/calendars/{calendar}"))["color"] == "#333333"


def test_delete_has_a_calendar_as_it_comes_also_twice(company: Company) -> None:
    anna = company.person()
    calendar = calendar_of(anna, color="#111111")
    before = accepted(anna.get(f"/calendars/{calendar}"))
    arrange(anna, calendar, is_listed=False, color="#222222", position=1)
    for _ in range(2):
        assert anna.delete(f"/calendars/{calendar}/subscription").status_code == 204
        assert accepted(anna.get(f"/calendars/{calendar}")) == before


def test_who_unsubscribes_keeps_the_calendar_within_reach(company: Company) -> None:
    anna, boris = company.person(), company.person()
    calendar = calendar_of(anna, is_public=True)
    assert arrange(boris, calendar, is_listed=False)["is_listed"] is False
    assert calendar not in listed(boris, is_listed=True)
    assert listed(boris, is_listed=False) == [calendar]
    assert calendar in listed(boris)
    assert calendar in listed(anna, is_listed=True)
    arrange(boris, calendar, is_listed=True)
    assert calendar in listed(boris, is_listed=True)


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_calendars_are_sorted_by_place_those_without_one_last(company: Company, limit: int) -> None:
    anna = company.person()
    first = anna.calendar_id
    made = [calendar_of(anna) for _ in range(4)]
    arrange(anna, made[2], position=0)
    arrange(anna, made[0], position=1_000_000)
    arrange(anna, made[3], position=5)
    order = [made[2], made[3], made[0], first, made[1]]
    pages = all_pages(anna, "/calendars", sort="position", limit=limit)
    assert [item["id"] for page in pages for item in page] == order
    pages = all_pages(anna, "/calendars", sort="-position", limit=limit)
    assert [item["id"] for page in pages for item in page] == [first, made[1], made[0], made[3], made[2]]


@pytest.mark.parametrize(
    "body",
    [
        {"position": -1},
        {"position": 1_000_001},
        {"position": "1"},
        {"position": 1.5},
        {"position": True},
        {"color": "red"},
        {"is_listed": None},
        {"is_listed": "yes"},
        {"user_id": "00000000-0000-7000-8000-000000000000"},
        [],
        None,
    ],
)
def test_an_arrangement_that_makes_no_sense_is_refused(company: Company, body: Any) -> None:
    anna = company.person()
    refused(anna.put(f"/calendars/{anna.calendar_id}/subscription", body), 422, "invalid_request")


def test_nobody_subscribes_to_what_they_do_not_see(company: Company, stranger_company: Company) -> None:
    anna = company.person()
    private, public = calendar_of(anna), calendar_of(anna, is_public=True)
    for person, calendar in ((company.person(), private), (company.admin, private), (stranger_company.admin, public)):
        path = f"/calendars/{calendar}/subscription"
        refused(person.put(path, {}), 404, "calendar_not_found")
        refused(person.delete(path), 404, "calendar_not_found")


def test_a_calendar_that_is_deleted_takes_the_arrangements_along(
    company: Company, database: psycopg.Connection
) -> None:
    anna, boris = company.person(), company.person()
    calendar = calendar_of(anna, is_public=True)
    arrange(boris, calendar, color="#222222")
    assert anna.delete(f"/calendars/{calendar}").status_code == 204
    left = database.execute("SELECT count(*) FROM calendar_subscriptions WHERE calendar_id = %s", [calendar]).fetchone()
    assert left == (0,)
