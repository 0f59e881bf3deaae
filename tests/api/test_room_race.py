"""All that can happen to a room, at once, while the server is killed: nothing overlaps, no promise is lost."""

import os
import time

import psycopg

from app.models import Role
from bench.room_race import Cast, race
from bench.room_race_checks import check
from tests.support.api_process import ApiProcess
from tests.support.people import Company
from tests.support.servers import superuser_url

CLIENTS, SECONDS = 12, 8.0


def test_a_race_of_bookings_edits_approvals_holds_and_offers_keeps_every_promise(
    company: Company, database: psycopg.Connection
) -> None:
    rooms = [company.admin.create_room()["id"] for _ in range(3)]
    database.execute(
        "INSERT INTO booking_policies (organization_id, id, room_id, in_policy)"
        " VALUES (%s, gen_random_uuid(), %s, 'request')",
        [company.organization.id, rooms[0]],
    )
    people = [company.person(role=Role.EMPLOYEE).token for _ in range(CLIENTS)]
    cast = Cast(people, company.admin.token, rooms, frozenset(rooms[:1]))
    with ApiProcess() as first, ApiProcess() as second:
        bases = [f"http://127.0.0.1:{server.port}/api/v1" for server in (first, second)]

        def kill_now_and_then(seconds: float) -> None:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                time.sleep(2)
                second.kill()
                second.restart()

        journals = race(cast, lambda: bases, clients=CLIENTS, seconds=SECONDS, disturb=kill_now_and_then)
    found = check(superuser_url(os.environ["DATABASE_URL"]), cast, journals)
    assert found.is_clean, found
    assert found.promised > CLIENTS
