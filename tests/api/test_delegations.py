"""Delegates: who lets whom act, what they may do in somebody's name and what not, and when it ends."""

from collections import Counter
from functools import partial
from typing import Any

import httpx2 as httpx
import pytest

from app.core import tenancy
from app.core.actor import Actor
from app.db import SessionLocal
from app.models import Role
from app.services import delegation_service
from tests.support.api_process import ApiProcess, at_once
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, all_pages, refused, settings


def delegate(principal: Person, to: Person, **values: Any) -> dict[str, Any]:
    return accepted(principal.post("/delegations", {"delegate_id": to.id, **values}), 201)


def acting(person: Person, principal: Person | str, method: str, path: str, **options: Any) -> httpx.Response:
    """The person asks in the name of the principal."""
    named = principal if isinstance(principal, str) else principal.id
    headers = {"X-On-Behalf-Of": named, **options.pop("headers", {})}
    return person.call(method, path, headers=headers, **options)


def test_a_delegation_is_given_listed_changed_and_ended(company: Company) -> None:
    anna, boris = company.person(), company.person()
    answer = anna.post("/delegations", {"delegate_id": boris.id})
    given = accepted(answer, 201)
    path = f"/delegations/{given['id']}"
    assert answer.headers["location"] == f"/api/v1{path}"
    assert (given["principal_id"], given["delegate_id"], given["sees_private"]) == (anna.id, boris.id, False)
    for person in (anna, boris):
        assert accepted(person.get("/delegations"))["items"] == [given]
    changed = anna.patch(path, {"sees_private": True}, headers={"If-Match": '"1"'})
    assert (accepted(changed)["sees_private"], changed.headers["etag"]) == (True, '"2"')
    refused(anna.patch(path, {"sees_private": False}, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    refused(anna.delete(path, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    assert anna.delete(path, headers={"If-Match": '"2"'}).status_code == 204
    assert accepted(boris.get("/delegations"))["items"] == []


def test_a_delegate_may_give_it_up_and_not_change_it(company: Company) -> None:
    anna, boris = company.person(), company.person()
    path = f"/delegations/{delegate(anna, boris)['id']}"
    refused(boris.patch(path, {"sees_private": True}), 403, "not_principal")
    for other in (company.person(), company.admin):
        refused(other.patch(path, {"sees_private": True}), 404, "delegation_not_found")
        refused(other.delete(path), 404, "delegation_not_found")
        assert accepted(other.get("/delegations"))["items"] == []
    assert boris.delete(path).status_code == 204


def test_lists_are_filtered_by_either_side(company: Company) -> None:
    anna, boris, carla = company.person(), company.person(), company.person()
    given, got, other = delegate(anna, boris), delegate(carla, anna), delegate(carla, boris)

    def ids(**params: Any) -> list[str]:
        return [item["id"] for page in all_pages(anna, "/delegations", limit=1, **params) for item in page]

    assert ids() == [given["id"], got["id"]]
    assert ids(sort="-created_at") == [got["id"], given["id"]]
    assert ids(principal_id=anna.id) == [given["id"]]
    assert ids(delegate_id=anna.id) == [got["id"]]
    assert other["id"] not in ids(principal_id=carla.id)


def test_nobody_is_named_who_cannot_act(company: Company, stranger_company: Company) -> None:
    anna, boris = company.person(), company.person()
    for user_id in (MISSING_ID, stranger_company.admin.id, company.person(is_active=False).id):
        problem = refused(anna.post("/delegations", {"delegate_id": user_id}), 422, "user_not_found")
        assert problem["field"] == "delegate_id"
    refused(anna.post("/delegations", {"delegate_id": anna.id}), 422, "delegate_is_oneself")
    delegate(anna, boris)
    refused(anna.post("/delegations", {"delegate_id": boris.id, "sees_private": True}), 409, "already_delegate")


@pytest.mark.parametrize(
    "body", [{}, {"delegate_id": None}, {"delegate_id": MISSING_ID, "sees_private": "no"}, {"principal_id": MISSING_ID}]
)
def test_a_delegation_that_makes_no_sense_is_refused(company: Company, body: dict[str, Any]) -> None:
    refused(company.admin.post("/delegations", body), 422, "invalid_request")


def test_there_is_a_limit_to_the_delegates_of_one_person(company: Company, server: ApiProcess) -> None:
    anna = company.person()
    with settings(DELEGATES_MAX=2):
        delegate(anna, company.person())
        delegate(anna, company.person())
        refused(anna.post("/delegations", {"delegate_id": company.person().id}), 409, "too_many_delegates")
    boris, racer = company.person(), server.seen_by(anna)
    answers = at_once(*[partial(racer.post, "/delegations", {"delegate_id": boris.id}) for _ in range(5)])
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 4}


# Acting


def test_a_delegate_keeps_the_principals_calendars(company: Company) -> None:
    anna, boris = company.person(), company.person()
    delegate(anna, boris)
    made = accepted(acting(boris, anna, "POST", "/calendars", json={"name": "For Anna"}), 201)
    assert (made["owner_id"], made["access"]) == (anna.id, "owner")
    path = f"/calendars/{made['id']}"
    refused(boris.get(path), 404, "calendar_not_found")
    assert accepted(acting(boris, anna, "GET", path)) == made
    assert accepted(acting(boris, anna, "PATCH", path, json={"name": "Board"}))["name"] == "Board"
    listed = accepted(acting(boris, anna, "GET", "/calendars"))["items"]
    assert {item["id"] for item in listed} == {anna.calendar_id, made["id"]}
    arranged = acting(boris, anna, "PUT", f"{path}/subscription", json={"position": 1})
    assert accepted(arranged)["position"] == 1
    assert accepted(anna.get(path))["position"] == 1
    assert acting(boris, anna, "DELETE", path).status_code == 204


def test_the_record_names_the_delegate(company: Company) -> None:
    anna, boris = company.person(), company.person()
    delegate(anna, boris)
    made = accepted(acting(boris, anna, "POST", "/calendars", json={"name": "For Anna"}), 201)
    (entry,) = accepted(company.admin.get("/audit", object_id=made["id"]))["items"]
    assert (entry["actor_id"], entry["after"]["owner_id"]) == (boris.id, anna.id)


def test_in_ones_own_name_one_is_oneself(company: Company) -> None:
    admin = company.admin
    calendar = company.person().post("/calendars", {"name": "Team", "is_public": True}).json()
    assert accepted(acting(admin, admin, "GET", f"/calendars/{calendar['id']}"))["access"] == "manage"


def test_who_is_no_delegate_acts_for_nobody(company: Company, stranger_company: Company) -> None:
    anna, boris, carla = company.person(), company.person(), company.person()
    delegate(anna, boris)
    for person in (carla, company.admin):
        refused(acting(person, anna, "GET", "/calendars"), 403, "not_delegate")
    # It goes one way only, and no further.
    refused(acting(anna, boris, "GET", "/calendars"), 403, "not_delegate")
    delegate(boris, carla)
    refused(acting(carla, anna, "GET", "/calendars"), 403, "not_delegate")
    for unknown in (MISSING_ID, stranger_company.admin.id):
        refused(acting(boris, unknown, "GET", "/calendars"), 404, "user_not_found")
    refused(acting(stranger_company.admin, anna, "GET", "/calendars"), 404, "user_not_found")
    refused(acting(boris, "anna", "GET", "/calendars"), 422, "invalid_request")
    answer = anna.client.get("/calendars", headers={"X-On-Behalf-Of": anna.id})
    refused(answer, 401, "not_authenticated")


def test_rights_are_never_inherited(company: Company) -> None:
    admin, boris, it = company.admin, company.person(), company.person(Role.IT)
    calendar = company.person().post("/calendars", {"name": "Team", "is_public": True}).json()
    path = f"/calendars/{calendar['id']}"
    for person in (boris, it):
        delegate(admin, person)
        assert accepted(acting(person, admin, "GET", path))["access"] == "read"
        refused(acting(person, admin, "PATCH", path, json={"name": "Mine"}), 403, "not_calendar_owner")
    # Nor does an administrator lend theirs to whom they act for.
    delegate(boris, admin)
    refused(acting(admin, boris, "PATCH", path, json={"name": "Mine"}), 403, "not_calendar_owner")
    second = company.person(Role.ADMIN)
    delegate(admin, second)
    assert accepted(acting(second, admin, "GET", path))["access"] == "manage"


def test_an_actor_on_behalf_is_the_principal_with_the_weaker_rights_of_the_two(company: Company) -> None:
    it = company.person(Role.IT, time_zone="Asia/Almaty", access_tickets=False)
    admin = company.person(Role.ADMIN, time_zone="Asia/Tokyo", access_org_structure=False)
    delegate(it, admin)
    delegate(admin, it, sees_private=True)
    zone = company.organization.time_zone
    with SessionLocal.begin() as session:
        tenancy.enter(session, company.organization.id, origin="test")
        for person, principal, sees_private in ((admin, it, False), (it, admin, True)):
            user = person.user
            flags = {"access_org_structure": user.access_org_structure, "access_tickets": user.access_tickets}
            actor = Actor(user.id, company.organization.id, user.role, None, zone, zone, **flags)
            assert delegation_service.act_for(session, actor, principal.user.id) == Actor(
                principal.user.id,
                company.organization.id,
                Role.IT,
                None,
                principal.user.time_zone,
                zone,
                access_org_structure=False,
                access_tickets=False,
                delegate_id=user.id,
                sees_private=sees_private,
            )


def test_what_would_outlast_the_delegation_is_the_principals_alone(company: Company) -> None:
    anna, boris = company.person(), company.person()
    delegate(anna, boris, sees_private=True)
    calendar = accepted(anna.post("/calendars", {"name": "Board"}), 201)["id"]
    path = f"/calendars/{calendar}"
    share = {"user_id": company.person().id, "level": "read"}
    made = accepted(anna.post(f"{path}/shares", share), 201)
    for answer in (
        acting(boris, anna, "POST", f"{path}/shares", json={"user_id": boris.id, "level": "manage"}),
        acting(boris, anna, "PATCH", f"{path}/shares/{made['id']}", json={"level": "manage"}),
        acting(boris, anna, "DELETE", f"{path}/shares/{made['id']}"),
        acting(boris, anna, "PUT", f"{path}/owner", json={"user_id": boris.id}),
    ):
        refused(answer, 403, "not_for_delegates")
    assert accepted(acting(boris, anna, "GET", f"{path}/shares"))["items"] == [made]
    # Delegations are one's own, whoever is named.
    assert (
        accepted(acting(boris, anna, "POST", "/delegations", json={"delegate_id": anna.id}), 201)["principal_id"]
        == boris.id
    )


# The end


def test_a_delegation_that_ended_is_worth_nothing_at_once(company: Company) -> None:
    anna, boris = company.person(), company.person()
    given = delegate(anna, boris)
    accepted(acting(boris, anna, "GET", "/calendars"))
    assert anna.delete(f"/delegations/{given['id']}").status_code == 204
    refused(acting(boris, anna, "GET", "/calendars"), 403, "not_delegate")


def switch(company: Company, person: Person, *, on: bool) -> None:
    accepted(company.admin.patch(f"/users/{person.id}", {"is_active": on}))


def test_nobody_acts_for_who_is_not_active_and_who_comes_back_begins_without_delegates(company: Company) -> None:
    anna, boris, carla = company.person(), company.person(), company.person()
    delegate(anna, boris)
    delegate(carla, anna)
    other = delegate(carla, boris)
    switch(company, anna, on=False)
    refused(acting(boris, anna, "GET", "/calendars"), 403, "principal_inactive")
    switch(company, anna, on=True)
    refused(acting(boris, anna, "GET", "/calendars"), 403, "not_delegate")
    assert accepted(carla.get("/delegations"))["items"] == [other]


def test_who_is_taken_back_by_an_import_begins_without_delegates_too(company: Company) -> None:
    anna, boris = company.person(), company.person()
    delegate(anna, boris)
    switch(company, anna, on=False)
    file = f"email,is_active\n{anna.email},true\n".encode()
    answer = company.admin.call("POST", "/users/import", content=file, headers={"Content-Type": "text/csv"})
    assert accepted(answer)["updated"] == 1
    refused(acting(boris, anna, "GET", "/calendars"), 403, "not_delegate")


def test_a_leaving_that_is_undone_gives_delegations_back(company: Company) -> None:
    anna, boris, admin = company.person(), company.person(), company.admin
    delegate(anna, boris)
    delegate(boris, anna)
    assert accepted(admin.get(f"/users/{anna.id}/leaving"))["delegations"] == 2
    accepted(admin.post(f"/users/{anna.id}/leaving", {"successor_id": admin.id}))
    refused(acting(boris, anna, "GET", "/calendars"), 403, "principal_inactive")
    accepted(admin.post(f"/users/{anna.id}/leaving/undo"))
    accepted(acting(boris, anna, "GET", "/calendars"))
    assert len(accepted(boris.get("/delegations"))["items"]) == 2


def test_the_document_shows_the_header(company: Company) -> None:
    document = company.client.get("http://testserver/openapi.json").json()
    parameters = document["paths"]["/api/v1/calendars"]["get"]["parameters"]
    (header,) = [row for row in parameters if row["in"] == "header"]
    assert (header["name"], header["required"]) == ("X-On-Behalf-Of", False)
    assert document["paths"]["/api/v1/calendars"]["get"]["security"] == [{"password": []}]
