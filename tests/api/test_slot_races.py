"""Visitors who race for the same times: the database decides, and turns are fair."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2 as httpx
import psycopg
import pytest

from tests.support.api_process import ApiProcess
from tests.support.people import Company, Person
from tests.support.slots import at, booked, host, kind

VISITORS, HOSTS = 200, 5
# Ten times of each of the hosts.
TIMES = [at(9 + number % 3, days=number // 3) for number in range(10)]
DOUBLES = """
    SELECT count(*) FROM slot_hosts a JOIN slot_hosts b
      ON a.user_id = b.user_id AND a.slot_id < b.slot_id AND a.during && b.during
    WHERE a.organization_id = %s
"""
MEETINGS = """
    SELECT count(*) FROM events a JOIN events b
      ON a.organizer_id = b.organizer_id AND a.id < b.id AND a.start_time < b.end_time AND b.start_time < a.end_time
    WHERE a.organization_id = %s
"""


@pytest.fixture
def hosts(company: Company) -> list[Person]:
    return [host(company, full_name=f"Host {number}") for number in range(HOSTS)]


def offered(hosts: list[Person], **values: Any) -> dict[str, Any]:
    return kind(hosts[0], mode="round_robin", hosts=[{"user_id": one.id} for one in hosts], **values)


def patiently(call: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask again as long as the answer says so: on a busy machine, somebody waits too long for their turn."""
    answer = call()
    while answer.status_code == 409 and answer.json()["code"] == "try_again":
        answer = call()
    return answer


def test_200_visitors_race_for_50_slots_of_a_round_robin_kind_of_5(
    company: Company, hosts: list[Person], database: psycopg.Connection
) -> None:
    page = offered(hosts, is_public=True)["public_url"].rpartition("/api/v1")[2]

    def choose(number: int) -> int:
        form = {"start": TIMES[number % len(TIMES)], "minutes": "60"}
        answer = patiently(lambda: server.client.post(page, data=form, follow_redirects=False))
        assert answer.status_code in (303, 409), answer.text
        return answer.status_code

    # All of them come from one address here.
    with ApiProcess(SLOT_HOLDS_PER_ADDRESS="1000") as server, ThreadPoolExecutor(32) as pool:
        statuses = Counter(pool.map(choose, range(VISITORS)))
    assert statuses == {303: 50, 409: 150}
    assert database.execute(DOUBLES, [company.organization.id]).fetchone() == (0,)
    spread = database.execute(
        "SELECT count(*) FROM slot_hosts WHERE organization_id = %s GROUP BY user_id", [company.organization.id]
    ).fetchall()
    assert spread == [(10,)] * HOSTS


def test_turns_are_even_within_one_while_all_hosts_are_free(
    company: Company, hosts: list[Person], server: ApiProcess, database: psycopg.Connection
) -> None:
    talk = offered(hosts)
    # Each at a time of their own, at which all hosts are free.
    times = [at(9 + number % 3, days=number // 3) for number in range(23)]
    visitors = [server.seen_by(company.person()) for _ in range(23)]

    def book(number: int) -> int:
        body = {"kind_id": talk["id"], "start": times[number]}
        return patiently(lambda: visitors[number].post("/slots/bookings", body)).status_code

    with ThreadPoolExecutor(16) as pool:
        assert Counter(pool.map(book, range(len(visitors)))) == {201: 23}
    assert database.execute(MEETINGS, [company.organization.id]).fetchone() == (0,)
    spread = database.execute(
        "SELECT count(*) FROM slot_hosts WHERE organization_id = %s GROUP BY user_id", [company.organization.id]
    ).fetchall()
    assert sorted(count for (count,) in spread) == [4, 4, 5, 5, 5]


def test_two_kinds_of_one_host_never_book_them_twice(
    company: Company, hosts: list[Person], server: ApiProcess, database: psycopg.Connection
) -> None:
    kinds = [kind(hosts[0], step_minutes=30), kind(hosts[0], durations=[90])]
    visitors = [server.seen_by(company.person()) for _ in range(12)]

    def book(number: int) -> int:
        body = {"kind_id": kinds[number % 2]["id"], "start": at(9, 30 * (number % 2 == 0))}
        return patiently(lambda: visitors[number].post("/slots/bookings", body)).status_code

    with ThreadPoolExecutor(12) as pool:
        statuses = Counter(pool.map(book, range(len(visitors))))
    assert statuses == {201: 1, 409: 11}
    assert database.execute(MEETINGS, [company.organization.id]).fetchone() == (0,)


def test_visitors_and_hosts_at_one_appointment_never_wait_in_a_circle(
    company: Company, hosts: list[Person], server: ApiProcess
) -> None:
    visitor = server.seen_by(company.person())
    owner = server.seen_by(hosts[0])
    talk = kind(hosts[0], max_moves=100)
    booking = booked(company.admin, talk, start=at(9, days=1))
    theirs = visitor.post("/slots/bookings", {"kind_id": talk["id"], "start": at(9)}).json()
    path, event = f"/slots/bookings/{theirs['id']}", f"/events/{theirs['event_id']}"

    def work(number: int) -> int:
        hour = 9 + number % 3
        if number % 2:
            return visitor.post(f"{path}/move", {"start": at(hour)}).status_code
        return owner.patch(event, {"start_time": at(hour), "end_time": at(hour + 1)}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = Counter(pool.map(work, range(24)))
    assert statuses.keys() <= {200, 409}, statuses
    assert booking["state"] == "confirmed"
