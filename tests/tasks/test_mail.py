"""Mail from the outbox to a real SMTP server, and what happens when that does not want it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from aiosmtpd.smtp import AuthResult
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.core import tenancy
from app.core.config import get_settings
from app.core.ids import new_id
from app.core.mail import FolderMailer, open_mailer
from app.db import SessionLocal
from app.services import delivery_service, outbox_service
from app.services.delivery_service import Parcel
from app.services.mail_sending import MailWay
from app.services.outbox_service import Mail, MailTemplate
from app.supervisor.ports import free_port
from app.supervisor.waiting import retry_until
from app.tasks import deliveries
from app.tasks.cleanup_tasks import cleanup_invitations_and_mail
from app.tasks.email_tasks import send_outbox
from app.tasks.rounds import in_company
from tests.support.api_process import ApiProcess, at_once
from tests.support.mail import MailServer, body_of, written_to
from tests.support.people import PASSWORD, Company
from tests.support.planning import accepted, settings
from tests.support.worker_process import running_worker

SECONDS = 60
STATE = "attempts, sent_at IS NOT NULL, failed_at IS NOT NULL, values = '{}', error, due_at"


@pytest.fixture(autouse=True)
def only_own_mail(database: psycopg.Connection) -> None:
    """What other tests left in the outbox is not sent here."""
    database.execute("UPDATE outbox_messages SET failed_at = now() WHERE sent_at IS NULL AND failed_at IS NULL")


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A mail server that Planner is set to use."""
    with MailServer() as server, settings(**server.settings):
        yield server


def somebody() -> str:
    return f"somebody-{new_id().hex}@elsewhere.example"


def invite(company: Company, email: str | None = None, **values: Any) -> str:
    """The address to which an invitation was written."""
    email = email or somebody()
    path = f"/organizations/{company.organization.id}/invitations"
    accepted(company.admin.post(path, {"email": email, **values}), 201)
    return email


def state(database: psycopg.Connection, email: str) -> Any:
    row = database.execute(f"SELECT {STATE} FROM outbox_messages WHERE recipient = %s", [email]).fetchone()
    assert row is not None
    return row


def make_due(database: psycopg.Connection, email: str) -> None:
    database.execute("UPDATE outbox_messages SET due_at = now() WHERE recipient = %s", [email])


def token_in(message: EmailMessage, kind: str = "plain") -> str:
    """The token in the link of a mail."""
    return body_of(message, kind).partition("token=")[2].split()[0].partition('"')[0]


# What arrives


@pytest.mark.parametrize(
    ("locale", "subject", "words"),
    [
        ("en", "Invitation to Ромашка & <Co> in Planner", "Anna <Admin> invites you"),
        ("ru", "Приглашение в Planner: Ромашка & <Co>", "Anna <Admin> приглашает вас"),
    ],
)
def test_an_invitation_arrives_in_the_companys_language_with_a_link_that_works(
    client: TestClient, company: Company, server: MailServer, locale: str, subject: str, words: str
) -> None:
    path = f"/organizations/{company.organization.id}"
    accepted(company.admin.patch(path, {"locale": locale, "name": "Ромашка & <Co>"}))
    accepted(company.admin.patch(f"/users/{company.admin.id}", {"full_name": "Anna <Admin>"}))
    email = invite(company, full_name="Олег")
    assert send_outbox() == 1
    (message,) = server.mails_to(email)
    assert (message["Subject"], message["To"], message["Content-Language"]) == (subject, email, locale)
    assert message["From"] == "Planner <planner@localhost>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.tzinfo is not None
    assert message.get_content_type() == "multipart/alternative"
    plain, html = body_of(message, "plain"), body_of(message, "html")
    assert words in plain
    assert "Ромашка & <Co>" in plain
    assert "Олег" in plain
    assert "(Europe/Berlin)" in plain
    assert f'<html lang="{locale}">' in html
    assert "Ромашка &amp; &lt;Co&gt;" in html
    assert "<Co>" not in html
    assert token_in(message) == token_in(message, "html")
    shown = client.get("/auth/invitation", params={"token": token_in(message)})
    assert accepted(shown)["email"] == email
    body = {"email": email, "password": PASSWORD, "invitation_token": token_in(message)}
    accepted(client.post("/auth/register", json=body), 201)


def test_the_link_leads_where_the_installation_says(company: Company, server: MailServer) -> None:
    with settings(PUBLIC_URL="https://planner.firm.example/"):
        first = invite(company)
    with settings(INVITATION_URL="https://front.example/join#token={token}"):
        second = invite(company)
    send_outbox()
    link = "https://planner.firm.example/api/v1/auth/invitation?token="
    assert link in body_of(server.mails_to(first)[0], "plain")
    assert "https://front.example/join#token=" in body_of(server.mails_to(second)[0], "plain")


def test_what_people_type_adds_no_header_and_no_line(
    company: Company, server: MailServer, database: psycopg.Connection
) -> None:
    path = f"/organizations/{company.organization.id}"
    accepted(company.admin.patch(path, {"name": "Firm\r\nBcc: evil@example.com\n\nBuy!", "locale": "en"}))
    email = invite(company, full_name="Oleg\nhttp://evil.example")
    send_outbox()
    (message,) = server.mails_to(email)
    assert message["Bcc"] is None
    assert message["Subject"] == "Invitation to Firm Bcc: evil@example.com Buy! in Planner"
    assert "Hello, Oleg http://evil.example!" in body_of(message, "plain")
    assert [recipient for recipient, _ in server.contents] == [email]


def test_a_mail_is_sent_once_and_its_secrets_are_forgotten(
    company: Company, server: MailServer, database: psycopg.Connection
) -> None:
    email = invite(company)
    assert "token=" in written_to(database, email)[0].values["url"]
    assert send_outbox() == 1
    assert send_outbox() == 0
    assert len(server.mails_to(email)) == 1
    assert state(database, email)[:5] == (1, True, False, True, None)


def test_two_workers_at_once_send_each_mail_once_over_few_connections(company: Company, server: MailServer) -> None:
    emails = [invite(company) for _ in range(12)]
    assert sum(at_once(send_outbox, send_outbox)) == 12
    assert [len(server.mails_to(email)) for email in emails] == [1] * 12
    assert server.connections <= 2


def test_every_company_has_its_turn(
    company: Company, client: TestClient, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MESSAGES_A_TURN", 2)
    other = Company.create(client)
    many, few = [invite(company) for _ in range(5)], [invite(other)]
    assert send_outbox() == 6
    order = [recipient for recipient, _ in server.contents]
    assert sorted(order) == sorted(many + few)
    assert order.index(few[0]) <= 2


def test_a_mail_whose_commit_was_lost_goes_again_with_the_same_message_id(
    company: Company, server: MailServer, database: psycopg.Connection
) -> None:
    email = invite(company)
    company_id = company.organization.id
    with open_mailer(get_settings()) as mailer:
        assert mailer is not None
        way = MailWay(mailer)
        with in_company(company_id, "test") as session:
            (parcel,) = delivery_service.claim(session, company_id, way, 20)
        assert way.send(parcel).delivery == "sent"
    # Whoever had it in hand is gone before that was noted.
    assert send_outbox() == 0
    database.execute("UPDATE outbox_messages SET claimed_until = now() WHERE recipient = %s", [email])
    assert send_outbox() == 1
    first, second = server.mails_to(email)
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Message-ID"].endswith("@localhost>")


def test_the_mails_of_a_deleted_company_stay(
    company: Company, server: MailServer, database: psycopg.Connection
) -> None:
    email = invite(company)
    database.execute("UPDATE organizations SET deleted_at = now() WHERE id = %s", [company.organization.id])
    assert send_outbox() == 0
    assert server.mails_to(email) == []


def test_an_address_with_a_russian_domain_is_reached(company: Company, server: MailServer) -> None:
    invite(company, "oleg@почта-фирмы.рф")
    assert send_outbox() == 1
    ((recipient, _),) = server.contents
    assert recipient == "oleg@xn----7sbzqgflmu0a5c.xn--p1ai"


# When the server does not want it


def test_a_temporary_refusal_is_tried_again_after_twice_the_wait(
    company: Company, server: MailServer, database: psycopg.Connection
) -> None:
    email = invite(company)
    server.answers[email] = "451 greylisted, come back later"
    for attempt, minutes in enumerate((1, 2, 4), start=1):
        started = datetime.now(UTC)
        assert send_outbox() == 0
        *facts, due = state(database, email)
        assert facts == [attempt, False, False, False, "451 greylisted, come back later"]
        wait = timedelta(minutes=minutes)
        assert started + wait <= due <= datetime.now(UTC) + wait
        assert send_outbox() == 0
        assert state(database, email)[0] == attempt, "it was tried before it was due"
        make_due(database, email)
    del server.answers[email]
    assert send_outbox() == 1
    assert state(database, email)[:5] == (4, True, False, True, None)


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_a_permanent_refusal_ends_it(
    company: Company, server: MailServer, database: psycopg.Connection, step: str
) -> None:
    email, other = invite(company), invite(company)
    answers = server.answers if step == "RCPT" else server.data_answers
    answers[email] = "550 no such user"
    assert send_outbox() == 1
    assert state(database, email)[:5] == (1, False, True, True, "550 no such user")
    assert len(server.mails_to(other)) == 1
    make_due(database, email)
    assert send_outbox() == 0


def test_a_mail_is_given_up_after_the_last_attempt(
    company: Company, server: MailServer, database: psycopg.Connection
) -> None:
    email = invite(company)
    server.data_answers[email] = "452 out of space"
    with settings(OUTBOX_MAX_ATTEMPTS=2):
        for failed in (False, True):
            make_due(database, email)
            send_outbox()
            assert state(database, email)[2] is failed
    assert state(database, email)[:5] == (2, False, True, True, "452 out of space")


def test_while_the_server_is_away_mails_wait_and_only_one_counts_the_attempt(
    company: Company, database: psycopg.Connection
) -> None:
    first, second = invite(company), invite(company)
    with settings(SMTP_HOST="127.0.0.1", SMTP_PORT=free_port(), SMTP_TLS="none"):
        assert send_outbox() == 0
    assert [state(database, email)[0] for email in (first, second)] == [1, 0]
    assert "refused" in state(database, first)[4].lower()
    make_due(database, first)
    with MailServer() as server, settings(**server.settings):
        assert send_outbox() == 2


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_server_that_wants_a_password_gets_it(company: Company, database: psycopg.Connection) -> None:
    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"planner", b"right"), handled=False)

    email = invite(company)
    with MailServer(authenticator=check, auth_required=True, auth_require_tls=False) as server:
        with settings(**server.settings):
            assert send_outbox() == 0
            assert state(database, email)[4].startswith("530")
            make_due(database, email)
        with settings(**server.settings, SMTP_USER="planner", SMTP_PASSWORD="wrong"):
            assert send_outbox() == 0
            *facts, reason, _ = state(database, email)
            assert facts == [2, False, False, False]
            assert reason.startswith("535")
            make_due(database, email)
        with settings(**server.settings, SMTP_USER="planner", SMTP_PASSWORD="right"):
            assert send_outbox() == 1
    assert len(server.mails_to(email)) == 1


def test_a_server_without_the_encryption_that_was_asked_for_gets_nothing(
    company: Company, server: MailServer, database: psycopg.Connection
) -> None:
    email = invite(company)
    with settings(SMTP_TLS="starttls"):
        assert send_outbox() == 0
    make_due(database, email)
    with settings(SMTP_TLS="tls"):
        assert send_outbox() == 0
    assert server.contents == []
    assert state(database, email)[0] == 2


def test_a_mail_that_cannot_be_composed_keeps_no_other_from_leaving(
    company: Company, server: MailServer, database: psycopg.Connection
) -> None:
    broken = somebody()
    with SessionLocal.begin() as session:
        tenancy.enter(session, company.organization.id, origin="test")
        mail = Mail(MailTemplate.INVITATION, broken, "en", {"url": "x"})
        outbox_service.enqueue(session, company.organization.id, [mail])
    email = invite(company)
    assert send_outbox() == 1
    assert len(server.mails_to(email)) == 1
    assert state(database, broken)[:4] == (1, False, True, True)


# Without a server


def test_in_development_mails_become_files_that_mail_programs_open(
    company: Company, database: psycopg.Connection, tmp_path: Path
) -> None:
    with settings(PLANNER_HOME=tmp_path, MAIL_FILES_MAX=2):
        emails = [invite(company) for _ in range(3)]
        assert send_outbox() == 3
    files = sorted((tmp_path / "mail").iterdir())
    assert [file.suffix for file in files] == [".eml"] * 2
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 2
    assert emails[2].encode() in files[1].read_bytes()
    assert emails[0].encode() not in files[0].read_bytes()
    assert state(database, emails[0])[1] is True


def test_in_production_mails_wait_for_a_server(company: Company, database: psycopg.Connection) -> None:
    email = invite(company)
    with settings(ENVIRONMENT="production"):
        assert send_outbox() == 0
    assert state(database, email)[:4] == (0, False, False, False)


def test_a_folder_that_cannot_be_written_lets_the_mail_wait(
    company: Company, database: psycopg.Connection, tmp_path: Path
) -> None:
    (tmp_path / "mail").write_text("in the way")
    email = invite(company)
    with settings(PLANNER_HOME=tmp_path):
        assert send_outbox() == 0
    assert state(database, email)[:3] == (1, False, False)
    assert FolderMailer(tmp_path, 1).limit == 1


# Afterwards


def test_old_mails_and_invitations_are_forgotten(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    emails = [invite(company) for _ in range(3)]
    old, waiting, fresh = emails
    database.execute(
        "UPDATE outbox_messages SET created_at = now() - interval '31 days', sent_at = now() WHERE recipient = %s",
        [old],
    )
    database.execute(
        "UPDATE outbox_messages SET created_at = now() - interval '31 days' WHERE recipient = %s", [waiting]
    )
    database.execute("UPDATE invitations SET expires_at = now() - interval '366 days' WHERE email = %s", [old])
    database.execute("UPDATE invitations SET expires_at = now() - interval '364 days' WHERE email = %s", [waiting])
    assert cleanup_invitations_and_mail() >= 3
    assert [len(written_to(database, email)) for email in emails] == [0, 0, 1]
    items = accepted(company.admin.get(f"/organizations/{company.organization.id}/invitations"))["items"]
    assert {item["email"] for item in items} == {waiting, fresh}
    assert cleanup_invitations_and_mail() == 0


# All of it together


def test_a_request_that_writes_a_mail_wakes_the_worker(company: Company, database: psycopg.Connection) -> None:
    with MailServer() as server:
        environment = {name: str(value) for name, value in server.settings.items()}
        with running_worker(**environment) as output:
            # Nobody calls the task but the request itself: beat does not run.
            email = invite(company)
            assert retry_until(lambda: state(database, email)[1], SECONDS), output.read_text()
        assert len(server.mails_to(email)) == 1


def test_a_lost_broker_fails_no_request(company: Company, database: psycopg.Connection) -> None:
    with ApiProcess(CELERY_BROKER_URL=f"redis://127.0.0.1:{free_port()}/0") as api:
        admin = api.seen_by(company.admin)
        email = somebody()
        path = f"/organizations/{company.organization.id}/invitations"
        assert accepted(admin.post(path, {"email": email}), 201)["state"] == "open"
        assert admin.get("/auth/me").status_code == 200
        assert retry_until(lambda: "nudge_lost" in api.output(), SECONDS), api.output()
    assert state(database, email)[:3] == (0, False, False)


def test_a_company_that_fails_keeps_no_other_from_its_turn(
    company: Company, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Company.create(company.client)
    for each in (company, other):
        invite(each)
    claim = delivery_service.claim

    def fail(session: Session, company_id: UUID, *rest: Any) -> list[Parcel]:
        if company_id == company.organization.id:
            raise ZeroDivisionError
        return claim(session, company_id, *rest)

    monkeypatch.setattr(delivery_service, "claim", fail)
    assert send_outbox() >= 1
    monkeypatch.undo()
    assert send_outbox() >= 1
