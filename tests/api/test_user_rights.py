"""Who may change what of whom, and changes that meet each other."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest
from fastapi.testclient import TestClient

from app.schemas.user import UserWrite
from tests.support.api_process import ApiProcess, at_once
from tests.support.people import PASSWORD, Company, Person, sign_in

# A value that differs from what a new colleague has, for each field that can be written.
NEW_VALUES: dict[str, Any] = {
    "email": "someone-else@example.com",
    "full_name": "New Name",
    "phone": "+49301234",
    "position": "Director",
    "department": "Board",
    "department_id": "0193a5c0-0000-7000-8000-000000000000",
    "manager_id": "0193a5c0-0000-7000-8000-000000000000",
    "birthday": "1990-02-28",
    "time_zone": "Asia/Tokyo",
    "language": "en",
    "show_local_time": False,
    "show_moscow_time": False,
    "role": "admin",
    "is_active": False,
    "access_org_structure": False,
    "access_tickets": False,
    "access_availability_slots": True,
}
OWN = {"full_name", "phone", "birthday", "time_zone", "language", "show_local_time", "show_moscow_time"}
RIGHTS = {"role", "is_active", "access_org_structure", "access_tickets", "access_availability_slots"}
NOT_OWN = sorted(set(NEW_VALUES) - OWN)


def read(person: Person, user: Person) -> dict[str, Any]:
    values: dict[str, Any] = person.get(f"/users/{user.id}").json()
    return values


def test_these_tests_know_every_field_of_a_user() -> None:
    assert set(UserWrite.model_fields) == set(NEW_VALUES)


@pytest.mark.parametrize("role", ["employee", "it"])
@pytest.mark.parametrize("field", NOT_OWN)
def test_nobody_but_an_admin_changes_a_right_or_place_even_of_themselves(
    company: Company, role: str, field: str
) -> None:
    anna = company.person(role=role)
    before = read(anna, anna)
    values = {field: NEW_VALUES[field]}
    for answer in (
        anna.patch(f"/users/{anna.id}", values),
        anna.patch(f"/users/{anna.id}", {**values, "full_name": "Smuggled"}),
        anna.put(f"/users/{anna.id}", {"email": anna.email, **values}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "admin_only_fields")
        assert field in answer.json()["detail"]
    assert read(anna, anna) == before


def test_nobody_raises_their_own_role_to_any_other(company: Company) -> None:
    for role, wanted in (("employee", "it"), ("employee", "admin"), ("it", "admin"), ("it", "employee")):
        person = company.person(role=role)
        assert person.patch(f"/users/{person.id}", {"role": wanted}).status_code == 403
        assert read(person, person)["role"] == role


@pytest.mark.parametrize("field", sorted(OWN))
def test_everybody_changes_their_own_profile(company: Company, field: str) -> None:
    anna = company.person()
    answer = anna.patch(f"/users/{anna.id}", {field: NEW_VALUES[field]})
    assert (answer.status_code, answer.json()[field]) == (200, NEW_VALUES[field])
    assert {**answer.json(), "version": 1, field: None} == {**anna.get("/auth/me").json(), "version": 1, field: None}


@pytest.mark.parametrize("role", ["employee", "it"])
@pytest.mark.parametrize("field", sorted(NEW_VALUES))
def test_nobody_but_an_admin_changes_a_colleague(company: Company, role: str, field: str) -> None:
    boris, anna = company.person(role=role), company.person()
    before = read(boris, anna)
    for answer in (
        boris.patch(f"/users/{anna.id}", {field: NEW_VALUES[field]}),
        boris.put(f"/users/{anna.id}", {"email": anna.email, field: NEW_VALUES[field]}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "admin_only")
    assert read(boris, anna) == before


@pytest.mark.parametrize("role", ["employee", "it"])
def test_only_admins_create_and_delete(company: Company, role: str) -> None:
    boris, anna = company.person(role=role), company.person()
    body = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
    assert boris.post("/users", body).status_code == 403
    for user in (anna, boris):
        assert boris.delete(f"/users/{user.id}").status_code == 403
        assert read(boris, user)["is_active"] is True


@pytest.mark.parametrize("field", sorted(set(NEW_VALUES) - {"email", "department_id", "manager_id", "is_active"}))
def test_an_admin_changes_anything_of_a_colleague(company: Company, field: str) -> None:
    anna = company.person()
    before = read(company.admin, anna)
    answer = company.admin.patch(f"/users/{anna.id}", {field: NEW_VALUES[field]})
    assert answer.status_code == 200
    derived = {"birthday_day": "02-28"} if field == "birthday" else {}
    assert answer.json() == {**before, field: NEW_VALUES[field], **derived, "version": 2}


# PUT and PATCH


def test_a_put_without_rights_leaves_them_and_clears_what_else_is_missing(company: Company) -> None:
    rights = {name: NEW_VALUES[name] for name in RIGHTS - {"is_active"}}
    anna = company.person(full_name="Anna", phone="+1 234", position="Engineer", **rights)
    answer = company.admin.put(f"/users/{anna.id}", {"email": anna.email, "full_name": "Anna B."})
    assert answer.status_code == 200
    replaced = answer.json()
    assert (replaced["full_name"], replaced["phone"], replaced["position"]) == ("Anna B.", None, None)
    assert {name: replaced[name] for name in rights} == rights


def test_an_own_put_keeps_what_only_an_admin_may_change(company: Company) -> None:
    anna = company.person(role="it", full_name="Anna", phone="+1 234", position="Engineer", department="R&D")
    answer = anna.put(f"/users/{anna.id}", {"email": anna.email, "full_name": "Anna B."})
    assert answer.status_code == 200
    found = {name: answer.json()[name] for name in ("full_name", "phone", "position", "department", "role")}
    assert found == {"full_name": "Anna B.", "phone": None, "position": "Engineer", "department": "R&D", "role": "it"}


def test_what_was_read_can_be_sent_back_unchanged_by_its_owner(company: Company) -> None:
    anna = company.person(role="it", full_name="Anna", position="Engineer", access_tickets=False)
    stored = read(anna, anna)
    answer = anna.put(f"/users/{anna.id}", {name: stored[name] for name in NEW_VALUES})
    assert (answer.status_code, answer.json()) == (200, stored)


def test_a_patch_of_nothing_changes_nothing(company: Company) -> None:
    anna = company.person()
    answer = anna.patch(f"/users/{anna.id}", {})
    assert (answer.status_code, answer.json()["version"], answer.headers["ETag"]) == (200, 1, '"1"')


# Versions


def test_a_change_with_a_stale_etag_is_refused_and_names_the_version(company: Company) -> None:
    anna = company.person()
    etag = company.admin.get(f"/users/{anna.id}").headers["ETag"]
    changed = company.admin.patch(f"/users/{anna.id}", {"position": "First"}, headers={"If-Match": etag})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    stale = {"headers": {"If-Match": etag}}
    for answer in (
        company.admin.patch(f"/users/{anna.id}", {"position": "Second"}, **stale),
        company.admin.put(f"/users/{anna.id}", {"email": anna.email}, **stale),
        company.admin.delete(f"/users/{anna.id}", **stale),
    ):
        assert (answer.status_code, answer.json()["code"]) == (412, "version_mismatch")
        assert "version 2" in answer.json()["detail"]
    now = read(company.admin, anna)
    assert (now["position"], now["is_active"], now["version"]) == ("First", True, 2)
    gone = company.admin.delete(f"/users/{anna.id}", headers={"If-Match": changed.headers["ETag"]})
    assert gone.status_code == 204


@pytest.mark.parametrize(
    ("if_match", "status"),
    [('"1"', 200), ("*", 200), ('"7", "1"', 200), ('W/"1"', 200), ('"2"', 412), ('"abc"', 412),
     ('"' + "9" * 900 + '"', 412),
     ("1", 422), ('"', 422), ('""', 422), ("x" * 2000, 422)],
)  # fmt: skip
def test_if_match_is_read_as_the_standard_says(company: Company, if_match: str, status: int) -> None:
    anna = company.person()
    answer = anna.patch(f"/users/{anna.id}", {"full_name": "New"}, headers={"If-Match": if_match})
    assert answer.status_code == status


def test_of_changes_at_the_same_moment_with_one_etag_exactly_one_wins(company: Company, server: ApiProcess) -> None:
    anna, admin = company.person(), server.seen_by(company.admin)
    calls = [
        lambda name=name: admin.patch(f"/users/{anna.id}", {"full_name": name}, headers={"If-Match": '"1"'})
        for name in ("A", "B", "C", "D", "E", "F")
    ]
    answers = at_once(*calls)
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    (winner,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert read(admin, anna) == winner


def test_of_users_created_at_the_same_moment_with_one_email_exactly_one_is_stored(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    admin = server.seen_by(company.admin)
    body = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
    answers = at_once(*[lambda: admin.post("/users", body)] * 4)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    calendars = "SELECT count(*) FROM calendars c JOIN users u ON u.id = c.owner_id WHERE u.email = %s"
    assert database.execute(calendars, [body["email"]]).fetchone() == (1,)


# The last administrator

DISMISSALS = [{"role": "employee"}, {"role": "it"}, {"is_active": False}]


def dismiss(actor: Person, whom: Person, how: dict[str, Any]) -> Any:
    return actor.patch(f"/users/{whom.id}", how)


@pytest.mark.parametrize("how", DISMISSALS, ids=str)
def test_the_last_admin_cannot_dismiss_themselves(company: Company, how: dict[str, Any]) -> None:
    company.person(role="admin", is_active=False)
    company.person(role="it")
    answer = dismiss(company.admin, company.admin, how)
    assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
    assert company.admin.delete(f"/users/{company.admin.id}").json()["code"] == "last_admin"
    body = {"email": company.admin.email, **how}
    assert company.admin.put(f"/users/{company.admin.id}", body).json()["code"] == "last_admin"
    assert read(company.admin, company.admin)["version"] == 1


@pytest.mark.parametrize("how", DISMISSALS, ids=str)
def test_an_admin_who_is_not_the_last_may_go(company: Company, how: dict[str, Any]) -> None:
    company.person(role="admin")
    assert dismiss(company.admin, company.admin, how).status_code == 200


def test_the_last_admin_of_a_company_stays_whoever_runs_the_installation(client: TestClient, company: Company) -> None:
    root = sign_in(client, None, role="admin")
    assert dismiss(root, company.admin, {"role": "employee"}).json()["code"] == "last_admin"
    assert root.delete(f"/users/{company.admin.id}").json()["code"] == "last_admin"


def test_an_admin_without_a_company_keeps_that_role(client: TestClient) -> None:
    root, second = sign_in(client, None, role="admin"), sign_in(client, None, role="admin")
    answer = dismiss(root, second, {"role": "employee"})
    assert answer.status_code in (409, 422)
    assert read(root, second)["role"] == "admin"


def test_a_dismissal_that_also_takes_a_taken_email_is_a_conflict(company: Company) -> None:
    second = company.person(role="admin")
    answer = dismiss(company.admin, second, {"role": "employee", "email": company.admin.email})
    assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")
    assert read(company.admin, second)["role"] == "admin"


@pytest.mark.parametrize("how", [{"role": "employee"}, {"is_active": False}], ids=str)
@pytest.mark.parametrize("crosswise", [False, True], ids=["each themselves", "each the other"])
def test_of_two_admins_who_go_at_the_same_moment_one_stays(
    company: Company, server: ApiProcess, database: psycopg.Connection, how: dict[str, Any], crosswise: bool
) -> None:
    first, second = server.seen_by(company.admin), server.seen_by(company.person(role="admin"))
    targets = (second, first) if crosswise else (first, second)
    answers = at_once(lambda: dismiss(first, targets[0], how), lambda: dismiss(second, targets[1], how))
    codes = sorted(answer.status_code for answer in answers)
    # The second may have lost the right, or the session, that it came with.
    assert codes[0] == 200
    assert codes[1] in (401, 403, 409)
    left = "SELECT count(*) FROM users WHERE organization_id = %s AND role = 'admin' AND is_active"
    assert database.execute(left, [company.organization.id]).fetchone() == (1,)
