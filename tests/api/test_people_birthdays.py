"""Upcoming birthdays."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient

from app.core.security import create_access_token
from app.services.birthday_service import next_birthday
from tests.support.people import Company, Person, sign_in
from tests.support.planning import accepted, all_pages, refused, settings
from tests.support.tokens import claims_of


@pytest.fixture
def at() -> Iterator[Callable[[datetime], None]]:
    """Set this process's clock."""
    travellers: list[time_machine.travel] = []

    def travel(moment: datetime) -> None:
        traveller = time_machine.travel(moment, tick=False)
        traveller.start()
        travellers.append(traveller)

    yield travel
    for traveller in reversed(travellers):
        traveller.stop()


def upcoming(person: Person, **params: Any) -> list[tuple[str, str]]:
    """(name, date) of each upcoming birthday; with a token that the set clock finds fresh."""
    token = create_access_token({"sub": person.id, "sid": claims_of(person.token)["sid"]})
    asking = Person(person.client, person.user, token, person.refresh_token)
    return [
        (row["full_name"], row["next_birthday"])
        for page in all_pages(asking, "/users/birthdays", **params)
        for row in page
    ]


@pytest.mark.parametrize(
    ("born", "today", "expected"),
    [
        ("1990-03-01", "2026-03-01", "2026-03-01"),
        ("1990-02-28", "2026-03-01", "2027-02-28"),
        ("1992-02-29", "2026-02-28", "2026-03-01"),
        ("1992-02-29", "2026-03-01", "2026-03-01"),
        ("1992-02-29", "2026-03-02", "2027-03-01"),
        ("1992-02-29", "2027-12-31", "2028-02-29"),
        ("1992-02-29", "2028-02-29", "2028-02-29"),
        ("1992-02-29", "2028-03-01", "2029-03-01"),
        ("1990-12-31", "2026-12-31", "2026-12-31"),
        ("1990-01-01", "2026-12-31", "2027-01-01"),
    ],
)
def test_the_next_birthday(born: str, today: str, expected: str) -> None:
    assert next_birthday(date.fromisoformat(born), date.fromisoformat(today)) == date.fromisoformat(expected)


@pytest.mark.parametrize("today", ["2026-12-20", "2027-02-20", "2027-02-28", "2027-03-01", "2028-02-20", "2028-02-29",
                                   "2028-03-01", "2027-07-03", "2027-11-01"])  # fmt: skip
@pytest.mark.parametrize("days", [1, 2, 30, 92])
def test_birthdays_are_those_of_the_next_days_in_order(
    company: Company, at: Callable[[datetime], None], today: str, days: int
) -> None:
    day = date.fromisoformat(today)
    born = ["1990-01-01", "1991-12-31", "1992-02-28", "1992-02-29", "1993-03-01", "1994-03-02", "1995-12-20",
            "1996-01-18", "1997-01-19", "1998-06-15", "1999-07-03", "2000-10-02", "2001-11-01"]  # fmt: skip
    for text in born:
        company.person(full_name=text, birthday=text)
    expected = sorted(
        (next_birthday(date.fromisoformat(text), day).isoformat(), text)
        for text in born
        if next_birthday(date.fromisoformat(text), day) < day + timedelta(days=days)
    )
    at(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    for limit in (2, 100):
        found = upcoming(company.admin, days=days, limit=limit)
        assert sorted((text, name) for name, text in found) == expected
        assert [text for _, text in found] == [text for text, _ in expected]


def test_today_is_the_companys(client: TestClient, at: Callable[[datetime], None]) -> None:
    tokyo, honolulu = (Company.create(client, time_zone=zone) for zone in ("Asia/Tokyo", "Pacific/Honolulu"))
    for company in (tokyo, honolulu):
        company.person(full_name="Fifth", birthday="1990-05-05")
        company.person(full_name="Sixth", birthday="1990-05-06")
    at(datetime(2027, 5, 5, 20, tzinfo=UTC))
    assert upcoming(tokyo.admin, days=1) == [("Sixth", "2027-05-06")]
    assert upcoming(honolulu.admin, days=1) == [("Fifth", "2027-05-05")]


def test_only_active_colleagues_have_birthdays_and_no_year(company: Company, stranger_company: Company) -> None:
    today = datetime.now(UTC).date() + timedelta(days=2)
    born = today.replace(year=1992).isoformat()
    anna = company.person(full_name="Anna", birthday=born, position="Engineer", phone="1234")
    company.person(full_name="Gone", birthday=born, is_active=False)
    company.person(full_name="Nobody knows")
    stranger_company.person(full_name="Stranger", birthday=born)
    for person in (company.admin, anna, company.person()):
        answer = person.get("/users/birthdays", days=5)
        (item,) = accepted(answer)["items"]
        assert (item["id"], item["birthday_day"]) == (anna.id, born[5:])
        assert "1992" not in answer.text


def test_days_are_bounded(client: TestClient, company: Company) -> None:
    with settings(BIRTHDAYS_MAX_DAYS=10):
        accepted(company.admin.get("/users/birthdays", days=10))
        assert "10" in refused(company.admin.get("/users/birthdays", days=11), 422, "too_many_days")["detail"]
    for days in (0, -1, "x", 10**30):
        assert company.admin.get("/users/birthdays", days=days).status_code == 422
    refused(company.admin.get("/users/birthdays", cursor="x"), 422, "bad_cursor")
    assert company.client.get("/users/birthdays").status_code == 401
    refused(sign_in(client, None, role="admin").get("/users/birthdays"), 403, "company_required")
