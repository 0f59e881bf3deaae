"""Who is away when, and which days the company keeps."""

from typing import Any

import pytest

from tests.support.desk import made
from tests.support.people import Company, Person
from tests.support.planning import refused, settings


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna")


def absence(person: Person, first: str = "2027-07-05", last: str = "2027-07-16", **values: Any) -> dict[str, Any]:
    return made(person, "/absences", first_day=first, last_day=last, **values)


def test_one_says_that_one_is_away(company: Company, anna: Person) -> None:
    boris = company.person()
    away = absence(anna, substitute_id=boris.id, note="At sea")
    assert (away["kind"], away["note"], away["substitute"]["id"]) == ("vacation", "At sea", boris.id)
    path = f"/absences/{away['id']}"
    longer = anna.patch(path, {"last_day": "2027-07-20"}, headers={"If-Match": '"1"'})
    assert (longer.json()["last_day"], longer.json()["version"]) == ("2027-07-20", 2)
    refused(anna.patch(path, {"last_day": "2027-07-21"}, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    assert anna.delete(path).status_code == 204
    refused(anna.get(path), 404, "absence_not_found")


def test_why_is_not_everybodys(company: Company) -> None:
    manager = company.person()
    anna = company.person(manager_id=manager.user.id)
    away = absence(anna, kind="sick", note="Flu")
    for person in (anna, manager, company.admin):
        assert person.get(f"/absences/{away['id']}").json()["kind"] == "sick"
    seen = company.person().get(f"/absences/{away['id']}").json()
    assert (seen["first_day"], seen["kind"], seen["note"]) == ("2027-07-05", None, None)


def test_for_others_only_administrators_do(company: Company, anna: Person) -> None:
    boris = company.person()
    body = {"user_id": anna.id, "first_day": "2027-07-05", "last_day": "2027-07-06"}
    refused(boris.post("/absences", body), 403, "absence_not_yours")
    away = made(company.admin, "/absences", **body)
    assert away["user"]["id"] == anna.id
    refused(boris.patch(f"/absences/{away['id']}", {"note": "x"}), 403, "absence_not_yours")
    refused(boris.delete(f"/absences/{away['id']}"), 403, "absence_not_yours")
    assert anna.patch(f"/absences/{away['id']}", {"note": "x"}).status_code == 200


def test_in_a_window(company: Company, anna: Person) -> None:
    first, second = absence(anna), absence(company.admin, "2027-08-01", "2027-08-01")
    for params, expected in (
        ({}, [first, second]),
        ({"sort": "-first_day"}, [second, first]),
        ({"from": "2027-07-16", "to": "2027-08-01"}, [first]),
        ({"from": "2027-07-17"}, [second]),
        ({"to": "2027-07-05"}, []),
        ({"user_id": anna.id}, [first]),
    ):
        items = anna.call("GET", "/absences", params=params).json()["items"]
        assert [item["id"] for item in items] == [one["id"] for one in expected], params
    page = anna.get("/absences", limit=1).json()
    rest = anna.get("/absences", limit=1, cursor=page["next_cursor"]).json()
    assert [item["id"] for item in (*page["items"], *rest["items"])] == [first["id"], second["id"]]


def test_what_makes_no_sense_is_refused(company: Company, anna: Person, stranger_company: Company) -> None:
    for values, code in (
        ({"first_day": "2027-07-05", "last_day": "2027-07-04"}, "invalid_request"),
        ({"first_day": "2027-07-05", "last_day": "2037-07-04"}, "absence_too_long"),
        ({"first_day": "2027-07-05", "last_day": "2027-07-05", "substitute_id": anna.id}, "substitute_is_another"),
        (
            {"first_day": "2027-07-05", "last_day": "2027-07-05", "substitute_id": stranger_company.admin.id},
            "user_not_found",
        ),
    ):
        refused(anna.post("/absences", values), 422, code)
    away = absence(anna)
    refused(anna.patch(f"/absences/{away['id']}", {"last_day": "2027-07-01"}), 422, "absence_order")
    with settings(ABSENCES_MAX=1):
        refused(anna.post("/absences", {"first_day": "2028-07-05", "last_day": "2028-07-05"}), 409, "too_many_absences")


def test_holidays_of_the_country_with_moved_days(company: Company) -> None:
    changed = company.admin.patch(f"/organizations/{company.organization.id}", {"holiday_country": "RU"})
    assert changed.status_code == 200, changed.text
    items = company.person().get("/holidays", from_="2027-02-01", to="2027-03-01").json()["items"]
    days = {item["day"]: (item["is_working"], item["source"]) for item in items}
    assert days == {
        "2027-02-20": (True, "country"),
        "2027-02-22": (False, "country"),
        "2027-02-23": (False, "country"),
    }
    assert any(item["name"] == "День защитника Отечества" for item in items)


def test_the_company_keeps_days_of_its_own(company: Company, anna: Person) -> None:
    day = {"day": "2027-05-05", "is_working": False, "name": "Founders' day"}
    refused(anna.put("/holidays", day), 403, "admin_only")
    assert company.admin.put("/holidays", day).json()["source"] == "company"
    assert company.admin.put("/holidays", {**day, "name": "Our day"}).status_code == 200
    items = anna.get("/holidays", from_="2027-05-01", to="2027-06-01").json()["items"]
    assert [(item["day"], item["name"]) for item in items] == [("2027-05-05", "Our day")]
    with settings(COMPANY_DAYS_MAX=1):
        refused(company.admin.put("/holidays", {**day, "day": "2027-05-06"}), 409, "too_many_company_days")
    assert company.admin.delete("/holidays?day=2027-05-05").status_code == 204
    refused(company.admin.delete("/holidays?day=2027-05-05"), 404, "company_day_not_found")
    for start, end, code in (
        ("2027-05-01", "2027-05-01", "window_needs_order"),
        ("2027-05-01", "2030-05-01", "window_too_wide"),
    ):
        refused(anna.get("/holidays", from_=start, to=end), 422, code)


@pytest.mark.parametrize("country", ["RU", "DE", "US", "KZ"])
def test_every_country_has_an_answer(company: Company, country: str) -> None:
    path = f"/organizations/{company.organization.id}"
    assert company.admin.patch(path, {"holiday_country": country}).status_code == 200
    answer = company.admin.get("/holidays", from_="2027-01-01", to="2028-01-01")
    assert answer.status_code == 200, answer.text
    assert answer.json()["items"]
