"""The fuzz run uses the same servers and databases as the tests."""

import os

import pytest

from tests import conftest
from tests.conftest import client, database

__all__ = ["client", "database", "pytest_configure"]

# Few people send everything, so they come to have more than any person would.
ROOM_FOR_FEW_PEOPLE = {
    "CALENDARS_PER_USER": "10000",
    "DELEGATES_MAX": "1000",
    "FEEDS_PER_USER": "1000",
    "ICS_IMPORTS_OPEN_MAX": "1000",
    "OUTSIDE_FEEDS_PER_USER": "1000",
    "WEBHOOKS_MAX": "1000",
    "TICKET_QUEUES_MAX": "10000",
    "TICKET_CATEGORIES_MAX": "10000",
    "TICKET_VIEWS_MAX": "1000",
    "TICKETS_OPEN_MAX": "100000",
    "ABSENCES_MAX": "10000",
    "ABSENCE_KINDS_MAX": "10000",
    "HOURS_PER_OWNER_MAX": "1000",
    "WORK_PLACE_DAYS_MAX": "20000",
    "APPOINTMENTS_PER_EMAIL": "10000",
    "SLOT_HOLDS_PER_ADDRESS": "100000",
    "INBOUND_MAIL_SECRET": "a secret of the mail server",
    "REPLY_ADDRESS": "planner+{key}@in.firm.example",
    # A stream is read to its end.
    "ROOM_PANEL_STREAM_SECONDS": "1",
}


def pytest_configure(config: pytest.Config) -> None:
    conftest.pytest_configure(config)
    os.environ.update(ROOM_FOR_FEW_PEOPLE)
