"""Composing mails, their texts, and the settings behind them."""

import itertools
from pathlib import Path
from typing import Any, get_args

import pytest
from jinja2 import UndefinedError
from pydantic import ValidationError

from app.cli.checks import check_mail
from app.core.config import Settings
from app.core.ids import new_id
from app.core.mail import FolderMailer, Letter, MailRefused, MailServerDown, compose
from app.services.appointment_mails import What
from app.services.mail_templates import FOLDER, LANGUAGES, render
from app.services.outbox_service import MailTemplate
from app.services.room_notice_service import RoomWhy
from tests.support.mail import body_of, read_mail

VALUES = {
    "company": "Ромашка",
    "email": "oleg@example.com",
    "full_name": "Олег <b>",
    "inviter": "Анна & Co",
    "url": "https://planner.example/?a=1&token=t",
    "expires_at": "2027-03-27T12:30:00+00:00",
    "time_zone": "Europe/Berlin",
    "sender": "Анна & Co",
    "why": "answered",
    "title": "Планёрка <b>",
    "location": None,
    "start": "2027-03-27T12:30:00+00:00",
    "all_day": None,
    "repeats": "yes",
    "reason": None,
    "reason_text": "You take part.",
    "today": "2027-03-22T00:00:00+00:00",
    "agenda": ("09:00–10:00 Meeting",),
    "news": ("Something new",),
    "has_more_agenda": None,
    "has_more_news": "yes",
    "response": "tentative",
    "comment": "Позже",
    "proposed_start": "2027-03-27T13:30:00+00:00",
    "number": "12",
    "subject_title": "Планёрка <b>",
    "body": ("Первая строка", "<b>Вторая</b>"),
    "reply_to": "it@firm.example",
}
ROOM_VALUES = {
    **VALUES,
    "why": "offered",
    "room": "Синяя <b>",
    "other_room": "Красная <b>",
    "occurrences": "3",
    "until": "2027-03-27T12:15:00+00:00",
}


APPOINTMENT_VALUES = {
    "what": "confirmed",
    "kind": "Interview <b>",
    "start": "2027-03-27T12:30:00+00:00",
    "time_zone": "Europe/Berlin",
    "hosts": "Anna <b>",
    "place": "5 <b>",
    "reason": "<b>",
    "url": "https://planner.example/?a=1&token=t",
}


def letter(**values: Any) -> Letter:
    return Letter(
        **{
            "id": new_id(),
            "recipient": "oleg@example.com",
            "language": "ru",
            "subject": "Приглашение",
            "text": "Здравствуйте!\n" + "слово " * 300 + "\n.\nконец\n",
            "html": "<p>Здравствуйте!</p>",
            **values,
        }
    )


# Composing


def test_a_message_is_seven_bit_text_that_reads_back_whole() -> None:
    sent = letter()
    content = compose(sent, "Планировщик <planner@firm.example>").as_bytes()
    assert content.isascii()
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    message = read_mail(content)
    assert (message["From"], message["Subject"]) == ("Планировщик <planner@firm.example>", "Приглашение")
    assert message["Message-ID"] == f"<{sent.id}@firm.example>"
    assert body_of(message, "plain").replace("\r\n", "\n") == sent.text
    assert body_of(message, "html").strip() == sent.html
    assert message["Content-Language"] == "ru"


@pytest.mark.parametrize(
    "values",
    [
        {"subject": "Hello\r\nBcc: evil@example.com"},
        {"subject": "Hello\nBcc: evil@example.com"},
        {"recipient": "oleg@example.com\r\nBcc: evil@example.com"},
        {"recipient": "oleg@example.com, evil@example.com"},
        {"recipient": "oleg@exa mple.com"},
        {"recipient": "oleg"},
        {"recipient": ""},
        {"recipient": "oleg@a..example"},
        {"recipient": f"oleg@{'x' * 64}.example"},
    ],
)
def test_what_cannot_stand_in_a_header_is_refused_for_good(values: dict[str, str]) -> None:
    with pytest.raises(MailRefused) as refusal:
        compose(letter(**values), "planner@firm.example")
    assert refusal.value.permanent


def test_domains_are_written_as_servers_know_them() -> None:
    message = compose(letter(recipient="oleg@почта.рф"), "planner@фирма.рф")
    assert message["To"] == "oleg@xn--80a1acny.xn--p1ai"
    assert str(message["Message-ID"]).endswith("@xn--80apmps.xn--p1ai>")


# Texts


@pytest.mark.parametrize(("template", "language"), list(itertools.product(MailTemplate, LANGUAGES)))
def test_every_mail_has_a_subject_and_both_bodies_in_both_languages(template: MailTemplate, language: str) -> None:
    values = {MailTemplate.ROOM_NOTICE: ROOM_VALUES, MailTemplate.APPOINTMENT: APPOINTMENT_VALUES}.get(template, VALUES)
    texts = render(template, language, values)
    assert texts.subject
    assert "\n" not in texts.subject
    assert texts.text.strip()
    assert not texts.text.startswith(texts.subject)
    assert f'<html lang="{language}">' in texts.html
    said = texts.subject
    for value in (value for value in values.values() if isinstance(value, str)):
        said = said.replace(value or "", "")
    is_russian = any("а" <= letter <= "я" for letter in said.lower())
    assert is_russian == (language == "ru")
    assert "{{" not in texts.html + texts.text


def test_every_template_of_the_folder_belongs_to_a_mail() -> None:
    wanted = {
        f"{template}.{language}.{kind}"
        for template in MailTemplate
        for language in LANGUAGES
        for kind in ("txt", "html")
    }
    assert {path.name for path in FOLDER.iterdir()} == wanted | {
        *("page.html", "button.html", "event_notice.html", "event_notice.txt", "appointment.html", "appointment.txt"),
        *(f"{words}_words.{language}" for words in ("event", "room", "appointment") for language in LANGUAGES),
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", get_args(What))
def test_what_people_typed_is_escaped_in_mails_about_appointments(what: str, language: str) -> None:
    texts = render("appointment", language, {**APPOINTMENT_VALUES, "what": what})
    assert "<b>" not in texts.html
    assert texts.html.count("&lt;b&gt;") >= 4
    assert "Interview <b>" in texts.subject


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("why", RoomWhy)
def test_what_people_typed_is_escaped_in_mails_about_rooms(why: RoomWhy, language: str) -> None:
    texts = render("room_notice", language, {**ROOM_VALUES, "why": why})
    assert "<b>" not in texts.html
    assert "&lt;b&gt;" in texts.html
    assert "<b>" in texts.text


def test_html_is_escaped_and_plain_text_is_not() -> None:
    texts = render("invitation", "en", VALUES)
    assert "Олег &lt;b&gt;" in texts.html
    assert "Анна &amp; Co" in texts.html
    assert 'href="https://planner.example/?a=1&amp;token=t"' in texts.html
    assert "Олег <b>" in texts.text
    assert "https://planner.example/?a=1&token=t\n" in texts.text


@pytest.mark.parametrize(
    ("language", "told"),
    [("ru", "27 марта 2027 г., 13:30 (Europe/Berlin)"), ("en", "27 March 2027, 13:30 (Europe/Berlin)")],
)
def test_moments_are_told_in_the_companys_zone(language: str, told: str) -> None:
    texts = render("invitation", language, VALUES)
    assert told in texts.text
    assert told in texts.html


def test_an_unknown_language_is_english_and_a_missing_value_an_error() -> None:
    assert render("invitation", "fr", VALUES) == render("invitation", "en", VALUES)
    with pytest.raises(UndefinedError):
        render("invitation", "en", {"company": "Firm"})


# Files


def test_the_newest_files_are_kept(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path / "mail", 3)
    letters = [letter() for _ in range(5)]
    for item in letters:
        mailer.send(compose(item, "planner@firm.example"))
    kept = sorted((tmp_path / "mail").iterdir())
    assert [path.stem.partition("-")[2] for path in kept] == [str(item.id) for item in letters[2:]]
    assert ((tmp_path / "mail").stat().st_mode & 0o777) == 0o700


def test_a_folder_that_cannot_be_written_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(MailServerDown):
        FolderMailer(tmp_path / "mail", 3).send(compose(letter(), "planner@firm.example"))


# Settings


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "values",
    [
        {"MAIL_FROM": "Planner"},
        {"MAIL_FROM": "planner@firm.example\r\nBcc: evil@example.com"},
        {"INVITATION_URL": "https://front.example/join"},
        {"SMTP_TLS": "maybe"},
        {"SMTP_PORT": 0},
        {"OUTBOX_MAX_ATTEMPTS": 0},
    ],
)
def test_a_setting_that_cannot_work_is_refused_when_it_is_read(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**values)


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({"PLANNER_HOST": "10.0.0.5", "PLANNER_PORT": 8080}, "http://10.0.0.5:8080/api/v1/auth/invitation?token=t"),
        ({"PLANNER_HOST": "::1", "PLANNER_PORT": 80}, "http://[::1]:80/api/v1/auth/invitation?token=t"),
        ({"PUBLIC_URL": "https://p.example/"}, "https://p.example/api/v1/auth/invitation?token=t"),
        ({"PUBLIC_URL": "https://p.example", "INVITATION_URL": "https://f.example/{token}"}, "https://f.example/t"),
    ],
)
def test_the_link_of_an_invitation(values: dict[str, Any], url: str) -> None:
    assert settings(**values).invitation_url("t") == url


def test_the_doctor_warns_of_production_without_a_server() -> None:
    assert check_mail(settings(ENVIRONMENT="production")).status == "warn"
    assert check_mail(settings(ENVIRONMENT="development")).status == "ok"
    told = check_mail(settings(ENVIRONMENT="production", SMTP_HOST="smtp.firm.example", SMTP_PASSWORD="hunter2"))
    assert (told.status, "smtp.firm.example:587" in told.found) == ("warn", True)
    assert "hunter2" not in f"{told.found}{told.advice}"
    good = {"SMTP_HOST": "smtp.firm.example", "MAIL_FROM": "planner@firm.example"}
    assert check_mail(settings(ENVIRONMENT="production", **good)).status == "ok"
    unencrypted = settings(ENVIRONMENT="production", **good, SMTP_TLS="none", SMTP_USER="planner")
    assert check_mail(unencrypted).status == "warn"
