"""The company's structure: the tree of departments with their people, and who reports to whom."""

from typing import Any

import psycopg
import pytest

from app.schemas.org_structure import ManagerAbove, OrgTree, Report
from tests.support.chart import department, put_into, under
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, refused, settings

HARD_TEXT = 'Ёлки "и" \\палки\\ \t🎄 </script> \u2028 %s {x} ]}'


def tree(person: Person, **params: Any) -> dict[str, Any]:
    return accepted(person.get("/departments/tree", **params))


def chart(person: Person, of: Person, what: str, **params: Any) -> list[tuple[str, int, str | None]]:
    """(name, depth, manager's id) of each."""
    items = accepted(person.get(f"/users/{of.id}/{what}", **params))["items"]
    return [(item["full_name"], item["depth"], item["manager_id"]) for item in items]


def test_the_tree_nests_departments_by_name_with_heads_and_people(company: Company) -> None:
    anna = company.person(full_name="Anna", position="Chief")
    boris = under(company, anna, full_name="Boris")
    clara = under(company, boris, full_name="Clara", avatar_url="/uploads/avatars/c.webp")
    top = department(company, "Top", head_id=anna.id)
    low = department(company, "low", top, head_id=clara.id)
    department(company, "High", top)
    department(company, "Another")
    put_into(company, top, boris, anna)
    put_into(company, low, clara)
    told = tree(boris)
    another, node = told["departments"]
    assert (another["name"], another["children"], another["members"]) == ("Another", [], [])
    assert (node["name"], node["parent_id"], node["head_id"], node["member_count"]) == ("Top", None, anna.id, 2)
    assert [person["full_name"] for person in node["members"]] == ["Anna", "Boris"]
    assert [child["name"] for child in node["children"]] == ["High", "low"]
    assert (node["children"][1]["parent_id"], node["children"][1]["head_id"]) == (top["id"], clara.id)
    assert node["children"][1]["members"] == [
        {
            "id": clara.id,
            "full_name": "Clara",
            "email": clara.email,
            "position": None,
            "department_id": low["id"],
            "manager_id": boris.id,
            "avatar_url": "/uploads/avatars/c.webp",
        }
    ]
    assert [person["id"] for person in told["unassigned"]] == [company.admin.id]


def test_the_tree_without_people_keeps_their_number(company: Company) -> None:
    sales = department(company, "Sales")
    put_into(company, sales, company.person(), company.person())
    told = tree(company.admin, people=False)
    assert told["unassigned"] == []
    (node,) = told["departments"]
    assert (node["member_count"], node["members"]) == (2, [])


def test_a_branch_is_told_alone(company: Company) -> None:
    top = department(company, "Top")
    middle = department(company, "Middle", top)
    low = department(company, "Low", middle)
    anna, boris = company.person(full_name="Anna"), company.person(full_name="Boris")
    put_into(company, low, anna)
    put_into(company, top, boris)
    told = tree(company.admin, root=middle["id"])
    (node,) = told["departments"]
    assert (node["name"], node["parent_id"], node["members"]) == ("Middle", top["id"], [])
    assert [person["id"] for person in node["children"][0]["members"]] == [anna.id]
    assert told["unassigned"] == []
    refused(company.admin.get("/departments/tree", root=MISSING_ID), 404, "department_not_found")
    refused(company.admin.get("/departments/tree", root="top"), 422, "invalid_request")


def test_an_empty_company_has_an_empty_tree(stranger_company: Company) -> None:
    told = tree(stranger_company.admin)
    assert told["departments"] == []
    assert [person["id"] for person in told["unassigned"]] == [stranger_company.admin.id]


def test_deep_and_wide_trees_come_out_whole(company: Company) -> None:
    made: list[dict[str, Any]] = []
    for number in range(40):
        parent = made[number // 3 - 1] if number > 2 else None
        made.append(department(company, f"{number:02}", parent))
    parents: dict[str, str | None] = {}

    def walk(nodes: list[dict[str, Any]], parent_id: str | None) -> None:
        assert [node["name"] for node in nodes] == sorted(node["name"] for node in nodes)
        for node in nodes:
            assert node["parent_id"] == parent_id
            parents[node["id"]] = parent_id
            walk(node["children"], node["id"])

    walk(tree(company.admin)["departments"], None)
    assert parents == {node["id"]: node["parent_id"] for node in made}


def test_charts_are_told_exactly_as_their_schemas_say(company: Company) -> None:
    anna = company.person(full_name=HARD_TEXT, position=HARD_TEXT)
    boris = under(company, anna)
    sales = department(company, HARD_TEXT.strip(), head_id=anna.id)
    put_into(company, department(company, "Low", sales), boris)
    put_into(company, sales, anna)
    told = tree(company.admin)
    assert OrgTree.model_validate(told).model_dump(mode="json") == told
    assert told["departments"][0]["members"][0]["full_name"] == HARD_TEXT

    def keys(value: Any) -> Any:
        if isinstance(value, dict):
            return [(name, keys(item)) for name, item in value.items()]
        return [keys(item) for item in value] if isinstance(value, list) else None

    assert keys(OrgTree.model_validate(told).model_dump(mode="json")) == keys(told)
    for schema, path in ((Report, f"/users/{anna.id}/reports"), (ManagerAbove, f"/users/{boris.id}/managers")):
        (item,) = accepted(company.admin.get(path))["items"]
        assert list(item) == list(schema.model_fields)
        assert schema.model_validate(item).model_dump(mode="json") == item


def test_reports_are_everybody_below_nearest_first(company: Company) -> None:
    anna = company.person(full_name="Anna")
    clara, boris = under(company, anna, full_name="Clara"), under(company, anna, full_name="Boris")
    dmitri = under(company, clara, full_name="Dmitri")
    under(company, dmitri, full_name="Emil")
    everybody = [
        ("Boris", 1, anna.id),
        ("Clara", 1, anna.id),
        ("Dmitri", 2, clara.id),
        ("Emil", 3, dmitri.id),
    ]
    assert chart(boris, anna, "reports") == everybody
    assert chart(boris, anna, "reports", depth=2) == everybody[:3]
    assert chart(boris, anna, "reports", depth=10**30) == everybody
    assert chart(boris, boris, "reports") == []
    with settings(ORG_CHART_MAX_DEPTH=1):
        assert chart(boris, anna, "reports", depth=3) == everybody[:2]
    for depth in (0, -1, "all"):
        refused(boris.get(f"/users/{anna.id}/reports", depth=depth), 422, "invalid_request")


def test_managers_are_the_chain_to_the_top(company: Company) -> None:
    anna = company.person(full_name="Anna")
    boris = under(company, anna, full_name="Boris")
    clara = under(company, boris, full_name="Clara")
    assert chart(anna, clara, "managers") == [("Boris", 1, anna.id), ("Anna", 2, None)]
    assert chart(anna, anna, "managers") == []


def test_charts_tell_of_active_people_only(company: Company) -> None:
    anna = company.person(full_name="Anna")
    boris = under(company, anna, full_name="Boris")
    clara = under(company, boris, full_name="Clara")
    sales = department(company, "Sales", head_id=boris.id)
    put_into(company, sales, boris, clara)
    assert company.admin.delete(f"/users/{boris.id}").status_code == 204
    (node,) = tree(anna)["departments"]
    assert (node["head_id"], node["member_count"]) == (None, 1)
    assert [(person["full_name"], person["manager_id"]) for person in node["members"]] == [("Clara", None)]
    assert chart(anna, anna, "reports") == []
    assert chart(anna, clara, "managers") == []


def test_strangers_and_nobody_have_no_chart(company: Company, stranger_company: Company) -> None:
    anna = company.person()
    for what in ("reports", "managers"):
        refused(stranger_company.admin.get(f"/users/{anna.id}/{what}"), 404, "user_not_found")
        refused(company.admin.get(f"/users/{MISSING_ID}/{what}"), 404, "user_not_found")


def test_a_chart_has_a_largest_size(company: Company) -> None:
    anna = company.person()
    for _ in range(3):
        under(company, anna)
    sales = department(company, "Sales")
    put_into(company, sales, anna)
    with settings(ORG_CHART_MAX_PEOPLE=2):
        assert refused(anna.get("/departments/tree"), 422, "org_chart_too_large")["field"] == "root"
        assert refused(anna.get(f"/users/{anna.id}/reports"), 422, "org_chart_too_large")["field"] == "depth"
        assert tree(anna, root=sales["id"])["departments"][0]["member_count"] == 1
        assert tree(anna, people=False)["departments"][0]["member_count"] == 1
    with settings(ORG_CHART_MAX_PEOPLE=5):
        assert len(tree(anna)["unassigned"]) == 4


def test_nobody_becomes_their_own_manager_by_any_way(company: Company, database: psycopg.Connection) -> None:
    anna = company.person()
    boris = under(company, anna)
    clara = under(company, boris)
    for manager in (boris, clara):
        refused(company.admin.patch(f"/users/{anna.id}", {"manager_id": manager.id}), 409, "manager_circle")
    with pytest.raises(psycopg.errors.CheckViolation):
        database.execute("UPDATE users SET manager_id = %s WHERE id = %s", [clara.id, anna.id])
    assert accepted(company.admin.get(f"/users/{anna.id}"))["manager_id"] is None
