"""What the clock does for appointments: holds expire, requests are refused, visitors are reminded once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from app.tasks.appointment_tasks import forget_old_appointments, tend_appointments
from tests.support.mail import written_to
from tests.support.people import Company, Person
from tests.support.planning import accepted
from tests.support.slots import at, booked, free, host, kind


@pytest.fixture
def anna(company: Company) -> Person:
    return host(company)


@pytest.fixture
def boris(company: Company) -> Person:
    return company.person(time_zone="UTC")


def whats(database: psycopg.Connection, person: Person) -> list[str]:
    return [mail.values["what"] for mail in written_to(database, person.email) if mail.template == "appointment"]


def now_due(database: psycopg.Connection, booking: dict[str, Any]) -> None:
    database.execute("UPDATE appointments SET act_at = now() WHERE id = %s", [booking["id"]])


def begins_in(database: psycopg.Connection, booking: dict[str, Any], **ahead: float) -> None:
    """As if it began so soon."""
    start = datetime.now(UTC) + timedelta(**ahead)
    database.execute(
        "UPDATE events SET start_time = %(start)s, end_time = %(end)s WHERE id = %(id)s",
        {"start": start, "end": start + timedelta(hours=1), "id": booking["event_id"]},
    )


def test_what_is_held_and_not_confirmed_goes(
    company: Company, anna: Person, boris: Person, database: psycopg.Connection
) -> None:
    offered = kind(anna, is_public=True)
    page = offered["public_url"].rpartition("/api/v1")[2]
    boris.client.post(page, data={"start": at(9)}, follow_redirects=False)
    of_company = [company.organization.id]
    database.execute("UPDATE appointments SET act_at = now() WHERE organization_id = %s", of_company)
    tend_appointments()
    for table in ("appointments", "availability_slots", "slot_hosts"):
        assert database.execute(f"SELECT count(*) FROM {table} WHERE organization_id = %s", of_company).fetchone() == (
            0,
        )
    assert free(boris, offered) == ["09:00", "10:00", "11:00"]


def test_a_group_that_nobody_is_in_any_more_does_not_meet(
    company: Company, anna: Person, boris: Person, database: psycopg.Connection
) -> None:
    offered = kind(anna, is_public=True, capacity=2)
    booking = booked(boris, offered)
    page = offered["public_url"].rpartition("/api/v1")[2]
    boris.client.post(page, data={"start": at(9)}, follow_redirects=False)
    # Somebody else still fills in the form.
    assert boris.delete(f"/slots/bookings/{booking['id']}").status_code == 204
    assert accepted(anna.get(f"/events/{booking['event_id']}"))["status"] == "confirmed"
    database.execute("UPDATE appointments SET act_at = now() WHERE state = 'held'")
    tend_appointments()
    assert accepted(anna.get(f"/events/{booking['event_id']}"))["status"] == "cancelled"
    assert free(boris, offered) == ["09:00", "10:00", "11:00"]


def test_a_request_that_nobody_decides_is_refused(anna: Person, boris: Person, database: psycopg.Connection) -> None:
    offered = kind(anna, needs_approval=True)
    asked = booked(boris, offered)
    tend_appointments()
    assert accepted(boris.get(f"/slots/bookings/{asked['id']}"))["state"] == "pending"
    now_due(database, asked)
    tend_appointments()
    assert accepted(boris.get(f"/slots/bookings/{asked['id']}"))["state"] == "refused"
    assert whats(database, boris) == ["pending", "refused"]
    assert free(boris, offered) == ["09:00", "10:00", "11:00"]


def test_whoever_booked_is_reminded_once_for_each(anna: Person, boris: Person, database: psycopg.Connection) -> None:
    booking = booked(boris, kind(anna, reminder_minutes=[1440, 60]))
    tend_appointments()
    assert whats(database, boris) == ["confirmed"]
    begins_in(database, booking, hours=20)
    tend_appointments()
    tend_appointments()
    assert whats(database, boris) == ["confirmed", "reminder"]
    database.execute(
        "UPDATE availability_slots SET starts_at = now() + interval '50 minutes' WHERE event_id = %s",
        [booking["event_id"]],
    )
    now_due(database, booking)
    tend_appointments()
    tend_appointments()
    assert whats(database, boris) == ["confirmed", "reminder", "reminder"]


def test_rule_22_moving_voids_the_old_reminders(anna: Person, boris: Person, database: psycopg.Connection) -> None:
    booking = booked(boris, kind(anna, reminder_minutes=[60]))
    begins_in(database, booking, minutes=30)
    tend_appointments()
    assert whats(database, boris) == ["confirmed", "reminder"]
    begins_in(database, booking, minutes=45)
    tend_appointments()
    assert whats(database, boris) == ["confirmed", "reminder", "reminder"]
    begins_in(database, booking, minutes=-5)
    tend_appointments()
    assert whats(database, boris) == ["confirmed", "reminder", "reminder"]


def test_what_is_cancelled_reminds_nobody(anna: Person, boris: Person, database: psycopg.Connection) -> None:
    booking = booked(boris, kind(anna, reminder_minutes=[1440]))
    accepted(anna.patch(f"/events/{booking['event_id']}", {"status": "cancelled"}))
    begins_in(database, booking, hours=2)
    tend_appointments()
    assert whats(database, boris) == ["confirmed"]


def test_who_had_which_appointment_is_forgotten(anna: Person, boris: Person, database: psycopg.Connection) -> None:
    offered = kind(anna)
    old, new = booked(boris, offered, 9), booked(boris, offered, 10)
    database.execute(
        "UPDATE availability_slots SET starts_at = now() - interval '400 days', ends_at = now() - interval '399 days'"
        " WHERE event_id = %s",
        [old["event_id"]],
    )
    forget_old_appointments()
    assert [one["id"] for one in accepted(boris.get("/slots/bookings"))["items"]] == [new["id"]]
