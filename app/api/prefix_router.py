"""A router that is asked for its routes only where they can match."""

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope


class PrefixRouter(APIRouter):
    """An APIRouter with a prefix, which paths without that prefix pass by.

    FastAPI tries the routes of every router one by one, three times a request when routers are nested: with some
    forty routes that was a fifth of the processor time of a small request, and each new noun would add to it.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if self.prefix not in scope.get("path", ""):
            return Match.NONE, {}
        return super().matches(scope)
