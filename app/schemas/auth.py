"""Signing in and out."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.schemas.common import Email, Input, Line, Output, Password, ZoneName, example

# Of an invitation: URL-safe base64.
InvitationToken = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_-]+$")]


class LoginRequest(Input):
    model_config = example(email="anna@example.com", password="correct horse")

    email: Email
    # No lower bound: a password shorter than today's rule is wrong, not malformed.
    password: Annotated[str, StringConstraints(min_length=1, max_length=128, strip_whitespace=False)]


class RegisterRequest(Input):
    model_config = example(
        email="anna@example.com", password="correct horse", full_name="Анна Иванова", time_zone="Europe/Moscow"
    )

    email: Email
    password: Password
    full_name: Line | None = None
    time_zone: ZoneName | None = None
    invitation_token: InvitationToken | None = Field(None, description="From the link in an invitation to this e-mail")


class RegistrationPending(Output):
    """The address has to prove itself first: the link in the mail leads on."""

    detail: str


class RefreshRequest(Input):
    refresh_token: Annotated[str, StringConstraints(min_length=1, max_length=2048)]


class PasswordChange(Input):
    model_config = example(current_password="correct horse", new_password="battery staple")

    current_password: Annotated[str, StringConstraints(min_length=1, max_length=128, strip_whitespace=False)]
    new_password: Password


class TokenPair(Output):
    """Send the access token as `Authorization: Bearer …`; exchange the refresh token at /auth/refresh."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int = Field(description="Seconds until the access token expires")
