"""Reminders: 100,000 that become due in the same minute, while a worker is killed every five seconds."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack

from bench.message_data import MessageCompany, company_of
from bench.processes import WorkFailed
from bench.servers import Servers
from bench.table import Figure

PEOPLE, EVENTS = 1000, 100
QUICK_EVENTS = 10
KILLED_EVERY = 5.0
PATIENCE_SECONDS = 900.0
PLAN, SEND = "app.tasks.reminder_tasks.plan_reminders", "app.tasks.email_tasks.send_event_reminders"
# As they are stored by the API: each event is a minute later than what is reminded of ten minutes before.
_EVENTS = """
    WITH made AS (
        SELECT gen_random_uuid() AS id, n,
               date_trunc('minute', now()) + interval '11 minutes' + n * interval '0.5 seconds' AS start
        FROM generate_series(1, %(events)s) n
    ), events AS (
        INSERT INTO events (organization_id, id, title, start_time, end_time, start_wall, end_wall, time_zone,
            tzdata_version, calendar_id, organizer_id, is_all_day, status, uid, sequence, span)
        SELECT %(company)s, id, 'Meeting ' || n, start, start + interval '1 hour', start AT TIME ZONE 'UTC',
               (start + interval '1 hour') AT TIME ZONE 'UTC', 'UTC', '2026a', %(calendar)s, %(host)s, false,
               'confirmed', id::text, 0, tstzrange(start, start + interval '1 hour', '[]')
        FROM made RETURNING id, start_time, end_time, span
    ), occurrences AS (
        INSERT INTO event_occurrences (organization_id, series_id, original_start, event_id, calendar_id, starts_at,
            ends_at)
        SELECT %(company)s, id, start_time, id, %(calendar)s, start_time, end_time FROM events
    )
    INSERT INTO event_participants (organization_id, id, event_id, user_id, role, response, span, created_at)
    SELECT %(company)s, gen_random_uuid(), e.id, u.id, 'required', 'accepted', e.span, now()
    FROM events e CROSS JOIN users u
"""


def run(servers: Servers, *, quick: bool) -> Iterator[Figure]:
    """What is missing and what came twice; both must be 0."""
    events = QUICK_EVENTS if quick else EVENTS
    company = company_of(servers, "reminders", PEOPLE)
    host = company.people[0]
    values = {"company": company.id, "calendar": host.calendar, "host": host.id, "events": events}
    with company.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(_EVENTS, values)
        connection.execute("VACUUM (ANALYZE)")
    killed, seconds, sent_in = _send(servers, company)
    expected = events * PEOPLE
    with company.connect() as connection:
        row = connection.execute(
            "SELECT count(*), count(DISTINCT (event_id, user_id)) FROM notifications WHERE type = 'reminder'"
        ).fetchone()
    assert row is not None
    total, distinct = row
    name = f"reminders: {expected:,} due in the same minute"
    rate = expected / sent_in
    told = f"all told {seconds:.0f} s after the first was due, {rate:,.0f} a second"
    yield Figure(name, f"{told}; {killed} workers killed")
    for what, count in (("missing", expected - distinct), ("told twice", total - distinct)):
        yield Figure(f"{name}: {what}", f"{count}", goal="0", reached=not count, must=True)


def _send(servers: Servers, company: MessageCompany) -> tuple[int, float, float]:
    """Plan and send, killing a worker every few seconds: how many were killed, and the seconds from the first that was
    due and from the first that was told.
    """
    killed = 0
    with ExitStack() as stack, company.connect() as connection:
        worker = stack.enter_context(servers.worker("reminders_0", company.database))
        servers.send_tasks([PLAN])
        unsent = "SELECT count(*) FROM due_reminders WHERE sent_at IS NULL"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while connection.execute(unsent).fetchone() == (0,):
            _wait(deadline)
        due = "SELECT count(*) FROM due_reminders WHERE due_at > now()"
        while connection.execute(due).fetchone() != (0,):
            _wait(deadline)
        next_kill = time.monotonic() + KILLED_EVERY
        while connection.execute(unsent).fetchone() != (0,):
            # What beat asks for.
            servers.send_tasks([SEND])
            _wait(deadline)
            if time.monotonic() >= next_kill:
                worker.stop(signal.SIGKILL)
                killed += 1
                worker = stack.enter_context(servers.worker(f"reminders_{killed}", company.database))
                next_kill = time.monotonic() + KILLED_EVERY
        row = connection.execute("""
            SELECT extract(epoch FROM max(sent_at) - min(due_at))::float8,
                   extract(epoch FROM max(sent_at) - min(sent_at))::float8 FROM due_reminders
        """).fetchone()
    assert row is not None
    return killed, float(row[0]), max(float(row[1]), 0.001)


def _wait(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise WorkFailed("the reminders are not sent")
    time.sleep(0.5)
