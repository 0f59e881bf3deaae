"""Webhooks: signed, in order, retried, replayable, switched off after a day; told by a server of the tests."""

import base64
import hmac
import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from app.services.webhook_service import FOLLOWER
from app.tasks.webhook_tasks import follow_webhooks, send_webhooks
from tests.support.following import follow_to_the_end
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, all_pages, refused, settings
from tests.support.web import Web, answering

ALL = ["event.created", "event.updated", "event.deleted"]


@pytest.fixture
def receiver() -> Iterator[Web]:
    with Web() as web, settings(OUTBOUND_ALLOWED_NETWORKS="127.0.0.1/32"):
        web.paths["/hook"] = answering(204)
        yield web


@pytest.fixture
def shared(company: Company) -> str:
    """A calendar that everybody in the company reads."""
    return str(accepted(company.admin.post("/calendars", {"name": "Shared", "is_public": True}), 201)["id"])


def hook(admin: Person, receiver: Web, path: str = "/hook", **values: Any) -> dict[str, Any]:
    body = {"name": "Doors", "url": receiver.url(path), "types": ALL, **values}
    return accepted(admin.post("/webhooks", body), 201)


def told(receiver: Web) -> list[dict[str, Any]]:
    return [json.loads(body) for body in receiver.bodies]


def follow(company: Company) -> None:
    """Make deliveries of what has changed, and send them."""
    follow_to_the_end(follow_webhooks, FOLLOWER, company.organization.id)


def at_once(database: psycopg.Connection, webhook: dict[str, Any]) -> None:
    """Let the time pass for which a webhook is left alone."""
    database.execute("UPDATE webhooks SET paused_until = NULL WHERE id = %s", [webhook["id"]])
    database.execute("UPDATE outbox_messages SET due_at = now() WHERE webhook_id = %s", [webhook["id"]])


def test_events_are_told_in_order_and_signed(company: Company, receiver: Web, shared: str) -> None:
    made = hook(company.admin, receiver)
    event = company.admin.create_event(title="Plan", calendar_id=shared)
    follow(company)
    accepted(company.admin.patch(f"/events/{event['id']}", {"title": "Other plan"}))
    follow(company)
    assert company.admin.delete(f"/events/{event['id']}").status_code == 204
    follow(company)
    messages = told(receiver)
    assert [message["type"] for message in messages] == ALL
    assert {message["data"]["id"] for message in messages} == {event["id"]}
    assert [message["data"].get("title") for message in messages] == ["Plan", "Other plan", None]
    assert messages[0]["data"]["start_time"] == "2027-03-22T08:00:00+00:00"
    key = base64.b64decode(made["secret"].removeprefix("whsec_"))
    for (_, headers), body, message in zip(receiver.asked, receiver.bodies, messages, strict=True):
        assert headers["webhook-id"] == message["id"]
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
        assert headers["webhook-signature"] == expected
    log = accepted(company.admin.get(f"/webhooks/{made['id']}/deliveries"))["items"]
    assert [(item["type"], item["state"], item["attempts"]) for item in log] == [
        (kind, "sent", 1) for kind in reversed(ALL)
    ]
    one = accepted(company.admin.get(f"/webhooks/{made['id']}/deliveries/{log[2]['id']}"))
    assert one["payload"] == messages[0]
    assert len(all_pages(company.admin, f"/webhooks/{made['id']}/deliveries", limit=2)) == 2


def test_what_was_made_and_changed_before_anybody_looked_is_told_as_made(
    company: Company, receiver: Web, shared: str
) -> None:
    hook(company.admin, receiver)
    event = company.admin.create_event(title="First", calendar_id=shared)
    accepted(company.admin.patch(f"/events/{event['id']}", {"title": "Second"}))
    follow(company)
    first, *later = [(message["type"], message["data"]["title"]) for message in told(receiver)]
    assert first == ("event.created", "Second")
    # Where an open transaction lay between the two, the change is told as well.
    assert later in ([], [("event.updated", "Second")])
    follow(company)
    assert len(receiver.bodies) == 1 + len(later)


def test_what_changes_before_anybody_may_look_at_it_is_told_as_made_all_the_same(
    company: Company, receiver: Web, shared: str, database: psycopg.Connection
) -> None:
    """An open transaction lets the follower see what was made, but not yet what changed it."""
    hook(company.admin, receiver, types=["event.created"])
    event = company.admin.create_event(title="First", calendar_id=shared)
    with psycopg.connect(database.info.dsn, password=database.info.password) as slow:
        slow.execute("SELECT pg_current_xact_id()")
        accepted(company.admin.patch(f"/events/{event['id']}", {"title": "Second"}))
        follow_webhooks()
    follow(company)
    assert [message["data"]["id"] for message in told(receiver)] == [event["id"]]


def test_only_what_is_chosen_is_told_and_of_private_things_only_that_they_are(
    company: Company, receiver: Web, shared: str
) -> None:
    anna = company.person()
    hook(company.admin, receiver, types=["event.created"])
    own = anna.create_event(title="Secret", location="Secret")
    company.admin.create_event(title="Secret", calendar_id=shared, visibility="confidential")
    accepted(anna.patch(f"/events/{own['id']}", {"title": "Other secret"}))
    follow(company)
    accepted(anna.patch(f"/events/{own['id']}", {"title": "Third secret"}))
    follow(company)
    assert [message["type"] for message in told(receiver)] == ["event.created"] * 2
    assert all(message["data"]["is_details_hidden"] for message in told(receiver))
    assert all(b"ecret" not in body for body in receiver.bodies)


def test_a_failing_webhook_is_left_alone_for_a_while_and_holds_up_no_other(
    company: Company, receiver: Web, database: psycopg.Connection, shared: str
) -> None:
    receiver.paths["/broken"] = answering(500)
    broken, fine = hook(company.admin, receiver, "/broken"), hook(company.admin, receiver)
    for number in range(3):
        company.admin.create_event(title=str(number), calendar_id=shared)
    follow(company)
    paths = [path for path, _ in receiver.asked]
    assert (paths.count("/hook"), paths.count("/broken")) == (3, 1)
    send_webhooks()
    assert len(receiver.asked) == 4
    shown = accepted(company.admin.get(f"/webhooks/{broken['id']}"))
    assert shown["failing_since"]
    assert shown["paused_until"]
    assert accepted(company.admin.get(f"/webhooks/{fine['id']}"))["failing_since"] is None
    (failed,) = [
        item
        for item in accepted(company.admin.get(f"/webhooks/{broken['id']}/deliveries"))["items"]
        if item["attempts"]
    ]
    assert (failed["state"], failed["error"]) == ("waiting", "answered 500")
    # Once it answers again, all arrives, each once.
    receiver.paths["/broken"] = answering(200)
    at_once(database, broken)
    send_webhooks()
    assert [path for path, _ in receiver.asked].count("/broken") == 4
    ids = [json.loads(body)["id"] for body in receiver.bodies]
    assert len(set(ids)) == 3
    assert accepted(company.admin.get(f"/webhooks/{broken['id']}"))["failing_since"] is None


def test_after_a_day_of_failures_it_is_switched_off_and_administrators_are_told(
    company: Company, receiver: Web, database: psycopg.Connection, shared: str
) -> None:
    receiver.paths["/hook"] = answering(503)
    made = hook(company.admin, receiver)
    company.admin.create_event(calendar_id=shared)
    follow(company)
    database.execute("UPDATE webhooks SET failing_since = now() - interval '25 hours' WHERE id = %s", [made["id"]])
    at_once(database, made)
    send_webhooks()
    shown = accepted(company.admin.get(f"/webhooks/{made['id']}"))
    assert shown["is_active"] is False
    assert shown["disabled_at"]
    (notice,) = accepted(company.admin.get("/notifications", type="message"))["items"]
    assert "Doors" in notice["title"]
    assert notice["reason"] == "administrator"
    refused(company.admin.post(f"/webhooks/{made['id']}/ping"), 409, "webhook_is_off")
    at_once(database, made)
    asked = len(receiver.asked)
    send_webhooks()
    assert len(receiver.asked) == asked
    # Switched on again, what has waited is told.
    receiver.paths["/hook"] = answering(200)
    again = accepted(company.admin.patch(f"/webhooks/{made['id']}", {"is_active": True}))
    assert (again["disabled_at"], again["failing_since"]) == (None, None)
    send_webhooks()
    assert [item["state"] for item in accepted(company.admin.get(f"/webhooks/{made['id']}/deliveries"))["items"]] == [
        "sent"
    ]


def test_what_was_told_can_be_told_again_under_a_new_secret(company: Company, receiver: Web, shared: str) -> None:
    made = hook(company.admin, receiver)
    ping = accepted(company.admin.post(f"/webhooks/{made['id']}/ping"), 201)
    send_webhooks()
    rotated = accepted(company.admin.post(f"/webhooks/{made['id']}/rotate-secret"))
    assert rotated["secret"] != made["secret"]
    replayed = accepted(company.admin.post(f"/webhooks/{made['id']}/deliveries/{ping['id']}/replay"), 201)
    assert replayed["message_id"] == ping["message_id"]
    send_webhooks()
    first, second = told(receiver)
    assert first == second
    assert first["type"] == "ping"
    (_, old), (_, new) = receiver.asked
    assert old["webhook-id"] == new["webhook-id"]
    key = base64.b64decode(rotated["secret"].removeprefix("whsec_"))
    signed = f"{new['webhook-id']}.{new['webhook-timestamp']}.".encode() + receiver.bodies[1]
    assert new["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    assert "secret" not in accepted(company.admin.get(f"/webhooks/{made['id']}"))


def test_redirects_and_addresses_inside_are_not_followed(company: Company, receiver: Web) -> None:
    receiver.paths["/moved"] = answering(302, Location=receiver.url("/hook"))
    made = hook(company.admin, receiver, "/moved")
    company.admin.post(f"/webhooks/{made['id']}/ping")
    send_webhooks()
    assert [path for path, _ in receiver.asked] == ["/moved"]
    with settings(OUTBOUND_ALLOWED_NETWORKS=""):
        for url, code in (
            ("http://doors.example/", "outbound_plain_http"),
            ("https://10.0.0.1/", "outbound_address_refused"),
            ("https://169.254.169.254/latest", "outbound_address_refused"),
            ("ftp://doors.example/", "outbound_bad_url"),
        ):
            body = {"name": "Doors", "url": url, "types": ALL}
            refused(company.admin.post("/webhooks", body), 422, code)
            refused(company.admin.patch(f"/webhooks/{made['id']}", {"url": url}), 422, code)
        # What a name stands for is asked when something is sent.
        named = accepted(company.admin.patch(f"/webhooks/{made['id']}", {"url": "https://localhost/"}))
        assert named["url"] == "https://localhost/"
        send_webhooks()
    (item,) = accepted(company.admin.get(f"/webhooks/{made['id']}/deliveries"))["items"]
    assert (item["state"], item["error"]) == ("waiting", "outbound_address_refused")


def test_a_webhook_is_kept_by_administrators_and_bounded(company: Company, receiver: Web) -> None:
    made = hook(company.admin, receiver)
    assert hook(company.admin, receiver, name="Second", types=["event.created", "ping", "event.created"])["types"] == [
        "event.created"
    ]
    employee = company.person()
    refused(employee.get("/webhooks"), 403, "admin_only")
    refused(employee.post(f"/webhooks/{made['id']}/ping"), 403, "admin_only")
    with settings(WEBHOOKS_MAX=2):
        body = {"name": "Third", "url": receiver.url("/hook"), "types": ALL}
        refused(company.admin.post("/webhooks", body), 409, "too_many_webhooks")
    other = Company.create(company.client)
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/ping"), ("GET", "/deliveries")):
        refused(other.admin.call(method, f"/webhooks/{made['id']}{path}"), 404, "webhook_not_found")
    refused(company.admin.get(f"/webhooks/{made['id']}/deliveries/{MISSING_ID}"), 404, "delivery_not_found")
    stale = company.admin.put(
        f"/webhooks/{made['id']}",
        {"name": "New", "url": receiver.url("/hook"), "types": ALL},
        headers={"If-Match": '"9"'},
    )
    refused(stale, 412, "version_mismatch")


def test_a_company_without_webhooks_is_not_followed_and_a_deleted_one_hears_nothing(
    company: Company, receiver: Web, database: psycopg.Connection
) -> None:
    following = "SELECT count(*) FROM change_followers WHERE organization_id = %s AND name = 'webhooks'"
    assert database.execute(following, [company.organization.id]).fetchone() == (0,)
    made = hook(company.admin, receiver)
    assert database.execute(following, [company.organization.id]).fetchone() == (1,)
    company.admin.create_event()
    receiver.paths["/hook"] = answering(500)
    follow(company)
    assert company.admin.delete(f"/webhooks/{made['id']}").status_code == 204
    assert database.execute(following, [company.organization.id]).fetchone() == (0,)
    left = "SELECT count(*) FROM outbox_messages WHERE webhook_id = %s"
    assert database.execute(left, [made["id"]]).fetchone() == (0,)
