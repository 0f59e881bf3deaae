"""Pushes to browsers, through a push service that reads what it is given with the browser's own keys."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import http_ece  # type: ignore[import-untyped]
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.tasks.notification_tasks import send_push_notification, send_pushes
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, refused, settings
from tests.support.web import Web, answering


def told(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


@dataclass
class Browser:
    """A browser that has subscribed at a push service of the tests."""

    url: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = b"sixteen bytes ok"

    def subscription(self, **values: Any) -> dict[str, Any]:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": told(point), "auth": told(self.secret)}
        return {"endpoint": self.url, "expirationTime": None, "keys": keys, **values}

    def read(self, body: bytes) -> dict[str, Any]:
        opened = http_ece.decrypt(body, private_key=self.key, auth_secret=self.secret, version="aes128gcm")
        message: dict[str, Any] = json.loads(opened)
        return message


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna", language="en")


@pytest.fixture
def service() -> Iterator[Web]:
    with Web() as web, settings(OUTBOUND_ALLOWED_NETWORKS="127.0.0.1/32"):
        web.paths["/one"] = answering(201)
        yield web


def waiting(database: psycopg.Connection, person: Person) -> list[tuple[Any, ...]]:
    return database.execute(
        "SELECT m.sent_at IS NOT NULL, m.failed_at IS NOT NULL, m.attempts FROM outbox_messages m"
        " JOIN push_subscriptions s ON s.id = m.subscription_id WHERE s.user_id = %s ORDER BY m.id",
        [person.id],
    ).fetchall()


def test_what_somebody_is_told_arrives_at_their_browser_and_only_there_can_be_read(
    company: Company, anna: Person, service: Web, database: psycopg.Connection
) -> None:
    browser = Browser(service.url("/one"))
    subscription = accepted(anna.post("/push/subscriptions", browser.subscription(device="Laptop")), 201)
    made = company.admin.create_event(title="Plan", participants=[{"user_id": anna.id}])
    send_pushes()
    (_, headers), (body,) = service.asked[-1], service.bodies
    message = browser.read(body)
    assert (message["type"], message["event_id"]) == ("invitation", made["id"])
    assert "Plan" in message["title"]
    assert b"Plan" not in body
    assert headers["content-encoding"] == "aes128gcm"
    assert headers["authorization"].startswith("vapid t=")
    assert headers["urgency"] == "normal"
    assert len(headers["topic"]) <= 32
    assert waiting(database, anna) == [(True, False, 1)]
    shown = accepted(anna.get("/push/subscriptions"))["subscriptions"]
    assert [(item["id"], item["device"]) for item in shown] == [(subscription["id"], "Laptop")]
    assert shown[0]["used_at"]
    # Nobody else has it, and who does not want pushes of this kind gets none.
    assert accepted(company.admin.get("/push/subscriptions"))["subscriptions"] == []
    off = [{"type": "invitation", "channel": "push", "is_on": False}]
    accepted(anna.put("/notifications/preferences", {"choices": off}))
    company.admin.create_event(participants=[{"user_id": anna.id}])
    send_pushes()
    assert len(service.bodies) == 1


def test_a_browser_that_is_gone_is_forgotten(anna: Person, service: Web) -> None:
    for status, path in ((404, "/gone"), (410, "/gone-too")):
        service.paths[path] = answering(status)
        accepted(anna.post("/push/subscriptions", Browser(service.url(path)).subscription()), 201)
    accepted(anna.post("/push/subscriptions", Browser(service.url("/one")).subscription(device="Here")), 201)
    assert send_push_notification(anna.id, {"title": "Hello", "count": 3}) == 3
    (left,) = accepted(anna.get("/push/subscriptions"))["subscriptions"]
    assert left["device"] == "Here"


def test_the_task_sends_its_data_and_nobody_gets_nothing(anna: Person, service: Web) -> None:
    browser = Browser(service.url("/one"))
    accepted(anna.post("/push/subscriptions", browser.subscription()), 201)
    assert send_push_notification(anna.id, {"title": "Hello", "count": 3, "none": None}) == 1
    assert browser.read(service.bodies[0]) == {"type": "message", "title": "Hello", "count": "3", "none": None}
    assert send_push_notification(MISSING_ID, {"title": "Hello"}) == 0
    assert send_push_notification("nobody", {"title": "Hello"}) == 0
    # However long what is told is, it fits.
    assert send_push_notification(anna.id, {"title": "ж" * 9000}) == 1
    assert send_push_notification(anna.id, {"title": "Hello", "more": "ж" * 9000}) == 1
    assert all(len(body) <= 4096 for body in service.bodies)
    assert browser.read(service.bodies[1])["title"].endswith("…")


def test_a_push_service_that_is_busy_is_asked_again_when_it_says(
    anna: Person, service: Web, database: psycopg.Connection
) -> None:
    service.paths["/busy"] = answering(429, Retry_After="600")
    accepted(anna.post("/push/subscriptions", Browser(service.url("/busy")).subscription()), 201)
    send_push_notification(anna.id, {"title": "Hello"})
    (row,) = database.execute(
        "SELECT due_at BETWEEN now() + interval '9 minutes' AND now() + interval '11 minutes', error"
        " FROM outbox_messages m JOIN push_subscriptions s ON s.id = m.subscription_id WHERE s.user_id = %s",
        [anna.id],
    ).fetchall()
    assert row == (True, "the push service answered 429")
    # What it refuses for good is not tried again.
    service.paths["/busy"] = answering(413)
    database.execute(
        "UPDATE outbox_messages SET due_at = now() WHERE subscription_id IN"
        " (SELECT id FROM push_subscriptions WHERE user_id = %s)",
        [anna.id],
    )
    send_pushes()
    assert waiting(database, anna) == [(False, True, 2)]


def test_a_browser_belongs_to_whoever_signed_in_last_and_the_oldest_goes(
    company: Company, anna: Person, service: Web
) -> None:
    browser = Browser(service.url("/one"))
    accepted(anna.post("/push/subscriptions", browser.subscription()), 201)
    moved = accepted(company.admin.post("/push/subscriptions", browser.subscription()), 201)
    assert accepted(anna.get("/push/subscriptions"))["subscriptions"] == []
    assert company.admin.post(f"/push/subscriptions/{moved['id']}/test").status_code == 204
    send_pushes()
    assert browser.read(service.bodies[0])["type"] == "test"
    refused(anna.post(f"/push/subscriptions/{moved['id']}/test"), 404, "push_subscription_not_found")
    refused(anna.delete(f"/push/subscriptions/{moved['id']}"), 404, "push_subscription_not_found")
    assert company.admin.delete(f"/push/subscriptions/{moved['id']}").status_code == 204
    with settings(PUSH_SUBSCRIPTIONS_PER_USER=2):
        for number in range(3):
            body = Browser(service.url(f"/{number}")).subscription(device=str(number))
            accepted(anna.post("/push/subscriptions", body), 201)
    shown = accepted(anna.get("/push/subscriptions"))["subscriptions"]
    assert [item["device"] for item in shown] == ["1", "2"]


def test_addresses_inside_and_keys_that_are_none_are_refused(anna: Person) -> None:
    for endpoint, code in (
        ("http://push.example/1", "outbound_plain_http"),
        ("https://127.0.0.1/1", "outbound_address_refused"),
        ("https://[::1]/1", "outbound_address_refused"),
        ("https://push.example:99999/", "outbound_bad_url"),
        ("nonsense", "outbound_bad_url"),
    ):
        refused(anna.post("/push/subscriptions", Browser(endpoint).subscription()), 422, code)
    keys = {"p256dh": "AAAA", "auth": "AAAA"}
    refused(
        anna.post("/push/subscriptions", Browser("https://a.example/").subscription(keys=keys)), 422, "bad_push_keys"
    )
    # A name that turns out to lie inside is found out when something is sent.
    accepted(anna.post("/push/subscriptions", Browser("https://localhost/1").subscription()), 201)
    with settings(OUTBOX_MAX_ATTEMPTS=1):
        send_push_notification(anna.id, {"title": "Hello"})
    assert accepted(anna.get("/push/subscriptions"))["subscriptions"][0]["used_at"] is None


def test_the_key_is_told_to_whoever_is_signed_in(anna: Person) -> None:
    assert len(accepted(anna.get("/push/key"))["public_key"]) == 87
