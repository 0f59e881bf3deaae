"""Sessions: renewing tokens, signing out, changing the password, and what ends them."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from app.core.config import get_settings
from tests.support.api_process import ApiProcess, at_once
from tests.support.people import PASSWORD, Company, Person
from tests.support.tokens import claims_of, forge


def refresh(person: Person, token: str | None = None) -> Any:
    return person.client.post("/auth/refresh", json={"refresh_token": token or person.refresh_token})


def sign_in_again(person: Person, password: str = PASSWORD) -> Person:
    """The same person on another device."""
    tokens = person.client.post("/auth/login", json={"email": person.email, "password": password}).json()
    return Person(person.client, person.user, tokens["access_token"], tokens["refresh_token"])


def is_signed_in(person: Person, token: str | None = None) -> bool:
    headers = {"Authorization": f"Bearer {token or person.token}"}
    status: int = person.client.get("/auth/me", headers=headers).status_code
    assert status in (200, 401)
    return status == 200


def successor(token: str) -> dict[str, Any]:
    """What tells one refresh token from another."""
    return {name: value for name, value in claims_of(token).items() if name != "exp"}


def age_last_refresh(database: psycopg.Connection, person: Person, seconds: int) -> None:
    database.execute(
        "UPDATE auth_sessions SET refreshed_at = refreshed_at - make_interval(secs => %s) WHERE id = %s",
        [seconds, claims_of(person.token)["sid"]],
    )


# Renewing


def test_a_refresh_token_buys_a_new_pair(company: Company) -> None:
    answer = refresh(company.admin)
    assert answer.status_code == 200
    assert answer.json()["refresh_token"] != company.admin.refresh_token
    assert is_signed_in(company.admin, answer.json()["access_token"])
    assert refresh(company.admin, answer.json()["refresh_token"]).status_code == 200


def test_a_refresh_repeated_within_10_seconds_answers_with_the_same_successor(
    company: Company, database: psycopg.Connection
) -> None:
    first = refresh(company.admin).json()
    age_last_refresh(database, company.admin, 8)
    again = refresh(company.admin)
    assert again.status_code == 200
    assert successor(again.json()["refresh_token"]) == successor(first["refresh_token"])
    assert is_signed_in(company.admin, again.json()["access_token"])
    assert refresh(company.admin, first["refresh_token"]).status_code == 200


def test_a_refresh_token_reused_later_ends_its_family(company: Company, database: psycopg.Connection) -> None:
    other_device = sign_in_again(company.admin)
    new = refresh(company.admin).json()
    age_last_refresh(database, company.admin, 11)
    answer = refresh(company.admin)
    assert (answer.status_code, answer.json()["code"]) == (401, "refresh_token_reused")
    # The refusal itself is stored: neither the thief nor the owner goes on with this family.
    revoked = "SELECT revoked_at IS NOT NULL FROM auth_sessions WHERE id = %s"
    assert database.execute(revoked, [claims_of(company.admin.token)["sid"]]).fetchone() == (True,)
    assert refresh(company.admin, new["refresh_token"]).json()["code"] == "session_ended"
    assert not is_signed_in(company.admin, new["access_token"])
    assert not is_signed_in(company.admin)
    assert is_signed_in(other_device)
    assert refresh(other_device).status_code == 200


def test_a_token_two_refreshes_old_is_a_reuse_even_at_once(company: Company) -> None:
    second = refresh(company.admin).json()
    third = refresh(company.admin, second["refresh_token"]).json()
    assert refresh(company.admin).json()["code"] == "refresh_token_reused"
    assert not is_signed_in(company.admin, third["access_token"])


def test_refreshing_at_the_same_moment_gives_everybody_the_same_successor(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    admin = server.seen_by(company.admin)
    answers = at_once(*[lambda: refresh(admin)] * 8)
    assert [answer.status_code for answer in answers] == [200] * 8
    successors = [successor(answer.json()["refresh_token"]) for answer in answers]
    assert all(found == successors[0] for found in successors)
    stored = database.execute("SELECT generation FROM auth_sessions WHERE id = %s", [claims_of(admin.token)["sid"]])
    assert stored.fetchone() == (1,)


def test_refreshing_puts_the_end_of_the_session_off(company: Company, database: psycopg.Connection) -> None:
    session_id = claims_of(company.admin.token)["sid"]
    database.execute("UPDATE auth_sessions SET expires_at = now() + interval '1 hour' WHERE id = %s", [session_id])
    assert refresh(company.admin).status_code == 200
    far = "SELECT expires_at > now() + interval '29 days' FROM auth_sessions WHERE id = %s"
    assert database.execute(far, [session_id]).fetchone() == (True,)


def test_an_expired_session_is_over_for_both_tokens(company: Company, database: psycopg.Connection) -> None:
    session_id = claims_of(company.admin.token)["sid"]
    database.execute("UPDATE auth_sessions SET expires_at = now() - interval '1 second' WHERE id = %s", [session_id])
    assert not is_signed_in(company.admin)
    assert refresh(company.admin).json()["code"] == "session_ended"


BAD_REFRESH_TOKENS: dict[str, Callable[[Person], str]] = {
    "access token": lambda person: person.token,
    "garbage": lambda _: "garbage",
    "another key": lambda person: forge(claims_of(person.refresh_token), key="another key, which is long enough"),
    "expired": lambda person: forge({**claims_of(person.refresh_token), "exp": 1}),
    "relabelled access token": lambda person: forge(
        {**claims_of(person.refresh_token), "type": "access", "sub": person.id}
    ),
}


@pytest.mark.parametrize("token", BAD_REFRESH_TOKENS.values(), ids=BAD_REFRESH_TOKENS)
def test_only_a_good_refresh_token_renews(company: Company, token: Callable[[Person], str]) -> None:
    answer = refresh(company.admin, token(company.admin))
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert refresh(company.admin).status_code == 200


@pytest.mark.parametrize(
    "body", [{}, {"refresh_token": None}, {"refresh_token": "x" * 3000}, {"refresh_token": "x", "a": 1}]
)
def test_a_refresh_without_a_token_is_a_422(company: Company, body: dict[str, Any]) -> None:
    assert company.client.post("/auth/refresh", json=body).status_code == 422


# Signing out


def test_signing_out_ends_this_session_at_once_and_no_other(company: Company) -> None:
    other_device = sign_in_again(company.admin)
    assert company.admin.post("/auth/logout").status_code == 204
    answer = company.admin.get("/auth/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")
    assert refresh(company.admin).status_code == 401
    assert company.admin.post("/auth/logout").status_code == 401
    assert is_signed_in(other_device)


def test_signing_out_refuses_the_renewed_tokens_too(company: Company) -> None:
    new = refresh(company.admin).json()
    assert company.admin.post("/auth/logout").status_code == 204
    assert not is_signed_in(company.admin, new["access_token"])
    assert refresh(company.admin, new["refresh_token"]).status_code == 401


def test_beyond_the_number_of_devices_the_oldest_session_ends(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "SESSIONS_PER_USER", 2)
    second = sign_in_again(company.admin)
    third = sign_in_again(company.admin)
    assert [is_signed_in(device) for device in (company.admin, second, third)] == [False, True, True]


# The password


def test_changing_the_password_ends_the_other_sessions(company: Company) -> None:
    other_device = sign_in_again(company.admin)
    change = {"current_password": PASSWORD, "new_password": "a new password"}
    assert company.admin.post("/auth/change-password", change).status_code == 204
    assert is_signed_in(company.admin)
    assert refresh(company.admin).status_code == 200
    assert not is_signed_in(other_device)
    assert refresh(other_device).status_code == 401
    login = {"email": company.admin.email, "password": PASSWORD}
    assert company.client.post("/auth/login", json=login).status_code == 401
    assert is_signed_in(sign_in_again(company.admin, "a new password"))


def test_changing_the_password_of_one_leaves_colleagues_signed_in(company: Company) -> None:
    anna = company.person()
    change = {"current_password": PASSWORD, "new_password": "a new password"}
    assert company.admin.post("/auth/change-password", change).status_code == 204
    assert is_signed_in(anna)
    assert is_signed_in(sign_in_again(anna))


@pytest.mark.parametrize(
    ("current", "new", "status"),
    [
        ("wrong password", "a new password", 403),
        (PASSWORD, "short", 422),
        (PASSWORD, "x" * 129, 422),
        ("", "x" * 9, 422),
    ],
)
def test_a_refused_change_of_password_changes_nothing(company: Company, current: str, new: str, status: int) -> None:
    other_device = sign_in_again(company.admin)
    answer = company.admin.post("/auth/change-password", {"current_password": current, "new_password": new})
    assert answer.status_code == status
    assert is_signed_in(other_device)
    assert is_signed_in(sign_in_again(company.admin))


def test_a_stranger_changes_no_password(company: Company) -> None:
    change = {"current_password": PASSWORD, "new_password": "a new password"}
    assert company.client.post("/auth/change-password", json=change).status_code == 401


# Deactivation


@pytest.mark.parametrize("how", ["DELETE", "PATCH"])
def test_deactivating_a_user_ends_their_sessions_at_once(company: Company, how: str) -> None:
    anna = company.person()
    other_device = sign_in_again(anna)
    body = {"is_active": False} if how == "PATCH" else None
    answer = company.admin.call(how, f"/users/{anna.id}", json=body)
    assert answer.status_code == (200 if how == "PATCH" else 204)
    for device in (anna, other_device):
        assert not is_signed_in(device)
        assert refresh(device).json()["code"] == "session_ended"
    login = company.client.post("/auth/login", json={"email": anna.email, "password": PASSWORD})
    assert login.json()["code"] == "invalid_credentials"


def test_sessions_ended_by_deactivation_stay_ended_after_reactivation(company: Company) -> None:
    anna = company.person()
    company.admin.delete(f"/users/{anna.id}")
    assert company.admin.patch(f"/users/{anna.id}", {"is_active": True}).json()["is_active"] is True
    assert not is_signed_in(anna)
    assert refresh(anna).status_code == 401
    assert is_signed_in(sign_in_again(anna))


def test_what_a_deactivated_user_did_stays(company: Company, database: psycopg.Connection) -> None:
    anna, boris = company.person(full_name="Anna"), company.person()
    created = anna.create_event(title="Held before", participants=[{"user_id": boris.id}])
    assert company.admin.delete(f"/users/{anna.id}").status_code == 204
    assert company.admin.get(f"/users/{anna.id}").json()["is_active"] is False
    assert boris.get(f"/events/{created['id']}").json()["organizer_id"] == anna.id
    calendars = database.execute("SELECT count(*) FROM calendars WHERE owner_id = %s", [anna.id])
    assert calendars.fetchone() == (1,)


def test_a_role_taken_away_counts_from_the_next_request(company: Company) -> None:
    second_admin = company.person(role="admin")
    assert company.admin.patch(f"/users/{second_admin.id}", {"role": "employee"}).status_code == 200
    refused = second_admin.patch(f"/users/{company.admin.id}", {"position": "Director"})
    assert (refused.status_code, refused.json()["code"]) == (403, "admin_only")
