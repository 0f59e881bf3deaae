"""Every column of every table, sent to every route that writes: nothing is set that the document does not offer."""

from typing import Any

import pytest
from sqlmodel import SQLModel

from tests.bad_input.routes import WriteRoute, write_routes
from tests.isolation.companies import Isolation
from tests.support.planning import accepted, refused

ROUTES = write_routes()
TABLES = sorted(SQLModel.metadata.tables)
COLUMNS_A_REQUEST = 40
# What only the application itself sets, whoever asks.
NEVER_SET = {
    *("id", "organization_id", "owner_id", "organizer_id", "series_id", "original_start", "uid", "sequence", "span"),
    *("version", "created_at", "updated_at", "hashed_password", "avatar_url", "search_text", "is_recurring"),
    *("deleted_at", "deactivated_at", "token_hash", "invited_by", "accepted_at", "revoked_at", "undone_at", "made_by"),
    *("expanded_until", "tzdata_version", "start_wall", "end_wall", "state", "during", "generation", "revoked_at"),
    *("photo_url", "panel_token_hash"),
}
# An administrator of the installation chooses the company of a new user; others are refused (test below).
# The states of a ticket are what people bring it into.
OFFERED = {"POST /users organization_id", "PATCH /tickets/{ticket_id} state"}
VALUES: dict[str, Any] = {
    "organization_id": "<their organization>",
    "owner_id": "<their admin>",
    "organizer_id": "<their admin>",
    "id": "<their event>",
    "version": 1_000,
    "role": "admin",
    "hashed_password": "x",
}


def columns_of(table: str) -> list[str]:
    return [column.name for column in SQLModel.metadata.tables[table].columns]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_column_that_is_not_offered_is_refused(world: Isolation, route: WriteRoute) -> None:
    wanted = sorted({name for table in TABLES for name in columns_of(table)} - route.fields.keys())
    with world.untouched():
        # A refusal names a bounded number of faults.
        for first in range(0, len(wanted), COLUMNS_A_REQUEST):
            columns = wanted[first : first + COLUMNS_A_REQUEST]
            body = route.body(**{name: VALUES.get(name, "x") for name in columns})
            problem = world.refuses(422, "invalid_request", route.method, route.path, json=body)
            refusals = [error["loc"][1] for error in problem["errors"] if error["type"] == "extra_forbidden"]
            assert sorted(refusals) == sorted(columns)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_no_route_offers_what_only_the_application_sets(route: WriteRoute) -> None:
    offered = {f"{route.name} {name}" for name in route.fields.keys() & NEVER_SET}
    assert offered - OFFERED == set()


def test_only_the_installations_administrator_chooses_the_company_of_a_new_user(world: Isolation) -> None:
    body = {"email": "chosen@example.com", "password": "correct horse", "organization_id": "<their organization>"}
    world.refuses(403, "organization_not_yours", "POST", "/users", json=body)
    world.refuses(403, "admin_only", "POST", "/users", json=body, actor=world.colleague)


# Every field of a user with a value that differs from the stored one. A new field fails until it is here.
OWN = {
    "full_name": "New Name",
    "phone": "+49301234567",
    "birthday": "1990-05-17",
    "time_zone": "Asia/Almaty",
    "language": "en",
    "show_local_time": False,
    "show_moscow_time": False,
}
FOR_ADMINISTRATORS = {
    "email": "another-one@example.com",
    "position": "Director",
    "department": "Board",
    "department_id": "<department>",
    "manager_id": "<admin>",
    "role": "admin",
    "is_active": False,
    "access_org_structure": False,
    "access_tickets": False,
    "access_availability_slots": True,
}


def test_every_field_of_a_user_is_ones_own_or_for_administrators() -> None:
    fields = next(route.fields for route in ROUTES if route.name == "PATCH /users/{user_id}")
    assert fields.keys() == OWN.keys() | FOR_ADMINISTRATORS.keys()


@pytest.mark.parametrize("field", FOR_ADMINISTRATORS)
def test_people_do_not_change_of_themselves_what_is_for_administrators(world: Isolation, field: str) -> None:
    value = FOR_ADMINISTRATORS[field]
    for actor in (world.colleague, world.it_desk):
        path = f"/users/{actor.id}"
        world.refuses(403, "admin_only_fields", "PATCH", path, json={field: value}, actor=actor)
        body = {"email": actor.email, field: value}
        world.refuses(403, "admin_only_fields", "PUT", path, json=body, actor=actor)
        # Among things that they may change, nothing of it happens.
        world.refuses(403, "admin_only_fields", "PATCH", path, json={**OWN, field: value}, actor=actor)


def test_people_change_of_themselves_what_is_their_own(world: Isolation) -> None:
    person = world.company.person()
    changed = accepted(person.patch(f"/users/{person.id}", OWN))
    assert changed.items() >= OWN.items()
    assert (changed["version"], changed["role"], changed["organization_id"]) == (
        2,
        "employee",
        world.ours.ids["organization"],
    )


@pytest.mark.parametrize("path", ["/calendars", "/events", "/rooms", "/buildings"])
def test_a_new_object_is_of_its_makers_company(world: Isolation, path: str) -> None:
    body = {
        "/calendars": {"name": "New"},
        "/rooms": {"name": "New", "capacity": 2},
        "/buildings": {"name": "New"},
        "/events": {"title": "New", "start_time": "2027-05-03T09:00:00Z", "end_time": "2027-05-03T10:00:00Z"},
    }[path]
    admin = world.theirs.company.admin
    row = accepted(admin.post(path, body), 201)
    assert row["version"] == 1
    assert row.get("organization_id", world.theirs.ids["organization"]) == world.theirs.ids["organization"]
    assert row.get("owner_id", admin.id) == admin.id
    assert row.get("organizer_id", admin.id) == admin.id
    refused(world.admin.get(f"{path}/{row['id']}"), 404, f"{path[1:-1]}_not_found")
