"""Departments: who keeps them, who sees them, their places in the tree, their people."""

from typing import Any

import pytest

from app.models import Role
from tests.support.chart import department, put_into, tree_of
from tests.support.people import Company, Person, sign_in
from tests.support.planning import MISSING_ID, accepted, all_pages, refused, settings


def names(person: Person, **params: Any) -> list[str]:
    return [item["name"] for item in accepted(person.get("/departments", **params))["items"]]


def members(person: Person, where: dict[str, Any], **params: Any) -> list[str]:
    items = accepted(person.get(f"/departments/{where['id']}/members", **params))["items"]
    return [item["full_name"] for item in items]


def test_a_department_is_created_read_replaced_changed_and_deleted(company: Company) -> None:
    admin, anna = company.admin, company.person()
    answer = admin.post("/departments", {"name": "  Продажи ", "head_id": anna.id})
    created = accepted(answer, 201)
    path = f"/departments/{created['id']}"
    assert answer.headers["location"] == f"/api/v1{path}"
    assert answer.headers["etag"] == '"1"'
    assert (created["name"], created["parent_id"], created["head_id"]) == ("Продажи", None, anna.id)
    assert created["organization_id"] == str(company.organization.id)
    assert accepted(anna.get(path)) == created

    assert accepted(admin.patch(path, {"name": "Сбыт"}))["version"] == 2
    replaced = accepted(admin.put(path, {"name": "Сбыт"}))
    assert (replaced["head_id"], replaced["version"]) == (None, 3)
    assert accepted(admin.put(path, {"name": "Сбыт"}))["version"] == 3

    assert admin.delete(path).status_code == 204
    refused(anna.get(path), 404, "department_not_found")
    refused(admin.delete(path), 404, "department_not_found")


@pytest.mark.parametrize("role", [Role.EMPLOYEE, Role.IT])
def test_only_administrators_write(company: Company, role: Role) -> None:
    sales = department(company, "Sales")
    path = f"/departments/{sales['id']}"
    person = company.person(role)
    for answer in (
        person.post("/departments", {"name": "Mine"}),
        person.put(path, {"name": "Mine"}),
        person.patch(path, {"head_id": person.id}),
        person.delete(path),
        person.post(f"{path}/members", {"user_ids": [person.id]}),
    ):
        refused(answer, 403, "admin_only")
    assert accepted(person.get(path)) == sales


def test_whose_access_is_off_sees_nothing_of_the_structure(company: Company) -> None:
    sales = department(company, "Sales")
    for person in (company.person(access_org_structure=False), company.person(Role.ADMIN, access_org_structure=False)):
        for path in (
            "/departments",
            "/departments/tree",
            f"/departments/{sales['id']}",
            f"/departments/{sales['id']}/members",
            f"/users/{person.id}/reports",
            f"/users/{person.id}/managers",
        ):
            refused(person.get(path), 403, "org_structure_off")
    boss = company.person(Role.ADMIN, access_org_structure=False)
    refused(boss.post("/departments", {"name": "Mine"}), 403, "org_structure_off")
    refused(boss.delete(f"/departments/{sales['id']}"), 403, "org_structure_off")
    assert names(company.admin) == ["Sales"]


def test_strangers_find_no_department_on_any_route(company: Company, stranger_company: Company) -> None:
    sales = department(company, "Sales")
    path = f"/departments/{sales['id']}"
    stranger = stranger_company.admin
    for answer in (
        stranger.get(path),
        stranger.put(path, {"name": "Mine"}),
        stranger.patch(path, {"name": "Mine"}),
        stranger.delete(path),
        stranger.delete(f"{path}?move_to=none"),
        stranger.get(f"{path}/members"),
        stranger.post(f"{path}/members", {"user_ids": [stranger.id]}),
        stranger.get("/departments/tree", root=sales["id"]),
    ):
        refused(answer, 404, "department_not_found")
    assert names(stranger) == []
    assert tree_of(stranger) == []
    own = department(stranger_company, "Sales")
    refused(stranger.patch(f"/departments/{own['id']}", {"parent_id": sales["id"]}), 422, "department_not_found")
    refused(stranger.delete(f"/departments/{own['id']}?move_to={sales['id']}"), 404, "department_not_found")
    assert accepted(company.admin.get(path)) == sales


def test_siblings_have_different_names_and_cousins_may_share_one(company: Company) -> None:
    admin = company.admin
    north, south = department(company, "North"), department(company, "South")
    sales = department(company, "Sales", north)
    department(company, "Sales", south)
    refused(admin.post("/departments", {"name": "SALES", "parent_id": north["id"]}), 409, "department_name_taken")
    refused(admin.post("/departments", {"name": "north"}), 409, "department_name_taken")
    refused(admin.patch(f"/departments/{sales['id']}", {"parent_id": south["id"]}), 409, "department_name_taken")
    refused(admin.patch(f"/departments/{south['id']}", {"name": "North"}), 409, "department_name_taken")
    assert accepted(admin.patch(f"/departments/{sales['id']}", {"name": "sales"}))["name"] == "sales"


def test_a_head_is_an_active_colleague(company: Company, stranger_company: Company) -> None:
    admin, gone = company.admin, company.person()
    assert admin.delete(f"/users/{gone.id}").status_code == 204
    sales = department(company, "Sales")
    for head_id in (gone.id, stranger_company.admin.id, MISSING_ID):
        problem = refused(admin.post("/departments", {"name": "New", "head_id": head_id}), 422, "user_not_found")
        assert problem["field"] == "head_id"
        refused(admin.patch(f"/departments/{sales['id']}", {"head_id": head_id}), 422, "user_not_found")
    assert names(admin) == ["Sales"]
    boris = company.person()
    accepted(admin.patch(f"/departments/{sales['id']}", {"head_id": boris.id}))
    assert admin.delete(f"/users/{boris.id}").status_code == 204
    # Who left stays on paper until somebody else is named: other changes are not held up.
    assert accepted(admin.patch(f"/departments/{sales['id']}", {"name": "Sale"}))["head_id"] == boris.id


@pytest.mark.parametrize("parent_id", [MISSING_ID, "stranger"])
def test_the_department_above_must_be_there(company: Company, stranger_company: Company, parent_id: str) -> None:
    if parent_id == "stranger":
        parent_id = department(stranger_company, "Theirs")["id"]
    sales = department(company, "Sales")
    for answer in (
        company.admin.post("/departments", {"name": "New", "parent_id": parent_id}),
        company.admin.patch(f"/departments/{sales['id']}", {"parent_id": parent_id}),
    ):
        assert refused(answer, 422, "department_not_found")["field"] == "parent_id"
    assert names(company.admin) == ["Sales"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "   "},
        {"name": None},
        {"name": "x" * 201},
        {"name": "a\x00b"},
        {"name": "New", "parent_id": "top"},
        {"name": "New", "head_id": 1},
        {"name": "New", "organization_id": MISSING_ID},
        {"name": "New", "version": 7},
    ],
)
def test_a_department_that_makes_no_sense_is_refused(company: Company, body: Any) -> None:
    refused(company.admin.post("/departments", body), 422, "invalid_request")
    assert names(company.admin) == []


def test_a_stale_version_of_a_department_is_refused(company: Company) -> None:
    admin = company.admin
    path = f"/departments/{department(company, 'Sales')['id']}"
    stale = {"If-Match": '"1"'}
    accepted(admin.patch(path, {"name": "Sale"}, headers=stale))
    for answer in (
        admin.patch(path, {"name": "Old"}, headers=stale),
        admin.put(path, {"name": "Old"}, headers=stale),
        admin.delete(path, headers=stale),
    ):
        refused(answer, 412, "version_mismatch")
    assert accepted(admin.get(path))["name"] == "Sale"


def test_departments_are_found_by_place_head_and_part_of_the_name(company: Company) -> None:
    anna = company.person()
    north = department(company, "Север", head_id=anna.id)
    department(company, "Счётный отдел", north)
    department(company, "100% _план_", north)
    department(company, "Юг")
    assert names(anna) == ["100% _план_", "Север", "Счётный отдел", "Юг"] == names(anna, sort="-name")[::-1]
    assert names(anna, parent_id="none") == ["Север", "Юг"]
    assert names(anna, parent_id=north["id"]) == ["100% _план_", "Счётный отдел"]
    assert names(anna, parent_id=MISSING_ID) == []
    assert names(anna, head_id=anna.id) == ["Север"]
    assert names(anna, q="СЧЕТ") == ["Счётный отдел"]
    assert names(anna, q="счёт") == ["Счётный отдел"]
    assert names(anna, q="0%") == names(anna, q="_план") == ["100% _план_"]
    assert names(anna, q="%") == ["100% _план_"]
    refused(anna.get("/departments", parent_id="top"), 422, "invalid_request")


def test_pages_of_departments_and_of_members_repeat_none_and_lose_none(company: Company) -> None:
    made = {department(company, name)["id"] for name in ("b", "a", "d", "c", "f", "e", "g")}
    pages = all_pages(company.admin, "/departments", limit=3)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert {item["id"] for page in pages for item in page} == made
    sales = department(company, "Sales")
    people = [company.person(full_name=name) for name in ("Anna", "Boris", "Anna", None, "Clara", "Anna", None)]
    put_into(company, sales, *people)
    for sort in ("full_name", "-full_name"):
        pages = all_pages(company.admin, f"/departments/{sales['id']}/members", limit=3, sort=sort)
        assert [len(page) for page in pages] == [3, 3, 1]
        assert {item["id"] for page in pages for item in page} == {person.id for person in people}


def test_people_are_moved_into_a_department_all_or_none(company: Company, stranger_company: Company) -> None:
    admin = company.admin
    north, south = department(company, "Север"), department(company, "Юг")
    anna, boris = company.person(full_name="Anna"), company.person(full_name="Boris")
    path = f"/departments/{north['id']}/members"
    assert accepted(admin.post(path, {"user_ids": [anna.id, boris.id, anna.id]})) == {"moved": 2}
    assert accepted(admin.post(path, {"user_ids": [anna.id]})) == {"moved": 0}
    read = accepted(anna.get(f"/users/{anna.id}"))
    assert (read["department_id"], read["department"], read["version"]) == (north["id"], "Север", 2)

    for stranger in (stranger_company.admin.id, MISSING_ID):
        other = f"/departments/{south['id']}/members"
        problem = refused(admin.post(other, {"user_ids": [anna.id, stranger]}), 422, "user_not_found")
        assert problem["field"] == "user_ids"
    assert members(anna, north) == ["Anna", "Boris"]
    put_into(company, south, boris)
    assert (members(anna, north), members(anna, south)) == (["Anna"], ["Boris"])
    with settings(DEPARTMENT_MOVE_MAX_PEOPLE=1):
        refused(admin.post(path, {"user_ids": [anna.id, boris.id]}), 422, "too_many_members")
    for body in ({}, {"user_ids": []}, {"user_ids": "all"}, {"user_ids": [None]}, {"user_ids": [MISSING_ID] * 5001}):
        refused(admin.post(path, body), 422, "invalid_request")


def test_members_of_a_branch_and_those_who_left(company: Company) -> None:
    top = department(company, "Top")
    middle = department(company, "Middle", top)
    low = department(company, "Low", middle)
    for where, name in ((top, "Anna"), (middle, "Boris"), (low, "Clara")):
        put_into(company, where, company.person(full_name=name))
    gone = company.person(full_name="Dmitri")
    put_into(company, low, gone)
    assert company.admin.delete(f"/users/{gone.id}").status_code == 204
    assert members(company.admin, top) == ["Anna"]
    assert members(company.admin, top, branch=True) == ["Anna", "Boris", "Clara"]
    assert members(company.admin, middle, branch=True, sort="-full_name") == ["Clara", "Boris"]
    assert members(company.admin, low, is_active=False) == ["Dmitri"]
    (clara,) = accepted(company.admin.get(f"/departments/{low['id']}/members"))["items"]
    assert (clara["department_id"], clara["is_active"], clara["manager_id"]) == (low["id"], True, None)


def test_the_name_of_a_department_stands_with_its_people_and_follows_it(company: Company) -> None:
    sales = department(company, "Продажи")
    anna, boris = company.person(full_name="Anna"), company.person(full_name="Boris", department="Охрана")
    put_into(company, sales, anna)
    before = accepted(anna.get(f"/users/{anna.id}"))
    accepted(company.admin.patch(f"/departments/{sales['id']}", {"name": "Маркетинг"}))
    after = accepted(anna.get(f"/users/{anna.id}"))
    assert (before["department"], after["department"]) == ("Продажи", "Маркетинг")
    assert after["version"] == before["version"] + 1
    found = accepted(anna.get("/users/search", q="маркетинг"))["items"]
    assert [item["id"] for item in found] == [anna.id]
    assert accepted(boris.get(f"/users/{boris.id}"))["department"] == "Охрана"


def test_there_are_only_so_many_departments_and_levels(company: Company) -> None:
    admin = company.admin
    a = department(company, "a")
    with settings(DEPARTMENTS_PER_COMPANY=3, DEPARTMENT_MAX_DEPTH=2):
        b = department(company, "b", a)
        refused(admin.post("/departments", {"name": "c", "parent_id": b["id"]}), 409, "department_too_deep")
        c = department(company, "c")
        refused(admin.post("/departments", {"name": "d"}), 409, "too_many_departments")
        refused(admin.patch(f"/departments/{a['id']}", {"parent_id": c["id"]}), 409, "department_too_deep")
        accepted(admin.patch(f"/departments/{b['id']}", {"parent_id": c["id"]}))
    assert tree_of(admin) == ["a", ("c", ["b"])]


def test_an_administrator_of_the_installation_has_no_departments(company: Company) -> None:
    installation = sign_in(company.client, None, role=Role.ADMIN)
    for answer in (
        installation.get("/departments"),
        installation.get("/departments/tree"),
        installation.post("/departments", {"name": "New"}),
        installation.get(f"/departments/{department(company, 'Sales')['id']}"),
    ):
        refused(answer, 403, "company_required")
