"""Idempotency-Key: a POST that is sent twice is carried out once, and both times answered the same."""

from collections import Counter
from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from app.models.base import now
from app.services import idempotency_service
from app.tasks.cleanup_tasks import cleanup_idempotency_keys
from tests.bad_input.routes import PREFIX, document
from tests.support.api_process import ApiProcess, at_once
from tests.support.people import Company, Person, event
from tests.support.planning import accepted, refused, settings


@pytest.fixture
def key() -> Iterator[dict[str, str]]:
    """The header of a key of its own."""
    return {"Idempotency-Key": f'"{uuid4()}"'}


def count_of(database: psycopg.Connection, company: Company, table: str = "events") -> int:
    row = database.execute(
        f"SELECT count(*) FROM {table} WHERE organization_id = %s".encode(), [company.organization.id]
    ).fetchone()
    assert row is not None
    return int(row[0])


def told(answer: Any) -> tuple[Any, ...]:
    """What two answers to the same request must have in common: all of it."""
    names = ("etag", "location", "content-type")
    return answer.status_code, answer.content, *(answer.headers.get(name) for name in names)


def test_a_repeated_request_is_answered_again_and_not_carried_out_again(
    company: Company, database: psycopg.Connection, key: dict[str, str]
) -> None:
    first, second = (company.admin.post("/events", event(title="Once"), headers=key) for _ in range(2))
    assert first.status_code == 201
    assert told(first) == told(second)
    assert second.headers["location"] == f"/api/v1/events/{first.json()['id']}"
    assert second.headers["etag"] == '"1"'
    assert count_of(database, company) == 1


def test_without_a_key_each_request_is_carried_out(company: Company, database: psycopg.Connection) -> None:
    for _ in range(2):
        accepted(company.admin.post("/events", event()), 201)
    assert (count_of(database, company), count_of(database, company, "idempotency_keys")) == (2, 0)


@pytest.mark.parametrize("rounds", range(2))
def test_fifty_at_once_make_one_event(
    company: Company, server: ApiProcess, database: psycopg.Connection, key: dict[str, str], rounds: int
) -> None:
    admin = server.seen_by(company.admin)
    room = company.admin.create_room()
    body = event(room_id=room["id"], recurrence_rule="FREQ=DAILY;COUNT=5")
    answers = at_once(*[lambda: admin.post("/events", body, headers=key)] * 50)
    assert Counter(answer.status_code for answer in answers) == {201: 50}
    assert len({told(answer) for answer in answers}) == 1
    assert (count_of(database, company), count_of(database, company, "room_bookings")) == (1, 5)


@pytest.mark.parametrize(
    "send",
    [
        lambda person, headers: person.post("/events", event(title="Another"), headers=headers),
        lambda person, headers: person.post("/calendars", {"name": "Another noun"}, headers=headers),
        lambda person, headers: person.post("/events?dry_run=false", event(), headers=headers),
    ],
    ids=["body", "route", "query"],
)
def test_a_key_names_one_request_only(
    company: Company, database: psycopg.Connection, key: dict[str, str], send: Callable[..., Any]
) -> None:
    accepted(company.admin.post("/events", event(), headers=key), 201)
    problem = refused(send(company.admin, key), 422, "idempotency_key_reused")
    assert problem["field"] == "Idempotency-Key"
    assert count_of(database, company) == 1


def test_each_person_has_keys_of_their_own(company: Company, database: psycopg.Connection, key: dict[str, str]) -> None:
    bodies = [
        accepted(person.post("/events", event(), headers=key), 201) for person in (company.admin, company.person())
    ]
    assert bodies[0]["organizer_id"] != bodies[1]["organizer_id"]
    assert count_of(database, company) == 2


def test_a_refusal_frees_the_key(company: Company, key: dict[str, str]) -> None:
    room = company.admin.create_room()
    taken = company.admin.create_event(room_id=room["id"])
    body = event(title="Later", room_id=room["id"])
    refused(company.admin.post("/events", body, headers=key), 409, "room_taken")
    refused(company.admin.post("/events", event(room_id=str(uuid4())), headers=key), 404, "room_not_found")
    assert company.admin.delete(f"/events/{taken['id']}").status_code == 204
    assert accepted(company.admin.post("/events", body, headers=key), 201)["title"] == "Later"


def test_a_crash_leaves_neither_the_change_nor_the_key(
    company: Company, database: psycopg.Connection, key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(idempotency_service, "keep", crash)
        refused(company.admin.post("/events", event(), headers=key), 500, "internal_error")
    assert (count_of(database, company), count_of(database, company, "idempotency_keys")) == (0, 0)
    accepted(company.admin.post("/events", event(), headers=key), 201)


def test_what_is_only_tried_uses_up_no_key(company: Company, database: psycopg.Connection, key: dict[str, str]) -> None:
    for answer in ("true", "1", "True"):
        accepted(company.admin.post(f"/events?dry_run={answer}", event(title="Tried"), headers=key))
    assert count_of(database, company, "idempotency_keys") == 0
    assert accepted(company.admin.post("/events", event(title="Done"), headers=key), 201)["title"] == "Done"


def test_whoever_waits_too_long_for_the_first_is_told_to_try_again(
    company: Company, database: psycopg.Connection, key: dict[str, str]
) -> None:
    """The first request is another transaction here, which holds the key and does not end."""
    is_held, may_end = Event(), Event()

    def hold() -> None:
        with psycopg.connect(database.info.dsn, password=database.info.password) as connection:
            connection.execute(
                "INSERT INTO idempotency_keys (organization_id, user_id, key, fingerprint, created_at)"
                " VALUES (%s, %s, %s, '', now())",
                [company.organization.id, company.admin.id, key["Idempotency-Key"]],
            )
            is_held.set()
            may_end.wait(timeout=30)
            connection.rollback()

    holder = Thread(target=hold)
    holder.start()
    try:
        assert is_held.wait(timeout=30)
        answer = company.admin.post("/events", event(), headers=key)
        refused(answer, 409, "try_again")
        assert answer.headers["retry-after"] == "1"
    finally:
        may_end.set()
        holder.join()
    accepted(company.admin.post("/events", event(), headers=key), 201)


@pytest.mark.parametrize("bad", ["", " ", "two words", "x" * 256, "ключ", "tab\tinside", "é"])
def test_a_key_is_visible_ascii(company: Company, database: psycopg.Connection, bad: str) -> None:
    answer = company.admin.post("/events", event(), headers={"Idempotency-Key": bad.encode()})
    refused(answer, 422, "invalid_request")
    assert count_of(database, company) == 0


@pytest.mark.parametrize("good", ["x", "x" * 255, '"8e03978e-40d5-43e8-bc93-6894a57f9324"', "a'b;--"])
def test_any_visible_ascii_is_a_key(company: Company, database: psycopg.Connection, good: str) -> None:
    for _ in range(2):
        accepted(company.admin.post("/events", event(), headers={"Idempotency-Key": good}), 201)
    assert count_of(database, company) == 1


def test_two_keys_are_one_too_many(company: Company) -> None:
    headers = [("Authorization", f"Bearer {company.admin.token}"), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = company.admin.client.post("/events", json=event(), headers=headers)
    refused(answer, 422, "idempotency_key_twice")


def test_every_post_that_books_or_creates_takes_a_key() -> None:
    """Whatever comes below these nouns takes it too, since the router says so and not the route."""
    below = ("/events", "/calendars", "/rooms")
    # These only read; the answers of those hold a secret, which is kept nowhere; and at a door nobody is signed in.
    reading = ("/events/find-time", "/rooms/for-series")
    secret = ("/calendars/{calendar_id}/feeds", "/rooms/{room_id}/panel-token")
    unsigned = (
        "/rooms/check-in",
        *(f"/rooms/{{room_id}}/panel/{what}" for what in ("book", "check-in", "end", "extend")),
    )
    others = {f"{PREFIX}{path}" for path in (*reading, *secret, *unsigned)}
    for path, operations in document()["paths"].items():
        if path.removeprefix(PREFIX).startswith(below) and path not in others and "post" in operations:
            names = {parameter["name"] for parameter in operations["post"].get("parameters", [])}
            assert "idempotency-key" in names, path
        for method, operation in operations.items():
            if method != "post":
                assert "idempotency-key" not in {each["name"] for each in operation.get("parameters", [])}


def test_rooms_calendars_and_participants_are_made_once(
    company: Company, database: psycopg.Connection, key: dict[str, str]
) -> None:
    made = company.admin.create_event()
    guest: Person = company.person()
    before = count_of(database, company, "calendars")
    for number, (path, body) in enumerate(
        [
            ("/rooms", {"name": "Blue", "capacity": 4}),
            ("/calendars", {"name": "Team"}),
            (f"/events/{made['id']}/participants", {"user_id": guest.id}),
        ]
    ):
        headers = {"Idempotency-Key": f"{key['Idempotency-Key']}{number}"}
        answers = [company.admin.post(path, body, headers=headers) for _ in range(2)]
        assert answers[0].status_code == 201, answers[0].text
        assert told(answers[0]) == told(answers[1])
    assert count_of(database, company, "calendars") == before + 1


def test_a_file_is_attached_once(company: Company, database: psycopg.Connection, key: dict[str, str]) -> None:
    path = f"/events/{company.admin.create_event()['id']}/attachments"

    def attach(content: bytes, name: str = "notes.txt") -> Any:
        return company.admin.call("POST", path, content=content, params={"name": name}, headers=key)

    first, second = attach(b"Notes"), attach(b"Notes")
    assert first.status_code == 201, first.text
    assert told(first) == told(second)
    refused(attach(b"Other notes"), 422, "idempotency_key_reused")
    refused(attach(b"Notes", "other.txt"), 422, "idempotency_key_reused")
    assert count_of(database, company, "event_attachments") == 1


def test_what_is_refused_uses_up_no_key(company: Company, database: psycopg.Connection, key: dict[str, str]) -> None:
    refused(company.person().post("/rooms", {"name": "Mine", "capacity": 2}, headers=key), 403, "admin_or_it_only")
    answer = company.admin.client.post("/events", json=event(), headers=key)
    refused(answer, 401, "not_authenticated")
    assert count_of(database, company, "idempotency_keys") == 0


def test_the_newest_keys_of_a_person_are_kept(company: Company, database: psycopg.Connection) -> None:
    with settings(IDEMPOTENCY_KEYS_PER_USER=2):
        for name in ("a", "b", "c", "d"):
            accepted(company.admin.post("/events", event(), headers={"Idempotency-Key": name}), 201)
        rows = database.execute(
            "SELECT key FROM idempotency_keys WHERE organization_id = %s ORDER BY key", [company.organization.id]
        ).fetchall()
    assert rows == [("c",), ("d",)]


def test_a_large_answer_is_not_kept_but_not_made_twice_either(
    company: Company, database: psycopg.Connection, key: dict[str, str]
) -> None:
    with settings(IDEMPOTENCY_MAX_BODY_BYTES=100):
        made = accepted(company.admin.post("/events", event(), headers=key), 201)
    problem = refused(company.admin.post("/events", event(), headers=key), 409, "idempotency_answer_not_kept")
    assert f"/api/v1/events/{made['id']}" in problem["detail"]
    assert count_of(database, company) == 1


def test_keys_are_forgotten_after_a_day(company: Company, database: psycopg.Connection) -> None:
    for name, hours in (("old", 25), ("new", 23)):
        accepted(company.admin.post("/events", event(), headers={"Idempotency-Key": name}), 201)
        database.execute(
            "UPDATE idempotency_keys SET created_at = %s - make_interval(hours => %s)"
            " WHERE organization_id = %s AND key = %s",
            [now(), hours, company.organization.id, name],
        )
    assert cleanup_idempotency_keys() >= 1
    rows = database.execute("SELECT key FROM idempotency_keys WHERE organization_id = %s", [company.organization.id])
    assert rows.fetchall() == [("new",)]
