"""What was promised arrives, whoever is killed on the way: workers with SIGKILL, in the middle of their work."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest

from app.tasks.email_tasks import send_event_reminders, send_outbox
from tests.support.api_process import ROOT, at_once
from tests.support.mail import MailServer, read_mail
from tests.support.people import Company
from tests.support.planning import settings

KILLS = 3
PEOPLE, OCCURRENCES = 40, 40
_REMINDERS = """
    WITH guests AS (
        INSERT INTO event_participants (organization_id, id, event_id, user_id, role, response, span, created_at)
        SELECT %(company)s, gen_random_uuid(), e.id, p.id, 'required', 'accepted', e.span, now()
        FROM events e, users p WHERE e.id = %(event)s AND p.organization_id = %(company)s AND p.role = 'employee'
    )
    INSERT INTO due_reminders (organization_id, series_id, original_start, user_id, minutes, channel, starts_at, due_at)
    SELECT %(company)s, o.series_id, o.original_start, p.id, 10, 'in_app', o.starts_at, now()
    FROM event_occurrences o, users p
    WHERE o.series_id = %(event)s AND p.organization_id = %(company)s AND p.role = 'employee'
"""


class Killed:
    """A process that does a task of the workers again and again, and is killed a moment after it has begun."""

    def __init__(self, task: str, **environment: str) -> None:
        module, _, name = task.rpartition(".")
        code = f"from {module} import {name}\nprint('ready', flush=True)\nwhile True: {name}()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def kill_after(self, seconds: float) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"
        time.sleep(seconds)
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=30)
        self._process.stdout.close()


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as server, settings(**server.settings):
        yield server


def test_each_reminder_is_told_once_though_workers_are_killed(company: Company, database: psycopg.Connection) -> None:
    series = company.admin.create_event(recurrence_rule=f"FREQ=DAILY;COUNT={OCCURRENCES}")
    for _ in range(PEOPLE):
        company.person()
    database.execute(_REMINDERS, {"company": company.organization.id, "event": series["id"]})
    total = PEOPLE * OCCURRENCES
    for number in range(KILLS):
        Killed("app.tasks.email_tasks.send_event_reminders").kill_after(0.03 * (number + 1))
    # And two of them at once, as two beats would have it.
    at_once(send_event_reminders, send_event_reminders)
    told = database.execute(
        "SELECT count(*), count(DISTINCT (user_id, original_start)) FROM notifications"
        " WHERE organization_id = %s AND type = 'reminder'",
        [company.organization.id],
    ).fetchone()
    assert told == (total, total)


def test_each_invitation_arrives_though_workers_are_killed_and_only_the_same_mail_comes_twice(
    company: Company, database: psycopg.Connection, server: MailServer
) -> None:
    guests = [f"guest-{number}@outside.example" for number in range(60)]
    company.admin.create_event(participants=[{"email": guest} for guest in guests])
    environment = {name: str(value) for name, value in server.settings.items()}
    for number in range(KILLS):
        Killed("app.tasks.email_tasks.send_outbox", **environment).kill_after(0.1 * (number + 1))
        # As if the time had passed after which what a killed worker had in hand is anybody's.
        database.execute(
            "UPDATE outbox_messages SET claimed_until = now() WHERE organization_id = %s", [company.organization.id]
        )
    send_outbox()
    mails = Counter((recipient, str(read_mail(content)["Message-ID"])) for recipient, content in server.contents)
    assert {recipient for recipient, _ in mails} >= set(guests)
    # Of what is promised once there is one mail, however often it came.
    assert len([recipient for recipient, _ in mails if recipient in guests]) == len(guests)
    assert sum(mails.values()) - len(mails) <= KILLS
