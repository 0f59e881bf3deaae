"""What tests of people in meetings ask for again and again."""

from typing import Any

from psycopg import Connection

from tests.support.people import Company, Person
from tests.support.planning import accepted

WEEKLY = "FREQ=WEEKLY;COUNT=5"
WINDOW = ("2027-03-01", "2027-08-01")
FIRST, SECOND, THIRD, FOURTH, FIFTH = (
    *("2027-03-22T08:00:00Z", "2027-03-29T07:00:00Z", "2027-04-05T07:00:00Z", "2027-04-12T07:00:00Z"),
    "2027-04-19T07:00:00Z",
)
ALL_FIVE = [FIRST, SECOND, THIRD, FOURTH, FIFTH]


def answer(person: Person, event: dict[str, Any], response: str, *, occurrence: str | None = None, **more: Any) -> Any:
    """Answer an invitation; it must be accepted. `more` goes into the body, `params` into the address."""
    params = {**more.pop("params", {}), **({"occurrence": occurrence} if occurrence else {})}
    body = {"response": response, **more}
    return accepted(person.call("PUT", f"/events/{event['id']}/response", json=body, params=params))


def answers_of(read: dict[str, Any]) -> dict[str, str]:
    """What the colleagues of an event answered, those of departments too, by id."""
    answers = {item["user_id"]: item["response"] for item in read["participants"] if item["user_id"]}
    for item in read["participants"]:
        answers.update({member["user_id"]: member["response"] for member in item["members"] or ()})
    return answers


def read(person: Person, event: dict[str, Any], **params: Any) -> dict[str, Any]:
    return accepted(person.get(f"/events/{event['id']}", **params))


def department(company: Company, name: str, *, parent_id: str | None = None) -> str:
    body = {"name": name, **({"parent_id": parent_id} if parent_id else {})}
    return str(accepted(company.admin.post("/departments", body), 201)["id"])


def forget_mails(database: Connection, company: Company) -> None:
    database.execute("DELETE FROM outbox_messages WHERE organization_id = %s", [company.organization.id])


def told(database: Connection, company: Company) -> list[tuple[str, str]]:
    """(address, why) of every mail about events in the company's outbox."""
    return sorted(
        database.execute(
            "SELECT recipient, values->>'why' FROM outbox_messages WHERE organization_id = %s",
            [company.organization.id],
        ).fetchall()
    )
