"""Charts that many change at once, against the running server: never a circle, never a 5xx, nothing left between."""

import os
from collections import Counter
from typing import Any

import psycopg

from tests.support.api_process import ApiProcess, at_once
from tests.support.chart import circles, department, put_into
from tests.support.people import Company
from tests.support.planning import accepted
from tests.support.servers import superuser_url


def test_two_people_never_become_each_others_manager(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    admin, other = server.seen_by(company.admin), server.seen_by(company.person("admin"))
    a, b = company.person(), company.person()
    for _ in range(30):
        answers = at_once(
            lambda: admin.patch(f"/users/{a.id}", {"manager_id": b.id}),
            lambda: other.patch(f"/users/{b.id}", {"manager_id": a.id}),
        )
        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 1}
        assert [answer.json()["code"] for answer in answers if answer.status_code == 409] == ["manager_circle"]
        assert circles(database, "users", "manager_id") == 0
        for person in (a, b):
            accepted(admin.patch(f"/users/{person.id}", {"manager_id": None}))


def test_a_ring_of_managers_never_closes(company: Company, server: ApiProcess, database: psycopg.Connection) -> None:
    admin = server.seen_by(company.admin)
    ring = [company.person() for _ in range(5)]
    for _ in range(5):

        def promote(number: int) -> Any:
            return lambda: admin.patch(f"/users/{ring[number].id}", {"manager_id": ring[(number + 1) % 5].id})

        answers = at_once(*[promote(number) for number in range(5)])
        assert Counter(answer.status_code for answer in answers) == {200: 4, 409: 1}
        assert circles(database, "users", "manager_id") == 0
        for person in ring:
            accepted(admin.patch(f"/users/{person.id}", {"manager_id": None}))


def test_two_departments_never_move_below_each_other(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    admin, other = server.seen_by(company.admin), server.seen_by(company.person("admin"))
    a, b = department(company, "a"), department(company, "b")
    for _ in range(20):
        answers = at_once(
            lambda: admin.patch(f"/departments/{a['id']}", {"parent_id": b["id"]}),
            lambda: other.patch(f"/departments/{b['id']}", {"parent_id": a["id"]}),
        )
        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 1}
        assert [answer.json()["code"] for answer in answers if answer.status_code == 409] == ["department_circle"]
        assert circles(database, "departments", "parent_id") == 0
        for row in (a, b):
            accepted(admin.patch(f"/departments/{row['id']}", {"parent_id": None}))


def test_postgresql_keeps_circles_out_of_transactions_that_know_no_lock(
    company: Company, database: psycopg.Connection
) -> None:
    a, b = department(company, "a")["id"], department(company, "b")["id"]

    def moving(row: str, parent: str) -> Any:
        def move() -> bool:
            with psycopg.connect(superuser_url(os.environ["DATABASE_URL"])) as connection:
                try:
                    connection.execute("UPDATE departments SET parent_id = %s WHERE id = %s", [parent, row])
                except psycopg.errors.CheckViolation:
                    return False
                return True

        return move

    for _ in range(10):
        assert sorted(at_once(moving(a, b), moving(b, a))) == [False, True]
        assert circles(database, "departments", "parent_id") == 0
        database.execute("UPDATE departments SET parent_id = NULL WHERE id = ANY(%s)", [[a, b]])


def test_the_number_of_departments_is_kept_among_many_writers(company: Company, database: psycopg.Connection) -> None:
    with ApiProcess(DEPARTMENTS_PER_COMPANY="3") as server:
        admin = server.seen_by(company.admin)

        def posting(number: int) -> Any:
            return lambda: admin.post("/departments", {"name": f"Department {number}"})

        answers = at_once(*[posting(number) for number in range(8)])
    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 5}


def test_people_who_come_while_a_department_is_deleted_are_in_one_that_is_there(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    admin = server.seen_by(company.admin)
    home = department(company, "Home")
    people = [company.person() for _ in range(4)]
    for number in range(8):
        short_lived = department(company, f"Short-lived {number}")
        put_into(company, short_lived, people[0])

        def moving(number: int, target: dict[str, Any] = short_lived) -> Any:
            return lambda: admin.patch(f"/users/{people[number].id}", {"department_id": target["id"]})

        deleted, added, *moved = at_once(
            lambda target=short_lived: admin.delete(f"/departments/{target['id']}?move_to={home['id']}"),
            lambda target=short_lived: admin.post(
                f"/departments/{target['id']}/members", {"user_ids": [people[1].id, people[2].id]}
            ),
            moving(2),
            moving(3),
        )
        assert deleted.status_code == 204, deleted.text
        assert added.status_code in (200, 404), added.text
        assert {answer.status_code for answer in moved} <= {200, 409, 422}, [answer.text for answer in moved]
    rows = database.execute(
        "SELECT count(*) FROM users WHERE organization_id = %(id)s AND department_id IS NOT NULL AND department_id"
        " NOT IN (SELECT id FROM departments WHERE organization_id = %(id)s)",
        {"id": company.organization.id},
    ).fetchone()
    assert rows == (0,)
    assert accepted(admin.get(f"/users/{people[0].id}"))["department"] == "Home"
