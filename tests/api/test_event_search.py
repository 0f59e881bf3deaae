"""Search in events: which words find what, in which order, and that it tells only what the asker reads in details."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from psycopg import Connection

from app.services.event_search_service import read_query
from tests.support.meetings import invite_department, invite_guest, override, set_event, share
from tests.support.people import Company, Person
from tests.support.planning import accepted, all_pages, at, refused, settings, titles, today, utc

SOON = today() + timedelta(days=3)


@pytest.fixture
def company(client: TestClient) -> Company:
    return Company.create(client)


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Анна Кузнецова")


@pytest.fixture
def boris(company: Company) -> Person:
    return company.person(full_name="Boris Ivanov")


def search(person: Person, text: str, **params: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = accepted(person.get("/events/search", q=text, **params))["items"]
    return items


def finds(person: Person, text: str, **params: Any) -> list[str]:
    return sorted(titles(search(person, text, **params)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("встречами", ["Встреча с заказчиком"]),
        ("ВСТРЕЧЕ заказчика", ["Встреча с заказчиком"]),
        ("планерки", ["Планёрка отдела"]),
        ("планёр", ["Планёрка отдела"]),
        ("reviewing designs", ["Design review"]),
        ("des", ["Design review"]),
        ("des review", []),
        ("этажом", ["Design review"]),
        ("повестку", ["Планёрка отдела"]),
        ('"design review"', ["Design review"]),
        ('"review design"', []),
        ('"review третий"', []),
        ('"третий этаж" design', ["Design review"]),
        ("Кузнецовой отдел", ["Планёрка отдела"]),
        ("nothing of the kind", []),
        ('!!! ... ""', []),
        ("и", []),
        ("' | & ! :* <-> (", []),
    ],
)
def test_words_in_every_form_find_events(anna: Person, text: str, expected: list[str]) -> None:
    anna.create_event(title="Планёрка отдела", description="Повестка лежит в папке", **at(SOON))
    anna.create_event(title="Встреча с заказчиком", **at(SOON))
    anna.create_event(title="Design review", location="Третий этаж", **at(SOON))
    assert finds(anna, text) == expected


def test_people_are_words_too(company: Company, anna: Person, boris: Person, database: Connection) -> None:
    event = anna.create_event(title="One", participants=[{"user_id": boris.id}], **at(SOON))
    invite_guest(database, event["id"], "olga@partner.example", "Olga Petrova")
    for text in ("Ivanov", "Кузнецова", "olga@partner.example", "olga partner", "petrov"):
        assert finds(anna, text) == ["One"], text
    accepted(company.admin.patch(f"/users/{boris.id}", {"full_name": "Boris Sidorov"}))
    assert (finds(anna, "Ivanov"), finds(anna, "Sidorov")) == ([], ["One"])
    assert anna.delete(f"/events/{event['id']}/participants/{boris.id}").status_code == 204
    assert finds(anna, "Sidorov") == []


def test_hidden_guests_are_not_found_out(anna: Person, boris: Person, database: Connection) -> None:
    event = anna.create_event(title="Surprise", participants=[{"user_id": boris.id}], **at(SOON))
    invite_guest(database, event["id"], "olga@partner.example")
    set_event(database, event["id"], guests_can_see_guests=False)
    assert finds(boris, "olga") == []
    assert finds(boris, "surprise") == ["Surprise"]
    assert finds(boris, "surprise", participant_id=anna.id) == []
    assert finds(boris, "surprise", participant_id=boris.id) == ["Surprise"]
    assert finds(anna, "surprise", participant_id=boris.id) == ["Surprise"]


def test_a_changed_event_is_found_by_its_new_words_only(anna: Person) -> None:
    event = anna.create_event(title="Before", **at(SOON))
    accepted(anna.patch(f"/events/{event['id']}", {"title": "Afterwards"}))
    assert (finds(anna, "before"), finds(anna, "afterwards")) == ([], ["Afterwards"])
    assert anna.delete(f"/events/{event['id']}").status_code == 204
    assert finds(anna, "afterwards") == []


def test_only_what_one_reads_in_details_is_found(
    company: Company, anna: Person, boris: Person, database: Connection
) -> None:
    event = anna.create_event(title="Secret plan", **at(SOON))
    assert finds(anna, "secret") == ["Secret plan"]
    assert finds(boris, "secret") == finds(company.admin, "secret") == []
    share(database, event["calendar_id"], boris, "free_busy")
    assert finds(boris, "secret") == []
    set_event(database, event["id"], visibility="public")
    assert finds(boris, "secret") == ["Secret plan"]
    database.execute("UPDATE calendar_shares SET level = 'read' WHERE user_id = %s", [boris.id])
    set_event(database, event["id"], visibility="private")
    assert finds(boris, "secret") == []
    team = accepted(company.admin.post("/departments", {"name": "Team"}), 201)["id"]
    invite_department(database, event["id"], team)
    accepted(company.admin.patch(f"/users/{boris.id}", {"department_id": team}))
    assert finds(boris, "secret") == ["Secret plan"]


def test_other_companies_find_nothing(client: TestClient, anna: Person) -> None:
    anna.create_event(title="Secret plan", **at(SOON))
    assert finds(Company.create(client, "Other").admin, "secret") == []


def test_a_series_comes_once_with_its_next_occurrence(anna: Person, database: Connection) -> None:
    begin = today() - timedelta(days=7)
    series = anna.create_event(title="Standup", recurrence_rule="FREQ=DAILY;COUNT=30", **at(begin, 0))
    tomorrow = today() + timedelta(days=1)
    [hit] = search(anna, "standup")
    assert (hit["id"], hit["start_time"], hit["is_recurring"]) == (series["id"], utc(tomorrow, 0), True)
    moved = override(
        database,
        series["id"],
        utc(today() + timedelta(days=2), 0),
        utc(SOON, 12),
        utc(SOON, 13),
        title="Standup standup with the boss",
    )
    [hit] = search(anna, "boss standup")
    assert (hit["id"], hit["series_id"], hit["start_time"]) == (moved, series["id"], utc(SOON, 12))
    assert len(search(anna, "standup")) == 1


def test_a_window_leaves_what_takes_place_in_it(anna: Person) -> None:
    anna.create_event(title="Weekly talk", recurrence_rule="FREQ=WEEKLY;COUNT=5", **at(SOON))
    anna.create_event(title="Old talk", **at(today() - timedelta(days=50)))
    later = SOON + timedelta(days=10)
    [hit] = search(anna, "talk", from_=utc(later), to=utc(later + timedelta(days=7)))
    assert hit["start_time"] == utc(SOON + timedelta(days=14))
    assert finds(anna, "talk", to=utc(today())) == ["Old talk"]
    assert finds(anna, "talk", from_=utc(SOON + timedelta(days=60))) == []
    refused(anna.get("/events/search", q="talk", from_=utc(SOON), to=utc(SOON)), 422, "window_needs_order")


def test_an_all_day_event_is_told_by_its_dates(anna: Person) -> None:
    anna.create_event(title="Holiday", is_all_day=True, start_time=str(SOON), end_time=None, time_zone=None)
    [hit] = search(anna, "holiday", from_=str(SOON), to=str(SOON + timedelta(days=1)))
    assert (hit["start_time"], hit["end_time"]) == (str(SOON), str(SOON + timedelta(days=1)))
    assert search(anna, "holiday", to=str(SOON)) == []


@pytest.mark.parametrize("all_day", [False, True])
def test_a_series_is_found_by_its_next_occurrence_beyond_the_horizon(anna: Person, all_day: bool) -> None:
    begin = today() + timedelta(days=1)
    times = (
        {"is_all_day": True, "start_time": str(begin), "end_time": None, "time_zone": None} if all_day else at(begin)
    )
    with settings(OCCURRENCE_HORIZON_DAYS=40):
        series = anna.create_event(title="Daily talk", recurrence_rule="FREQ=DAILY;INTERVAL=3", **times)
        ended = today() + timedelta(days=70)
        anna.create_event(title="Short talk", recurrence_rule=f"FREQ=DAILY;UNTIL={ended:%Y%m%d}T235959Z", **at(begin))
        far = begin + timedelta(days=90)
        [hit] = search(anna, "talk", from_=str(far), to=str(far + timedelta(days=3)))
        assert hit["id"] == series["id"]
        assert hit["start_time"] == (str(far) if all_day else utc(far))
        assert search(anna, "talk", from_=str(far + timedelta(days=1)), to=str(far + timedelta(days=2))) == []
        # An instance that was taken out is not there.
        gone = str(far) if all_day else utc(far)
        assert anna.delete(f"/events/{series['id']}?scope=this&occurrence={gone}").status_code == 204
        assert search(anna, "talk", from_=str(far), to=str(far + timedelta(days=1))) == []


def test_what_comes_next_beyond_the_horizon_counts_more_than_what_was_last(anna: Person) -> None:
    begin = today() - timedelta(days=10)
    with settings(OCCURRENCE_HORIZON_DAYS=40):
        anna.create_event(title="Rare talk", recurrence_rule="FREQ=DAILY;INTERVAL=100", **at(begin))
        [hit] = search(anna, "talk")
        assert hit["start_time"] == utc(begin + timedelta(days=100))
        [hit] = search(anna, "talk", to=utc(today() + timedelta(days=50)))
        assert hit["start_time"] == utc(begin)


def test_only_who_may_read_finds_what_lies_beyond_the_horizon(anna: Person, boris: Person) -> None:
    with settings(OCCURRENCE_HORIZON_DAYS=40):
        anna.create_event(title="Talk", recurrence_rule="FREQ=DAILY", **at(SOON))
        window = {"from_": utc(today() + timedelta(days=90)), "to": utc(today() + timedelta(days=95))}
        assert (finds(anna, "talk", **window), finds(boris, "talk", **window)) == (["Talk"], [])


def test_titles_weigh_more_than_descriptions_and_near_more_than_far(anna: Person) -> None:
    anna.create_event(title="Far budget", **at(today() + timedelta(days=300)))
    anna.create_event(title="Near budget", **at(SOON))
    anna.create_event(title="Other", description="about the budget", **at(SOON))
    hits = search(anna, "budget")
    assert titles(hits) == ["Near budget", "Far budget", "Other"]
    assert [hit["rank"] for hit in hits] == sorted((hit["rank"] for hit in hits), reverse=True)
    assert [hit["snippet"] for hit in hits] == [None, None, "about the budget"]


def test_filters_narrow_the_search(company: Company, anna: Person, boris: Person, database: Connection) -> None:
    room = company.admin.create_room()
    here = anna.create_event(title="Talk here", room_id=room["id"], participants=[{"user_id": boris.id}], **at(SOON))
    calendar = accepted(anna.post("/calendars", {"name": "Other"}), 201)["id"]
    anna.create_event(title="Talk there", calendar_id=calendar, **at(SOON))
    boris.create_event(title="Talk of Boris", participants=[{"user_id": anna.id}], **at(SOON))
    database.execute(
        "INSERT INTO event_attachments (organization_id, id, event_id, uploaded_by_id, name, media_type, size, sha256,"
        " storage_key, created_at) SELECT organization_id, gen_random_uuid(), id, organizer_id, 'x', 'text/plain', 1,"
        " '', '', now() FROM events WHERE id = %s",
        [here["id"]],
    )
    for filters, expected in (
        ({}, ["Talk here", "Talk of Boris", "Talk there"]),
        ({"calendar_id": calendar}, ["Talk there"]),
        ({"organizer_id": boris.id}, ["Talk of Boris"]),
        ({"participant_id": boris.id}, ["Talk here"]),
        ({"room_id": room["id"]}, ["Talk here"]),
        ({"has_attachments": True}, ["Talk here"]),
        ({"has_attachments": False}, ["Talk of Boris", "Talk there"]),
    ):
        assert finds(anna, "talk", **filters) == expected, filters


def test_pages_show_each_event_once(anna: Person) -> None:
    for number in range(7):
        anna.create_event(title=f"Lecture {number}", **at(SOON))
    pages = all_pages(anna, "/events/search", q="lecture", limit=3)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert len({item["id"] for page in pages for item in page}) == 7
    refused(anna.get("/events/search", q="lecture", cursor="nonsense"), 422, "bad_cursor")


@pytest.mark.parametrize(
    ("text", "words", "phrases"),
    [
        ("design rev", ["design", "rev:*"], []),
        ("a", ["a"], []),
        ('"third floor" team', ["team:*"], ["third floor"]),
        ('team "third floor', ["team"], ["third floor"]),
        ("team, ", ["team"], []),
        ("anna_b@firm.example", ["anna", "b", "firm", "example:*"], []),
        ("Ёлка ёлка", ["елка:*"], []),
        ('""', [], []),
    ],
)
def test_what_is_typed_is_read_as_words_and_phrases(text: str, words: list[str], phrases: list[str]) -> None:
    assert read_query(text) == (words, phrases)
