"""Whom comments are told: those whom they mention, the organizer, and who has commented there before."""

import psycopg

from tests.api.test_event_comments import SECOND, WEEKLY, invited_to, write
from tests.support.mail import written_to
from tests.support.people import Company, Person
from tests.support.planning import accepted


def told(database: psycopg.Connection, person: Person) -> list[tuple[str, str, str]]:
    """(type, reason, title) of what somebody was told of comments, the oldest first."""
    return database.execute(
        "SELECT type, reason, title FROM notifications WHERE user_id = %s AND type IN ('comment', 'mention')"
        " ORDER BY created_at, id",
        [person.id],
    ).fetchall()


def test_a_mention_is_told_once_in_the_readers_language_and_by_mail(
    company: Company, database: psycopg.Connection
) -> None:
    host, anna = company.person(full_name="Хозяин"), company.person(full_name="Anna")
    database.execute("UPDATE users SET language = 'en' WHERE id = %s", [host.id])
    database.execute("UPDATE users SET language = 'ru' WHERE id = %s", [anna.id])
    event_id = invited_to(host, anna, title="Plan")
    comment = write(anna, event_id, "Move it?", mentions=[host, anna])
    assert told(database, host) == [("mention", "mentioned", "Anna mentions you in “Plan”: Move it?")]
    assert told(database, anna) == []
    assert written_to(database, host.email)[-1].values["title"] == "Anna mentions you in “Plan”: Move it?"
    # A change tells only those whom it newly mentions.
    path = f"/events/{event_id}/comments/{comment['id']}"
    accepted(anna.patch(path, {"body": "Move it!", "mentions": [host.id]}))
    assert len(told(database, host)) == 1
    write(host, event_id, "Нет", mentions=[anna])
    assert told(database, anna) == [("mention", "mentioned", "Хозяин упоминает вас в «Plan»: Нет")]


def test_the_organizer_and_earlier_commenters_are_told_and_nobody_else(
    company: Company, database: psycopg.Connection
) -> None:
    host, first, second, silent = (company.person(full_name=name) for name in ("H", "F", "S", "Silent"))
    event_id = invited_to(host, first, second, silent, title="Plan")
    write(first, event_id, "One")
    write(second, event_id, "Two")
    assert [(type_, reason) for type_, reason, _ in told(database, host)] == [("comment", "organizer")] * 2
    assert [(type_, reason) for type_, reason, _ in told(database, first)] == [("comment", "commented")]
    assert told(database, second) == told(database, silent) == []
    # Mail only for those who choose it.
    assert all(mail.template != "notice" for mail in written_to(database, host.email))


def test_who_was_taken_out_is_told_nothing_more(company: Company, database: psycopg.Connection) -> None:
    host, gone = company.person(), company.person()
    event_id = invited_to(host, gone)
    write(gone, event_id, "Mine")
    accepted(host.patch(f"/events/{event_id}", {"participants": []}))
    write(host, event_id, "Ours")
    assert told(database, gone) == []


def test_each_occurrence_has_a_discussion_of_its_own(company: Company, database: psycopg.Connection) -> None:
    host, anna, boris = company.person(), company.person(), company.person()
    event_id = invited_to(host, anna, boris, **WEEKLY)
    write(anna, event_id, "On the whole")
    write(boris, event_id, "On the second", occurrence=SECOND)
    assert told(database, anna) == []
    starts = database.execute(
        "SELECT original_start IS NULL FROM notifications WHERE user_id = %s AND type = 'comment' ORDER BY created_at",
        [host.id],
    ).fetchall()
    assert starts == [(True,), (False,)]


def test_a_long_comment_is_told_in_part(company: Company, database: psycopg.Connection) -> None:
    host, anna = company.person(), company.person(full_name="Anna")
    event_id = invited_to(host, anna, title="Plan")
    write(anna, event_id, "x" * 2000)
    ((_, _, title),) = told(database, host)
    assert title.endswith("x …")
    assert len(title) < 400
