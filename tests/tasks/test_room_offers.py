"""The workers' rounds for those who wait for rooms: mails about offers, and the end of what is over."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from app import nudger
from app.core.config import get_settings
from app.services.nudges import OFFERS
from app.tasks import room_tasks
from app.tasks.room_tasks import cleanup_room_waiting, expire_room_offers, tell_room_offers
from tests.support.mail import Written, written_to
from tests.support.people import Company, Person
from tests.support.planning import accepted, enter, refused
from tests.support.waiting import Taken, entry_of, expire_offer, meeting, state_of, stored_state


@pytest.fixture
def taken(company: Company) -> Taken:
    return Taken.create(company)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would be sent stays in the outbox, to be looked at; how often it was to be sent."""
    calls: list[str] = []
    monkeypatch.setattr(room_tasks, "send_outbox", lambda: calls.append("sent"))
    return calls


def offers_to(database: psycopg.Connection, person: Person) -> list[Written]:
    """The mails about offers that a person was written."""
    return [mail for mail in written_to(database, person.email) if mail.values.get("why") == "offered"]


def test_whoever_is_offered_a_room_is_told_once_with_the_way_to_it(
    taken: Taken, database: psycopg.Connection, sent: list[str]
) -> None:
    anna, entry = taken.waiting()
    boris, _ = taken.waiting()
    tell_room_offers()
    assert offers_to(database, anna) == []
    taken.free()
    assert tell_room_offers() >= 1
    tell_room_offers()
    (mail,) = offers_to(database, anna)
    assert (mail.template, len(sent)) == ("room_notice", 1)
    assert mail.values["title"] == "Planning"
    assert mail.values["until"].startswith(entry_of(anna, entry)["expires_at"].removesuffix("Z"))
    assert mail.values["url"].endswith(f"/api/v1/rooms/waiting/{entry['id']}")
    assert offers_to(database, boris) == []


def test_a_freed_room_that_somebody_waits_for_wakes_the_workers(taken: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(nudger.nudger, "nudge", asked.extend)
    accepted(taken.owner.patch(f"/events/{taken.event['id']}", {"room_id": None}))
    assert OFFERS not in asked
    accepted(taken.owner.patch(f"/events/{taken.event['id']}", {"room_id": taken.room}))
    anna, first = taken.waiting()
    taken.waiting()
    taken.free()
    assert asked.count(OFFERS) == 1
    anna.delete(f"/rooms/waiting/{first['id']}")
    assert asked.count(OFFERS) == 2
    assert OFFERS in nudger.TASKS


def test_an_offer_that_nobody_takes_ends_and_goes_to_the_next(taken: Taken, database: psycopg.Connection) -> None:
    (anna, first), (boris, second) = taken.waiting(), taken.waiting()
    taken.free()
    expire_room_offers()
    assert stored_state(database, first) == "offered"
    expire_offer(database, first)
    assert expire_room_offers() >= 1
    assert (stored_state(database, first), stored_state(database, second)) == ("expired", "offered")
    # Those who come next are told in the same round.
    assert len(offers_to(database, boris)) == 1
    refused(anna.post(f"/rooms/waiting/{first['id']}/accept"), 409, "offer_over")
    expire_offer(database, second)
    expire_room_offers()
    accepted(anna.post("/events", meeting(room_id=taken.room)), 201)


def _cancelled(person: Person, entry: dict[str, Any]) -> None:
    accepted(person.patch(f"/events/{entry['event_id']}", {"status": "cancelled"}))


def _longer(person: Person, entry: dict[str, Any]) -> None:
    accepted(person.patch(f"/events/{entry['event_id']}", {"end_time": meeting(10, 2)["end_time"]}))


@pytest.mark.parametrize("change", [_cancelled, _longer])
@pytest.mark.parametrize("is_offered", [False, True])
def test_an_entry_whose_meeting_has_changed_ends(
    taken: Taken, database: psycopg.Connection, change: Any, is_offered: bool
) -> None:
    (anna, first), (boris, second) = taken.waiting(), taken.waiting()
    if is_offered:
        taken.free()
    change(anna, first)
    expire_room_offers()
    assert stored_state(database, first) == "expired"
    assert state_of(boris, second) == ("offered" if is_offered else "waiting")


def test_an_entry_of_a_meeting_that_has_begun_ends(taken: Taken, database: psycopg.Connection) -> None:
    _, entry = taken.waiting()
    database.execute("UPDATE room_waiting SET starts_at = now() - interval '1 minute' WHERE id = %s", [entry["id"]])
    expire_room_offers()
    assert stored_state(database, entry) == "expired"


def test_what_the_trigger_left_is_offered_by_the_next_round(taken: Taken, database: psycopg.Connection) -> None:
    anna, entry = taken.waiting()
    with database.transaction():
        database.execute("SELECT FROM rooms WHERE id = %s FOR NO KEY UPDATE", [taken.room])
        taken.free()
    assert stored_state(database, entry) == "waiting"
    expire_room_offers()
    assert stored_state(database, entry) == "offered"
    assert len(offers_to(database, anna)) == 1


def test_a_room_out_of_use_is_waited_for_no_more(taken: Taken, database: psycopg.Connection) -> None:
    _, entry = taken.waiting()
    enter(database, taken.company)
    database.execute("UPDATE rooms SET is_active = false WHERE id = %s", [taken.room])
    expire_room_offers()
    assert stored_state(database, entry) == "expired"


def test_what_ended_long_ago_is_forgotten(taken: Taken, database: psycopg.Connection) -> None:
    (_, old), (_, recent), (_, still) = taken.waiting(), taken.waiting(), taken.waiting()
    ago = timedelta(days=get_settings().ROOM_WAITING_KEEP_DAYS + 1)
    database.execute(
        "UPDATE room_waiting SET starts_at = now() - %s - interval '1 hour', ends_at = now() - %s WHERE id = ANY(%s)",
        [ago, ago, [old["id"], still["id"]]],
    )
    database.execute("UPDATE room_waiting SET state = 'expired' WHERE id = ANY(%s)", [[old["id"], recent["id"]]])
    assert cleanup_room_waiting() >= 1
    assert [stored_state(database, entry) for entry in (old, recent, still)] == [None, "expired", "waiting"]
