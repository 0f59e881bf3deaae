"""Calendars that get another owner: by whom, to whom, what stays, and races."""

from collections import Counter
from functools import partial
from typing import Any

import pytest

from tests.support.api_process import ApiProcess, at_once
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, refused, settings


def calendar_of(person: Person, **values: Any) -> str:
    return str(accepted(person.post("/calendars", {"name": "Work", **values}), 201)["id"])


def give(person: Person, calendar_id: str, to: Person, *, headers: Any = None, **values: Any) -> Any:
    return person.put(f"/calendars/{calendar_id}/owner", {"user_id": to.id, **values}, headers=headers or {})


def shares_of(person: Person, calendar_id: str) -> list[tuple[str, str]]:
    items = accepted(person.get(f"/calendars/{calendar_id}/shares"))["items"]
    return [(item["user_id"], item["level"]) for item in items]


def test_a_calendar_changes_hands_and_its_events_keep_their_organizers(company: Company) -> None:
    anna, boris = company.person(), company.person()
    calendar = calendar_of(anna)
    made = anna.create_event(calendar_id=calendar, title="Plan")
    assert give(anna, calendar, boris).status_code == 204
    seen = accepted(boris.get(f"/calendars/{calendar}"))
    assert (seen["owner_id"], seen["access"], seen["version"]) == (boris.id, "owner", 2)
    assert accepted(boris.get(f"/events/{made['id']}"))["organizer_id"] == anna.id
    refused(anna.get(f"/calendars/{calendar}"), 404, "calendar_not_found")
    # What one organizes stays one's own.
    accepted(anna.get(f"/events/{made['id']}"))
    assert shares_of(boris, calendar) == []


def test_the_old_owner_goes_on_managing_if_they_say_so(company: Company) -> None:
    anna, boris = company.person(), company.person()
    calendar = calendar_of(anna)
    assert give(anna, calendar, boris, keep_access=True).status_code == 204
    assert accepted(anna.get(f"/calendars/{calendar}"))["access"] == "manage"
    assert shares_of(boris, calendar) == [(anna.id, "manage")]
    # And back: who owns it needs no share.
    assert give(boris, calendar, anna, keep_access=True).status_code == 204
    assert shares_of(anna, calendar) == [(boris.id, "manage")]


def test_other_shares_stay_and_the_new_owners_goes(company: Company) -> None:
    anna, boris, carla = company.person(), company.person(), company.person()
    calendar = calendar_of(anna)
    for partner, level in ((boris, "read"), (carla, "write")):
        body = {"user_id": partner.id, "level": level}
        accepted(anna.post(f"/calendars/{calendar}/shares", body), 201)
    with settings(CALENDAR_SHARES_MAX=2):
        assert give(anna, calendar, boris, keep_access=True).status_code == 204
        assert shares_of(boris, calendar) == [(carla.id, "write"), (anna.id, "manage")]
        # Two others have it already, so there is no room for the one who gives it.
        refused(give(boris, calendar, company.person(), keep_access=True), 409, "too_many_shares")
    assert accepted(boris.get(f"/calendars/{calendar}"))["owner_id"] == boris.id


def test_who_only_manages_a_calendar_does_not_give_it_away(company: Company) -> None:
    anna, boris = company.person(), company.person()
    calendar = calendar_of(anna)
    accepted(anna.post(f"/calendars/{calendar}/shares", {"user_id": boris.id, "level": "manage"}), 201)
    refused(give(boris, calendar, boris), 403, "not_calendar_owner")


def test_an_administrator_gives_away_public_calendars_and_no_private_ones(company: Company) -> None:
    anna, boris, admin = company.person(), company.person(), company.admin
    public, private = calendar_of(anna, is_public=True), calendar_of(anna)
    assert give(admin, public, boris).status_code == 204
    refused(give(admin, private, admin), 404, "calendar_not_found")
    # To see when somebody is busy is no way to what they do.
    share = f"/calendars/{private}/shares"
    accepted(anna.post(share, {"user_id": admin.id, "level": "free_busy"}), 201)
    refused(give(admin, private, admin), 403, "not_calendar_owner")
    refused(give(company.person(), public, anna), 403, "not_calendar_owner")


def test_the_last_calendar_stays(company: Company) -> None:
    anna, boris = company.person(), company.person()
    refused(give(anna, anna.calendar_id, boris), 409, "calendar_is_last")


def test_the_new_owners_limit_holds(company: Company) -> None:
    anna, boris = company.person(), company.person()
    first, second = calendar_of(anna), calendar_of(anna)
    with settings(CALENDARS_PER_USER=2):
        assert give(anna, first, boris).status_code == 204
        refused(give(anna, second, boris), 409, "too_many_calendars_of_owner")


def test_a_calendar_goes_to_active_colleagues_only(company: Company, stranger_company: Company) -> None:
    anna = company.person()
    calendar = calendar_of(anna)
    for user_id in (MISSING_ID, stranger_company.admin.id, company.person(is_active=False).id):
        answer = anna.put(f"/calendars/{calendar}/owner", {"user_id": user_id})
        assert refused(answer, 422, "user_not_found")["field"] == "user_id"
    refused(give(stranger_company.admin, calendar, anna), 404, "calendar_not_found")
    assert give(anna, calendar, anna).status_code == 204
    assert accepted(anna.get(f"/calendars/{calendar}"))["version"] == 1


@pytest.mark.parametrize("body", [{}, {"user_id": None}, {"user_id": "me"}, {"user_id": MISSING_ID, "keep_access": 1}])
def test_a_transfer_that_makes_no_sense_is_refused(company: Company, body: dict[str, Any]) -> None:
    anna = company.person()
    refused(anna.put(f"/calendars/{anna.calendar_id}/owner", body), 422, "invalid_request")


def test_a_stale_version_is_refused(company: Company) -> None:
    anna, boris = company.person(), company.person()
    calendar = calendar_of(anna)
    accepted(anna.patch(f"/calendars/{calendar}", {"name": "Other"}))
    refused(give(anna, calendar, boris, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    assert give(anna, calendar, boris, headers={"If-Match": '"2"'}).status_code == 204


def test_a_leaver_whose_leaving_is_undone_finds_calendars_and_shares_as_they_were(company: Company) -> None:
    anna, boris, admin = company.person(), company.person(), company.admin
    calendar = calendar_of(anna)
    accepted(anna.post(f"/calendars/{calendar}/shares", {"user_id": boris.id, "level": "write"}), 201)
    accepted(admin.post(f"/users/{anna.id}/leaving", {"successor_id": boris.id}))
    assert accepted(boris.get(f"/calendars/{calendar}"))["access"] == "owner"
    accepted(admin.post(f"/users/{anna.id}/leaving/undo"))
    assert accepted(boris.get(f"/calendars/{calendar}"))["access"] == "write"


# Races


def test_whoever_gives_all_away_at_once_keeps_one(company: Company, server: ApiProcess) -> None:
    anna, boris = company.person(), company.person()
    calendars = [anna.calendar_id, calendar_of(anna), calendar_of(anna)]
    racer = server.seen_by(anna)
    calls = [partial(give, racer, row, boris) for row in calendars]
    calls.append(partial(racer.delete, f"/calendars/{calendars[1]}"))
    answers = at_once(*calls)
    assert {answer.status_code for answer in answers} <= {204, 404, 409}
    owned = accepted(anna.get("/calendars", owner_id=anna.id))["items"]
    assert len(owned) == 1


def test_two_who_give_to_each_other_do_not_wait_for_ever(company: Company, server: ApiProcess) -> None:
    anna, boris = company.person(), company.person()
    for _ in range(5):
        hers, his = calendar_of(anna), calendar_of(boris)
        first, second = server.seen_by(anna), server.seen_by(boris)
        answers = at_once(partial(give, first, hers, boris), partial(give, second, his, anna))
        assert [answer.status_code for answer in answers] == [204, 204]


def test_the_limit_of_calendars_holds_when_many_come_at_once(company: Company) -> None:
    boris = company.person()
    with ApiProcess(CALENDARS_PER_USER="3") as server:
        givers = [company.person() for _ in range(4)]
        rows = [(server.seen_by(person), calendar_of(person)) for person in givers]
        maker = server.seen_by(boris)
        calls = [partial(give, giver, calendar, boris) for giver, calendar in rows]
        calls += [partial(maker.post, "/calendars", {"name": "Mine"}) for _ in range(4)]
        answers = at_once(*calls)
    assert Counter(answer.status_code < 300 for answer in answers) == {True: 2, False: 6}
    assert len(accepted(boris.get("/calendars", owner_id=boris.id))["items"]) == 3
