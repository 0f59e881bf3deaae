"""Whether the three servers say the same, and whether any room is booked twice."""

import json
import urllib.request
from typing import Any

import psycopg

from bench.client import Incorrect
from bench.databases import Database
from bench.processes import Server
from bench.rig import Rig

OVERLAPS_SQL = """
    SELECT count(*)
    FROM room_bookings a
    JOIN room_bookings b ON b.room_id = a.room_id AND b.id > a.id AND b.during && a.during
    WHERE a.state IN ('held', 'pending', 'confirmed') AND b.state IN ('held', 'pending', 'confirmed')
      AND a.room_id = ANY(%s::uuid[])
"""


def fetch(server: Server, path: str, token: str) -> bytes:
    """The body of an answer with status 200."""
    url = f"http://127.0.0.1:{server.port}{path}"
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        body: bytes = answer.read()
        return body


def send(server: Server, path: str, body: dict[str, Any], token: str | None = None) -> bytes:
    """The body of an answer with success to a POST; without a token, of somebody who is not signed in."""
    url = f"http://127.0.0.1:{server.port}{path}"
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    asked = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(asked, timeout=30) as answer:
        told: bytes = answer.read()
        return told


def compare_answers(rig: Rig, people: int = 40) -> float:
    """The mean number of items in a week, found equal item by item in the answers of all three.

    Raises:
        Incorrect: two answers differ, or a week is empty.
    """
    path = f"/api/v1/events?from={rig.week[0]}&to={rig.week[1]}"
    counts = []
    for person in rig.people[:people]:
        ours = fetch(rig.api, path, person.token)
        if fetch(rig.handwritten, path, person.token) != ours:
            raise Incorrect(f"The hand-written answer differs for user {person.user_id}.")
        items, others = (json.loads(body)["items"] for body in (ours, fetch(rig.plain, path, person.token)))
        _compare(items, others, person.user_id)
        counts.append(len(items))
    if not all(counts):
        raise Incorrect("Somebody's week is empty.")
    return sum(counts) / len(counts)


def _compare(items: list[dict[str, Any]], others: list[dict[str, Any]], user_id: str) -> None:
    if len(items) != len(others):
        raise Incorrect(f"The plain answer has {len(others)} items, ours {len(items)}, for user {user_id}.")
    for item, other in zip(items, others, strict=True):
        if item != other:
            raise Incorrect(f"The plain answer differs for user {user_id}: {other} instead of {item}.")


def overlapping_pairs(database: Database, rooms: list[str]) -> int:
    """How many pairs of bookings of one room overlap."""
    with psycopg.connect(database.superuser_url) as connection:
        row = connection.execute(OVERLAPS_SQL, [rooms]).fetchone()
    assert row is not None
    return int(row[0])


def count_bookings(database: Database, rooms: list[str]) -> int:
    """How many bookings the rooms have."""
    with psycopg.connect(database.superuser_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM room_bookings WHERE room_id = ANY(%s::uuid[])", [rooms]
        ).fetchone()
    assert row is not None
    return int(row[0])
