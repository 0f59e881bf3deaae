"""Errors that people see: each owns its HTTP status and a constant code; the text comes from `messages`."""

from collections.abc import Mapping
from typing import Any

from app.core.messages import Language, message


class PlannerError(Exception):
    """Base of every error that a client may see (RFC 9457).

    Args:
        code: constant name of the error; its text in each language is in `app.core.messages`.
        extra: members added to the problem document, for example the clashing occurrences.
        headers: HTTP headers of the answer, for example Retry-After.
        params: values for the text.
    """

    status = 500

    def __init__(
        self,
        code: str,
        *,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **params: Any,
    ) -> None:
        self.code = code
        self.params = params
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})
        super().__init__(code)

    def detail(self, language: Language) -> str:
        return message(self.code, language, self.params)

    def __str__(self) -> str:
        return self.detail("en")


class Unauthenticated(PlannerError):
    """Nobody is signed in, or the token, the session or the password is not good."""

    status = 401

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, headers={"WWW-Authenticate": "Bearer"}, **params)


class Forbidden(PlannerError):
    """The actor may know that the object exists, but may not do this to it."""

    status = 403


class NotFound(PlannerError):
    """There is no such object, or the actor may not know that there is."""

    status = 404


class Conflict(PlannerError):
    """The request is well formed but clashes with what is stored."""

    status = 409


class Gone(PlannerError):
    """What the request continues is over; `detail` says how to start again."""

    status = 410


class PreconditionFailed(PlannerError):
    """If-Match names a version that is not the stored one."""

    status = 412


class PayloadTooLarge(PlannerError):
    status = 413


class UnsupportedMediaType(PlannerError):
    """The body is of a kind that this route does not take; `accepted` lists those that it does."""

    status = 415


class Invalid(PlannerError):
    """A value in the request is not acceptable; `field` says where it stands."""

    status = 422

    def __init__(self, code: str, *, field: str | None = None, **params: Any) -> None:
        super().__init__(code, extra={"field": field} if field else None, **params)


class Unavailable(PlannerError):
    """A part of the system does not answer at this moment."""

    status = 503

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, headers={"Retry-After": "2"}, **params)


class TooManyRequests(PlannerError):
    status = 429

    def __init__(self, code: str, *, retry_after: int, **params: Any) -> None:
        super().__init__(code, headers={"Retry-After": str(retry_after)}, seconds=retry_after, **params)
