"""Import of .ics files."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.api.change_replica import Replica
from tests.support.ics_files import counts, imported, report, vcalendar, vevent
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, refused, settings


def rows(database: psycopg.Connection, person: Person, columns: str) -> list[tuple[Any, ...]]:
    """Columns of the events in a person's first calendar, by UID and original start."""
    return database.execute(
        f"SELECT {columns} FROM events WHERE calendar_id = %s ORDER BY uid, original_start NULLS FIRST",
        [person.calendar_id],
    ).fetchall()


def occurrences(database: psycopg.Connection, person: Person) -> list[tuple[Any, ...]]:
    return database.execute(
        "SELECT e.title, to_char(o.starts_at, 'MM-DD HH24:MI') FROM event_occurrences o"
        " JOIN events e ON e.organization_id = o.organization_id AND e.id = o.event_id"
        " WHERE o.calendar_id = %s ORDER BY o.starts_at",
        [person.calendar_id],
    ).fetchall()


def test_events_of_a_file_are_in_the_calendar(company: Company, database: psycopg.Connection) -> None:
    person = company.person()
    done = imported(person, vcalendar(vevent("a", LOCATION="Room 5", DESCRIPTION="Text"), vevent("b")))
    assert counts(done) == (2, 0, 0, 0, 0)
    assert rows(database, person, "title, location, description, organizer_id::text, room_id") == [
        ("a", "Room 5", "Text", person.id, None),
        ("b", None, None, person.id, None),
    ]
    assert [(line["line"], line["uid"], line["outcome"]) for line in report(person, done)] == [
        (4, "a", "created"),
        (13, "b", "created"),
    ]


def test_the_same_file_twice_changes_nothing(company: Company, database: psycopg.Connection) -> None:
    person = company.person()
    content = vcalendar(
        vevent("a", "RRULE:FREQ=DAILY;COUNT=3"),
        vevent(
            "a", "RECURRENCE-ID:20270323T090000Z", start="20270323T110000Z", end="20270323T120000Z", SUMMARY="moved"
        ),
        vevent("b", "ATTENDEE;CN=Guest:mailto:guest@elsewhere.example"),
        "BEGIN:VTODO\r\nUID:t\r\nDTSTAMP:20270101T000000Z\r\nEND:VTODO",
    )
    assert counts(imported(person, content)) == (2, 0, 0, 0, 0)
    before = rows(database, person, "*")
    assert counts(imported(person, content)) == (0, 0, 2, 0, 0)
    # A later export of the same says the same, at another time.
    assert counts(imported(person, content.replace(b"DTSTAMP:20270101", b"DTSTAMP:20270505"))) == (0, 0, 2, 0, 0)
    assert rows(database, person, "*") == before


def test_what_was_imported_is_found_told_and_recorded(company: Company, database: psycopg.Connection) -> None:
    person, colleague = company.person(), company.person()
    replica = Replica(colleague)
    replica.catch_up()

    def told() -> set[str]:
        replica.catch_up()
        return {event["title"] for event in replica.events.values()}

    def found(text: str) -> list[str]:
        return [item["title"] for item in accepted(person.get("/events/search", q=text))["items"]]

    guests = (f"ATTENDEE:mailto:{colleague.email}", "ATTENDEE;CN=Zaphod:mailto:z@y.example")
    imported(person, vcalendar(vevent("a", *guests, SUMMARY="Quarterly plan"), vevent("b", SUMMARY="Lunch")))
    assert (found("quarterly"), found("lunch"), found("zaphod")) == (["Quarterly plan"], ["Lunch"], ["Quarterly plan"])
    assert told() == {"Quarterly plan"}
    newer = vevent("a", guests[0], "ATTENDEE;CN=Trillian:mailto:t@y.example", SUMMARY="Yearly plan", SEQUENCE="1")
    imported(person, vcalendar(newer))
    assert (found("quarterly"), found("zaphod")) == ([], [])
    assert (found("yearly"), found("trillian")) == (["Yearly plan"], ["Yearly plan"])
    assert told() == {"Yearly plan"}
    # Only the import itself puts words off.
    ((event_id, *_), _) = rows(database, person, "id")
    accepted(person.patch(f"/events/{event_id}", {"title": "Renamed"}))
    assert found("renamed") == ["Renamed"]
    recorded = database.execute(
        "SELECT action, count(*) FROM audit_log WHERE organization_id = %s AND object_type = 'events' AND origin = %s"
        " GROUP BY action ORDER BY action",
        [company.organization.id, "import_files"],
    ).fetchall()
    assert recorded == [("changed", 1), ("created", 2)]


def test_rule_18_an_import_mails_nobody(company: Company, database: psycopg.Connection) -> None:
    person, colleague = company.person(), company.person()
    imported(person, vcalendar(vevent("a", f"ATTENDEE:mailto:{colleague.email}", "ATTENDEE:mailto:x@y.example")))
    count = database.execute(
        "SELECT count(*) FROM outbox_messages WHERE organization_id = %s", [company.organization.id]
    ).fetchone()
    assert count == (0,)


def test_what_changed_in_a_file_changes_and_what_is_older_does_not(
    company: Company, database: psycopg.Connection
) -> None:
    person = company.person()
    imported(person, vcalendar(vevent("a", SEQUENCE="2")))
    newer = vevent("a", SEQUENCE="3", SUMMARY="newer", start="20270323T090000Z", end="20270323T100000Z")
    assert counts(imported(person, vcalendar(newer))) == (0, 1, 0, 0, 0)
    done = imported(person, vcalendar(vevent("a", SEQUENCE="2", SUMMARY="older")))
    assert counts(done) == (0, 0, 0, 1, 0)
    (line,) = report(person, done)
    assert (line["outcome"], line["code"]) == ("skipped", "ics_older")
    assert "newer" in line["detail"]
    same_sequence = vevent("a", SEQUENCE="3", SUMMARY="older", DTSTAMP="20261231T000000Z")
    assert counts(imported(person, vcalendar(same_sequence))) == (0, 0, 0, 1, 0)
    assert rows(database, person, "title, sequence, version") == [("newer", 3, 2)]
    assert occurrences(database, person) == [("newer", "03-23 09:00")]


def test_what_was_changed_here_stays_when_the_file_did_not_change(
    company: Company, database: psycopg.Connection
) -> None:
    person = company.person()
    content = vcalendar(vevent("a"))
    imported(person, content)
    ((event_id,),) = rows(database, person, "id")
    accepted(person.patch(f"/events/{event_id}", {"title": "Ours"}))
    assert counts(imported(person, content)) == (0, 0, 1, 0, 0)
    assert rows(database, person, "title") == [("Ours",)]


def test_people_are_recognised_by_their_email_and_others_are_guests(
    company: Company, database: psycopg.Connection
) -> None:
    person, colleague = company.person(), company.person()
    imported(
        person,
        vcalendar(
            vevent(
                "a",
                "ORGANIZER;CN=Boss:mailto:Boss@Elsewhere.example",
                f"ATTENDEE;PARTSTAT=ACCEPTED;ROLE=OPT-PARTICIPANT:MAILTO:{colleague.email.upper()}",
                "ATTENDEE;CN=Guest;PARTSTAT=DECLINED:mailto:guest@elsewhere.example",
            )
        ),
    )
    assert rows(database, person, "organizer_id::text, organizer_email, organizer_name") == [
        (person.id, "boss@elsewhere.example", "Boss")
    ]
    found = database.execute(
        "SELECT p.user_id::text, p.email, p.name, p.role, p.response FROM event_participants p JOIN events e"
        " ON e.id = p.event_id WHERE e.calendar_id = %s ORDER BY p.id",
        [person.calendar_id],
    ).fetchall()
    assert found == [
        (colleague.id, None, None, "optional", "accepted"),
        (None, "guest@elsewhere.example", "Guest", "required", "declined"),
    ]
    assert accepted(colleague.get(f"/events/{rows(database, person, 'id')[0][0]}"))["title"] == "a"


def test_answers_given_here_are_kept_when_a_newer_file_does_not_know_them(
    company: Company, database: psycopg.Connection
) -> None:
    person, colleague = company.person(), company.person()
    attendee = f"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{colleague.email}"
    imported(person, vcalendar(vevent("a", attendee)))
    database.execute(
        "UPDATE event_participants SET response = 'accepted' WHERE organization_id = %s", [company.organization.id]
    )
    assert counts(imported(person, vcalendar(vevent("a", attendee, SUMMARY="new", SEQUENCE="1")))) == (0, 1, 0, 0, 0)
    responses = "SELECT response FROM event_participants WHERE organization_id = %s"
    assert database.execute(responses, [company.organization.id]).fetchall() == [("accepted",)]
    # Who is no longer in the file takes part no more.
    imported(person, vcalendar(vevent("a", SUMMARY="new", SEQUENCE="2")))
    assert database.execute(responses, [company.organization.id]).fetchall() == []


def test_series_with_overrides_rdates_and_exdates_are_rows(company: Company, database: psycopg.Connection) -> None:
    person = company.person()
    content = vcalendar(
        vevent("a", "RRULE:FREQ=DAILY;COUNT=4", "EXDATE:20270323T090000Z", "RDATE:20270330T150000Z", SUMMARY="series"),
        vevent(
            "a", "RECURRENCE-ID:20270324T090000Z", start="20270324T120000Z", end="20270324T130000Z", SUMMARY="moved"
        ),
        vevent(
            "a",
            "RECURRENCE-ID:20270325T090000Z",
            "STATUS:CANCELLED",
            start="20270325T090000Z",
            end="20270325T100000Z",
            SUMMARY="off",
        ),
    )
    assert counts(imported(person, content)) == (1, 0, 0, 0, 0)
    assert occurrences(database, person) == [
        ("series", "03-22 09:00"),
        ("moved", "03-24 12:00"),
        ("off", "03-25 09:00"),
        ("series", "03-30 15:00"),
    ]
    # An override that is gone from a newer file is gone here.
    newer = vevent("a", "RRULE:FREQ=DAILY;COUNT=4", SUMMARY="series", SEQUENCE="1")
    assert counts(imported(person, vcalendar(newer))) == (0, 1, 0, 0, 0)
    assert [start for _, start in occurrences(database, person)] == [f"03-{day} 09:00" for day in (22, 23, 24, 25)]
    assert len(rows(database, person, "id")) == 1


def test_single_instances_without_their_series_stand_alone(company: Company, database: psycopg.Connection) -> None:
    person = company.person()
    first, second = (
        vevent("a", f"RECURRENCE-ID:202703{day}T090000Z", start=f"202703{day}T110000Z", end=f"202703{day}T113000Z")
        for day in (22, 29)
    )
    assert counts(imported(person, vcalendar(first))) == (1, 0, 0, 0, 0)
    assert [start for _, start in occurrences(database, person)] == ["03-22 11:00"]
    assert counts(imported(person, vcalendar(first))) == (0, 0, 1, 0, 0)
    assert counts(imported(person, vcalendar(second))) == (0, 1, 0, 0, 0)
    assert [start for _, start in occurrences(database, person)] == ["03-22 11:00", "03-29 11:00"]
    # The series comes after all.
    series = vevent("a", "RRULE:FREQ=WEEKLY;COUNT=3")
    assert counts(imported(person, vcalendar(series, first))) == (0, 1, 0, 0, 0)
    assert [start for _, start in occurrences(database, person)] == ["03-22 11:00", "03-29 09:00", "04-05 09:00"]
    # And one of its instances comes again by itself: the rest stays.
    assert counts(imported(person, vcalendar(second))) == (0, 1, 0, 0, 0)
    assert [start for _, start in occurrences(database, person)] == ["03-22 11:00", "03-29 11:00", "04-05 09:00"]


def test_rule_25_what_cannot_be_is_told_and_harms_nothing_else(company: Company, database: psycopg.Connection) -> None:
    person = company.person()
    done = imported(
        person,
        vcalendar(
            vevent("good"),
            vevent("no start", "DTSTART:nonsense"),
            vevent("never ends", "RRULE:FREQ=SECONDLY"),
            vevent("too many", "RRULE:FREQ=DAILY", start="18010101T090000Z", end="18010101T100000Z"),
            vevent("too long", start="20270322T090000Z", end="20290322T090000Z"),
            vevent("good too"),
        ),
    )
    assert done["state"] == "done"
    assert {"good", "good too", "never ends"} <= {title for (title,) in rows(database, person, "title")}
    lines = report(person, done)
    assert {line["uid"] for line in lines if line["outcome"] == "refused"} >= {"no start", "too long"}
    assert all(line["detail"] and line["detail"] != line["code"] for line in lines if line["code"])
    russian = accepted(
        person.call(
            "GET",
            f"/calendars/{done['calendar_id']}/imports/{done['id']}/lines",
            headers={"Accept-Language": "ru"},
        )
    )["items"]
    assert any("не удалось" in (line["detail"] or "").lower() for line in russian)


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xfe\x00", b"BEGIN:VCALENDAR\r\n", b"\x00" * 100])
def test_what_is_no_calendar_is_told(company: Company, content: bytes) -> None:
    person = company.person()
    done = imported(person, content)
    assert done["state"] == "done"
    assert [done[name] for name in ("created", "updated")] == [0, 0]


def test_one_event_that_the_database_refuses_harms_no_other(
    company: Company, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = company.person()
    database.execute("ALTER TABLE events ADD CONSTRAINT ck_test CHECK (title <> 'poison')")
    try:
        done = imported(person, vcalendar(vevent("a"), vevent("poison"), vevent("c")))
    finally:
        database.execute("ALTER TABLE events DROP CONSTRAINT ck_test")
    assert done["created"] == 2
    assert [(line["uid"], line["outcome"]) for line in report(person, done)] == [
        ("a", "created"),
        ("poison", "refused"),
        ("c", "created"),
    ]
    assert rows(database, person, "uid") == [("a",), ("c",)]


def test_the_report_comes_in_pages_and_has_a_bound(company: Company) -> None:
    person = company.person()
    with settings(ICS_REPORT_MAX_LINES=3):
        done = imported(person, vcalendar(*(vevent(f"e{number}") for number in range(5))))
    assert (done["created"], done["report_lines"]) == (5, 5)
    path = f"/calendars/{done['calendar_id']}/imports/{done['id']}/lines"
    first = accepted(person.get(path, limit=2))
    second = accepted(person.get(path, limit=2, cursor=first["next_cursor"]))
    assert [line["uid"] for line in first["items"] + second["items"]] == ["e0", "e1", "e2"]
    assert second["next_cursor"] is None
    refused(person.get(path, cursor="x"), 422, "bad_cursor")


def test_only_who_writes_in_a_calendar_imports_into_it(company: Company) -> None:
    owner, other = company.person(), company.person()
    public = accepted(owner.post("/calendars", {"name": "Public", "is_public": True}), 201)["id"]
    body: dict[str, Any] = {"content": vcalendar(vevent("a")), "headers": {"Content-Type": "text/calendar"}}
    refused(other.call("POST", f"/calendars/{owner.calendar_id}/imports", **body), 404, "calendar_not_found")
    refused(other.call("POST", f"/calendars/{public}/imports", **body), 403, "not_calendar_owner")
    done = imported(owner, vcalendar(vevent("a")), public)
    refused(other.get(f"/calendars/{public}/imports/{done['id']}"), 403, "not_calendar_owner")
    refused(owner.get(f"/calendars/{owner.calendar_id}/imports/{done['id']}"), 404, "ics_import_not_found")
    refused(owner.get(f"/calendars/{public}/imports/{MISSING_ID}"), 404, "ics_import_not_found")


def test_files_are_bounded_and_named(company: Company) -> None:
    person = company.person()
    path = f"/calendars/{person.calendar_id}/imports"
    answer = person.call("POST", path, content=b"x", headers={"Content-Type": "text/html"})
    refused(answer, 415, "unsupported_media_type")
    too_much = b"x" * (10 * 1024 * 1024 + 1)
    answer = person.call("POST", path, content=too_much, headers={"Content-Type": "text/calendar"})
    refused(answer, 413, "body_too_large")
    with settings(ICS_IMPORTS_OPEN_MAX=0):
        answer = person.call("POST", path, content=b"x", headers={"Content-Type": "text/calendar"})
        refused(answer, 409, "ics_too_many_imports")


CORPUS = sorted((Path(__file__).parents[1] / "calendaring" / "ics").glob("*.ics"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_real_files_are_imported_and_imported_again_unchanged(company: Company, path: Path) -> None:
    person = company.person()
    first = imported(person, path.read_bytes())
    assert first["state"] == "done"
    second = imported(person, path.read_bytes())
    assert (second["created"], second["updated"]) == (0, 0)
    assert second["unchanged"] == first["created"] + first["unchanged"]
