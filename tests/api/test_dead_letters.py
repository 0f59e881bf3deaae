"""What could not be sent: administrators see it and have it tried again."""

import psycopg
import pytest

from app.tasks.email_tasks import send_outbox
from tests.support.mail import MailServer
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, all_pages, refused, settings

PATH = "/outbox/dead-letters"


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna")


def give_up(database: psycopg.Connection, company: Company) -> None:
    database.execute(
        "UPDATE outbox_messages SET failed_at = now(), error = 'refused', attempts = 10 WHERE organization_id = %s",
        [company.organization.id],
    )


def test_what_was_refused_is_shown_without_its_content_and_arrives_when_it_is_tried_again(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    company.admin.create_event(title="Secret plan", participants=[{"user_id": anna.id}])
    with MailServer() as server, settings(**server.settings):
        server.answers[anna.email] = "550 no such user"
        send_outbox()
        (letter,) = accepted(company.admin.get(PATH))["items"]
        assert (letter["channel"], letter["recipient"], letter["can_retry"]) == ("mail", anna.email, True)
        assert "550" in letter["error"]
        assert "Secret plan" not in str(letter)
        del server.answers[anna.email]
        assert company.admin.post(f"{PATH}/{letter['id']}/retry").status_code == 204
        assert accepted(company.admin.get(PATH))["items"] == []
        send_outbox()
        assert [recipient for recipient, _ in server.contents].count(anna.email) == 1
    refused(company.admin.post(f"{PATH}/{letter['id']}/retry"), 404, "dead_letter_not_found")


def test_all_can_be_tried_again_or_those_of_a_channel(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    for _ in range(3):
        company.admin.create_event(participants=[{"user_id": anna.id}])
    give_up(database, company)
    assert [len(page) for page in all_pages(company.admin, PATH, limit=2)] == [2, 1]
    assert accepted(company.admin.get(PATH, channel="push"))["items"] == []
    assert accepted(company.admin.post(f"{PATH}/retry", params={"channel": "webhook"}))["count"] == 0
    assert accepted(company.admin.post(f"{PATH}/retry"))["count"] == 3
    mail, *_ = accepted(company.admin.get("/outbox/status"))["channels"]
    assert (mail["channel"], mail["waiting"], mail["failed"]) == ("mail", 3, 0)
    assert mail["oldest_due_at"]


def test_a_mail_that_signs_somebody_in_is_made_anew_instead(company: Company, database: psycopg.Connection) -> None:
    path = f"/organizations/{company.organization.id}/invitations"
    accepted(company.admin.post(path, {"email": "new@example.com"}), 201)
    give_up(database, company)
    (letter,) = accepted(company.admin.get(PATH))["items"]
    assert letter["can_retry"] is False
    refused(company.admin.post(f"{PATH}/{letter['id']}/retry"), 409, "dead_letter_has_secret")
    assert accepted(company.admin.post(f"{PATH}/retry"))["count"] == 0
    assert company.admin.delete(f"{PATH}/{letter['id']}").status_code == 204
    assert accepted(company.admin.get(PATH))["items"] == []


def test_only_administrators_of_the_company_see_it(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    company.admin.create_event(participants=[{"user_id": anna.id}])
    give_up(database, company)
    (letter,) = accepted(company.admin.get(PATH))["items"]
    refused(anna.get(PATH), 403, "admin_only")
    refused(anna.get("/outbox/status"), 403, "admin_only")
    other = Company.create(company.client).admin
    assert accepted(other.get(PATH))["items"] == []
    refused(other.post(f"{PATH}/{letter['id']}/retry"), 404, "dead_letter_not_found")
    refused(other.delete(f"{PATH}/{letter['id']}"), 404, "dead_letter_not_found")
    refused(company.admin.delete(f"{PATH}/{MISSING_ID}"), 404, "dead_letter_not_found")
