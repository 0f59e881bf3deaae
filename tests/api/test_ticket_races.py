"""Many agents at the same tickets at once: nothing is lost, no state is wrong, no number given twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import psycopg
import pytest

from app.models.ticket import TRANSITIONS, TicketState
from tests.support.api_process import ApiProcess
from tests.support.desk import Desk, changed, made, read, soon
from tests.support.people import Company, Person

AGENTS, TICKETS, CHANGES = 32, 4, 6
STATES = ("open", "pending", "resolved", "closed")


@pytest.fixture
def desk(company: Company) -> Desk:
    return Desk.open(company)


def agents(desk: Desk, count: int = AGENTS) -> list[Person]:
    people = [desk.company.person(full_name=f"Agent {number}") for number in range(count)]
    desk.members(*((person, "work") for person in people))
    return people


def test_32_agents_change_the_same_tickets(desk: Desk, server: ApiProcess, database: psycopg.Connection) -> None:
    people = [server.seen_by(person) for person in agents(desk)]
    tickets = [desk.ticket() for _ in range(TICKETS)]

    def work(number: int) -> list[tuple[str, int, dict[str, Any]]]:
        random, done = Random(number), []
        for step in range(CHANGES):
            ticket = tickets[random.randrange(TICKETS)]
            path = f"/tickets/{ticket['id']}"
            if step % 2:
                values: dict[str, Any] = {"state": random.choice(STATES)}
                if values["state"] == "pending":
                    values |= {"pending_reason": "Toner", "pending_until": soon(days=1)}
            else:
                # What each writes is theirs alone, so a change that is lost would be missed.
                values = {"title": f"{number}-{step}"}
            seen = people[number].get(path).json()["version"]
            answer = people[number].patch(path, values, headers={"If-Match": f'"{seen}"'} if step % 3 else {})
            assert answer.status_code in (200, 409, 412), answer.text
            if answer.status_code == 200:
                done.append((ticket["id"], answer.json()["version"], values))
        return done

    with ThreadPoolExecutor(AGENTS) as pool:
        done = [one for changes in pool.map(work, range(AGENTS)) for one in changes]
    for ticket in tickets:
        mine = [(version, values) for id_, version, values in done if id_ == ticket["id"]]
        history = read(desk.company.admin, ticket, "/history?limit=500")
        # Every title that was acknowledged is in the history, each on top of the one before.
        titles = [row for row in history if row["field"] == "title"]
        assert sorted(row["after"] for row in titles) == sorted(v["title"] for _, v in mine if "title" in v)
        assert {row["before"] for row in titles} == {"Printer", *(row["after"] for row in titles)} - {
            read(desk.company.admin, ticket)["title"]
        }
        states = [(row["before"], row["after"]) for row in history if row["field"] == "state"][1:]
        assert all(TicketState(after) in TRANSITIONS[TicketState(before)] for before, after in states)
        row = database.execute(
            "SELECT state, version,"
            " (SELECT count(*) FROM ticket_pauses p WHERE p.ticket_id = t.id AND ended_at IS NULL)"
            " FROM tickets t WHERE id = %s",
            [ticket["id"]],
        ).fetchone()
        assert row is not None
        assert row[0] == (states[-1][1] if states else "new")
        # Two changes of a row never give it the same version.
        versions = [version for version, values in mine if "title" in values]
        assert len(versions) == len(set(versions))
        assert row[2] == (row[0] in ("pending", "resolved", "closed"))


def test_numbers_without_doubles_or_gaps(desk: Desk) -> None:
    def make(number: int) -> int:
        count: int = made(desk.requester, "/tickets", title=f"T{number}", queue_id=desk.queue["id"])["number"]
        return count

    with ThreadPoolExecutor(16) as pool:
        numbers = list(pool.map(make, range(40)))
    assert sorted(numbers) == list(range(1, 41))


def test_in_turn_also_at_once(desk: Desk) -> None:
    assert desk.company.admin.patch(desk.path, {"assignment": "round_robin"}).status_code == 200

    def make(number: int) -> str:
        ticket = made(desk.requester, "/tickets", title=f"T{number}", queue_id=desk.queue["id"])
        return str(ticket["assignee"]["id"])

    with ThreadPoolExecutor(10) as pool:
        given = list(pool.map(make, range(20)))
    assert given.count(desk.agent.id) == given.count(desk.other.id) == 10


def test_two_tickets_on_one_thing_resolved_and_reopened_at_once(desk: Desk) -> None:
    place = desk.company.admin.create_room(equipment=[{"name": "projector", "quantity": 1}])
    thing = place["equipment"][0]["id"]
    tickets = [desk.ticket(type="incident", room_id=place["id"], equipment_id=thing) for _ in range(4)]

    def turn(state: str) -> Callable[[dict[str, Any]], int]:
        return lambda ticket: desk.agent.patch(f"/tickets/{ticket['id']}", {"state": state}).status_code

    def out_of_order() -> int:
        count: int = desk.agent.get(f"/rooms/{place['id']}").json()["equipment"][0]["out_of_order"]
        return count

    with ThreadPoolExecutor(len(tickets)) as pool:
        for _ in range(4):
            assert set(pool.map(turn("resolved"), tickets[1:])) == {200}
            # The first one says still that it is broken.
            assert out_of_order() == 1
            assert set(pool.map(turn("resolved"), tickets[:1])) == {200}
            assert out_of_order() == 0
            assert set(pool.map(turn("open"), tickets)) == {200}
            assert out_of_order() == 1


def test_links_closed_into_a_circle_at_once(desk: Desk) -> None:
    first, second = desk.ticket(), desk.ticket()

    def link(pair: tuple[dict[str, Any], dict[str, Any]]) -> int:
        body = {"kind": "blocks", "ticket_id": pair[1]["id"]}
        return desk.agent.post(f"/tickets/{pair[0]['id']}/links", body).status_code

    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(link, [(first, second), (second, first)])) == [201, 409]
        (one,) = read(desk.agent, first, "/links")
        assert desk.agent.delete(f"/tickets/{first['id']}/links/{one['id']}").status_code == 204


def test_merged_both_ways_at_once(desk: Desk) -> None:
    first, second = desk.ticket(), desk.ticket()

    def merge(pair: tuple[dict[str, Any], dict[str, Any]]) -> int:
        return desk.agent.post(f"/tickets/{pair[0]['id']}/merge", {"into_id": pair[1]["id"]}).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(merge, [(first, second), (second, first)])) == [200, 409]
    assert sorted(read(desk.agent, one)["state"] for one in (first, second)) == ["closed", "new"]
    assert changed(desk.agent, first if read(desk.agent, first)["state"] == "new" else second, state="open")
