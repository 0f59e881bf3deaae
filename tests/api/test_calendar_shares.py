"""Calendars shared with colleagues and departments: who sees what, who may give and take, and races between them."""

from collections import Counter
from functools import partial
from typing import Any

import psycopg
import pytest

from app.models import Role
from tests.support.api_process import ApiProcess, at_once
from tests.support.people import Company, Person, event
from tests.support.planning import MISSING_ID, accepted, all_pages, refused, settings

LEVELS = ("free_busy", "read", "write", "manage")


def calendar_of(person: Person, **values: Any) -> str:
    return str(accepted(person.post("/calendars", {"name": "Work", **values}), 201)["id"])


def share(owner: Person, calendar_id: str, partner: Person | None = None, level: str = "read", **who: Any) -> Any:
    named = {"user_id": partner.id} if partner else who
    return accepted(owner.post(f"/calendars/{calendar_id}/shares", {**named, "level": level}), 201)


def department(company: Company, name: str = "Sales", **values: Any) -> str:
    return str(accepted(company.admin.post("/departments", {"name": name, **values}), 201)["id"])


def test_a_share_is_created_listed_changed_and_removed(company: Company) -> None:
    anna, boris = company.person(), company.person()
    calendar = calendar_of(anna)
    path = f"/calendars/{calendar}/shares"
    answer = anna.post(path, {"user_id": boris.id, "level": "read"})
    created = accepted(answer, 201)
    assert answer.headers["etag"] == '"1"'
    assert (created["calendar_id"], created["user_id"], created["department_id"]) == (calendar, boris.id, None)
    assert accepted(anna.get(path))["items"] == [created]

    one = f"{path}/{created['id']}"
    changed = anna.patch(one, {"level": "write"}, headers={"If-Match": '"1"'})
    assert (accepted(changed)["level"], changed.headers["etag"]) == ("write", '"2"')
    refused(anna.patch(one, {"level": "read"}, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    refused(anna.delete(one, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    assert anna.delete(one, headers={"If-Match": '"2"'}).status_code == 204
    assert accepted(anna.get(path))["items"] == []
    refused(boris.get(f"/calendars/{calendar}"), 404, "calendar_not_found")


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_includes_those_below_it(company: Company, level: str) -> None:
    anna, boris = company.person(), company.person()
    calendar = calendar_of(anna)
    existing = anna.create_event(calendar_id=calendar)
    share(anna, calendar, boris, level)
    path = f"/calendars/{calendar}"
    may = {name: LEVELS.index(name) <= LEVELS.index(level) for name in LEVELS}

    seen = accepted(boris.get(path))
    assert (seen["access"], seen["owner_id"]) == (level, anna.id)
    assert calendar in {item["id"] for item in accepted(boris.get("/calendars"))["items"]}
    assert boris.get(f"/events/{existing['id']}").status_code == (200 if may["read"] else 404)
    put_in = boris.post("/events", event(calendar_id=calendar))
    changed = boris.patch(f"/events/{existing['id']}", {"title": "Changed"})
    if may["write"]:
        accepted(put_in, 201)
        accepted(changed)
    else:
        refused(put_in, 403, "not_calendar_owner")
        assert changed.status_code == (403 if may["read"] else 404)
    carla = company.person()
    answers = [
        boris.patch(path, {"name": "Ours"}),
        boris.post(f"{path}/shares", {"user_id": carla.id, "level": "read"}),
    ]
    for answer, status in zip(answers, (200, 201), strict=True):
        if may["manage"]:
            accepted(answer, status)
        else:
            refused(answer, 403, "not_calendar_owner")


def test_a_share_with_a_department_counts_for_those_below_it(company: Company) -> None:
    sales = department(company)
    field = department(company, "Field", parent_id=sales)
    other = department(company, "Other")
    above, below, outside = (company.person(department_id=row) for row in (sales, field, other))
    anna = company.person()
    calendar = calendar_of(anna)
    share(anna, calendar, level="write", department_id=sales)
    for person in (above, below):
        assert accepted(person.get(f"/calendars/{calendar}"))["access"] == "write"
        accepted(person.post("/events", event(calendar_id=calendar)), 201)
    refused(outside.get(f"/calendars/{calendar}"), 404, "calendar_not_found")
    # The strongest counts.
    share(anna, calendar, below, "manage")
    assert accepted(below.get(f"/calendars/{calendar}"))["access"] == "manage"
    # Whoever moves to another department takes nothing along.
    accepted(company.admin.patch(f"/users/{above.id}", {"department_id": other}))
    refused(above.get(f"/calendars/{calendar}"), 404, "calendar_not_found")


def test_a_public_calendar_is_read_by_all_and_written_by_whom_it_is_shared_with(company: Company) -> None:
    anna, boris, carla = company.person(), company.person(), company.person()
    calendar = calendar_of(anna, is_public=True)
    share(anna, calendar, boris, "write")
    share(anna, calendar, carla, "free_busy")
    access = [accepted(person.get(f"/calendars/{calendar}"))["access"] for person in (anna, boris, carla)]
    assert access == ["owner", "write", "read"]
    assert accepted(company.admin.get(f"/calendars/{calendar}"))["access"] == "manage"


def test_an_administrator_manages_no_private_calendar_that_is_only_shown_to_them(company: Company) -> None:
    anna = company.person()
    calendar = calendar_of(anna)
    share(anna, calendar, company.admin, "read")
    refused(company.admin.patch(f"/calendars/{calendar}", {"name": "Mine"}), 403, "not_calendar_owner")
    refused(company.admin.post("/events", event(calendar_id=calendar)), 403, "not_calendar_owner")


def test_people_see_of_the_shares_their_own_and_may_give_it_up(company: Company) -> None:
    anna, boris, carla = company.person(), company.person(), company.person()
    calendar = calendar_of(anna)
    his, hers = share(anna, calendar, boris, "write"), share(anna, calendar, carla)
    path = f"/calendars/{calendar}/shares"
    assert accepted(boris.get(path))["items"] == [his]
    refused(boris.patch(f"{path}/{his['id']}", {"level": "manage"}), 403, "not_share_manager")
    for answer in (boris.patch(f"{path}/{hers['id']}", {"level": "read"}), boris.delete(f"{path}/{hers['id']}")):
        refused(answer, 404, "share_not_found")
    assert boris.delete(f"{path}/{his['id']}").status_code == 204
    refused(boris.get(path), 404, "calendar_not_found")
    assert accepted(anna.get(path))["items"] == [hers]


def test_a_share_is_found_below_its_own_calendar_only(company: Company) -> None:
    anna, boris = company.person(), company.person()
    first, second = calendar_of(anna), calendar_of(anna)
    made = share(anna, first, boris)
    refused(anna.delete(f"/calendars/{second}/shares/{made['id']}"), 404, "share_not_found")
    refused(anna.patch(f"/calendars/{second}/shares/{made['id']}", {"level": "manage"}), 404, "share_not_found")


def test_nobody_shares_with_the_owner_with_strangers_or_twice(company: Company, stranger_company: Company) -> None:
    anna, boris = company.person(), company.person()
    gone = company.person(is_active=False)
    calendar = calendar_of(anna)
    path = f"/calendars/{calendar}/shares"
    share(anna, calendar, boris, "manage")
    for user_id in (MISSING_ID, stranger_company.admin.id, gone.id):
        problem = refused(anna.post(path, {"user_id": user_id, "level": "read"}), 422, "user_not_found")
        assert problem["field"] == "user_id"
    theirs = department(stranger_company)
    for department_id in (MISSING_ID, theirs):
        answer = anna.post(path, {"department_id": department_id, "level": "read"})
        assert refused(answer, 422, "department_not_found")["field"] == "department_id"
    for person in (anna, boris):
        refused(person.post(path, {"user_id": anna.id, "level": "read"}), 422, "share_with_owner")
    refused(anna.post(path, {"user_id": boris.id, "level": "read"}), 409, "already_shared")
    ours = department(company)
    share(anna, calendar, department_id=ours)
    refused(anna.post(path, {"department_id": ours, "level": "write"}), 409, "already_shared")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"level": "read"},
        {"user_id": MISSING_ID},
        {"user_id": MISSING_ID, "department_id": MISSING_ID, "level": "read"},
        {"user_id": MISSING_ID, "level": "owner"},
        {"user_id": "me", "level": "read"},
        {"user_id": MISSING_ID, "level": "read", "calendar_id": MISSING_ID},
    ],
)
def test_a_share_that_makes_no_sense_is_refused(company: Company, body: dict[str, Any]) -> None:
    anna = company.person()
    refused(anna.post(f"/calendars/{anna.calendar_id}/shares", body), 422, "invalid_request")


def test_there_is_a_limit_to_the_shares_of_one_calendar(company: Company) -> None:
    anna = company.person()
    calendar, other = calendar_of(anna), calendar_of(anna)
    with settings(CALENDAR_SHARES_MAX=2):
        share(anna, calendar, company.person())
        share(anna, calendar, department_id=department(company))
        body = {"user_id": company.person().id, "level": "read"}
        refused(anna.post(f"/calendars/{calendar}/shares", body), 409, "too_many_shares")
        share(anna, other, company.person())


def test_pages_of_shares_lose_none(company: Company) -> None:
    anna = company.person()
    calendar = calendar_of(anna)
    made = [share(anna, calendar, company.person())["id"] for _ in range(5)]
    for sort, order in (("created_at", made), ("-created_at", made[::-1])):
        pages = all_pages(anna, f"/calendars/{calendar}/shares", sort=sort, limit=2)
        assert [[item["id"] for item in page] for page in pages] == [order[:2], order[2:4], order[4:]]


def test_strangers_find_no_calendar_to_share(company: Company, stranger_company: Company) -> None:
    anna = company.person()
    calendar = calendar_of(anna, is_public=True)
    made = share(anna, calendar, company.person())
    path, stranger = f"/calendars/{calendar}/shares", stranger_company.admin
    for answer in (
        stranger.get(path),
        stranger.post(path, {"user_id": stranger.id, "level": "read"}),
        stranger.patch(f"{path}/{made['id']}", {"level": "manage"}),
        stranger.delete(f"{path}/{made['id']}"),
    ):
        refused(answer, 404, "calendar_not_found")


def test_an_outside_calendar_takes_no_events(company: Company, database: psycopg.Connection) -> None:
    anna = company.person()
    calendar = calendar_of(anna)
    database.execute("UPDATE calendars SET is_outside = true WHERE id = %s", [calendar])
    assert accepted(anna.get(f"/calendars/{calendar}"))["is_outside"] is True
    refused(anna.post("/events", event(calendar_id=calendar)), 403, "calendar_is_outside")


def test_a_department_is_named_only_by_who_sees_the_structure(company: Company) -> None:
    anna = company.person(access_org_structure=False)
    body = {"department_id": department(company), "level": "read"}
    refused(anna.post(f"/calendars/{anna.calendar_id}/shares", body), 403, "org_structure_off")


def test_of_who_leaves_an_administrator_reads_names_and_titles_as_far_as_they_are_shared(company: Company) -> None:
    anna = company.person()
    shown, hidden = calendar_of(anna, name="Shown"), calendar_of(anna, name="Secret")
    anna.create_event(calendar_id=shown, title="Plan")
    anna.create_event(calendar_id=hidden, title="Secret")
    share(anna, shown, company.admin)
    left = accepted(company.admin.get(f"/users/{anna.id}/leaving"))
    assert sorted(str(item["name"]) for item in left["calendars"]["items"]) == ["None", "None", "Shown"]
    assert {item["title"] for item in left["meetings"]["items"]} == {"Plan", None}
    assert company.person(Role.IT).get(f"/users/{anna.id}/leaving").status_code == 403


# Races


def test_of_managers_who_change_the_same_share_one_wins(company: Company, server: ApiProcess) -> None:
    anna = company.person()
    calendar = calendar_of(anna)
    managers = [company.person() for _ in range(6)]
    for person in managers:
        share(anna, calendar, person, "manage")
    made = share(anna, calendar, company.person())
    path = f"/calendars/{calendar}/shares/{made['id']}"
    racers = [server.seen_by(person) for person in managers]
    change = {"json": {"level": "write"}, "headers": {"If-Match": '"1"'}}
    answers = at_once(*[partial(person.patch, path, **change) for person in racers])
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 5}
    assert accepted(anna.get(f"/calendars/{calendar}/shares", sort="-created_at"))["items"][0]["version"] == 2


def test_managers_who_take_each_other_out_leave_exactly_one(company: Company, server: ApiProcess) -> None:
    """Each writes after the other's lock: whoever has been taken out by then takes nobody out."""
    anna, boris, carla = (company.person() for _ in range(3))
    calendar = calendar_of(anna)
    path = f"/calendars/{calendar}/shares"
    for _ in range(5):
        his, hers = share(anna, calendar, boris, "manage"), share(anna, calendar, carla, "manage")
        first, second = server.seen_by(boris), server.seen_by(carla)
        answers = at_once(partial(first.delete, f"{path}/{hers['id']}"), partial(second.delete, f"{path}/{his['id']}"))
        assert sorted(answer.status_code for answer in answers) == [204, 404]
        (left,) = accepted(anna.get(path))["items"]
        assert anna.delete(f"{path}/{left['id']}").status_code == 204


def test_a_share_that_is_removed_while_somebody_writes_ends_the_writing(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    anna, boris = company.person(), company.person()
    calendar = calendar_of(anna)
    made = share(anna, calendar, boris, "write")
    writer, owner = server.seen_by(boris), server.seen_by(anna)

    write = partial(writer.post, "/events", event(calendar_id=calendar))
    remove = partial(owner.delete, f"/calendars/{calendar}/shares/{made['id']}")
    answers = at_once(write, write, remove, write, write)
    assert answers[2].status_code == 204
    written = [answer for index, answer in enumerate(answers) if index != 2]
    assert {answer.status_code for answer in written} <= {201, 404}
    refused(write(), 404, "calendar_not_found")
    count = database.execute("SELECT count(*) FROM events WHERE calendar_id = %s", [calendar]).fetchone()
    assert count == (sum(answer.status_code == 201 for answer in written),)


def test_one_share_with_each_and_no_more_than_the_limit_when_many_share_at_once(company: Company) -> None:
    anna = company.person()
    calendar = calendar_of(anna)
    path = f"/calendars/{calendar}/shares"
    same, *others = (company.person().id for _ in range(6))
    with ApiProcess(CALENDAR_SHARES_MAX="3") as server:
        racer = server.seen_by(anna)
        bodies = [{"user_id": user_id, "level": "read"} for user_id in (same, same, same, same)]
        answers = at_once(*[partial(racer.post, path, body) for body in bodies])
        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 3}
        assert {answer.json().get("code") for answer in answers} == {None, "already_shared"}
        bodies = [{"user_id": user_id, "level": "read"} for user_id in others]
        answers = at_once(*[partial(racer.post, path, body) for body in bodies])
        assert Counter(answer.status_code for answer in answers) == {201: 2, 409: 3}
        assert {answer.json().get("code") for answer in answers} == {None, "too_many_shares"}
