"""What a 405 says is possible (RFC 9110 §15.5.6): all methods of the address, not those of one of its routes."""

import re
from functools import lru_cache

from fastapi import FastAPI
from starlette.routing import compile_path


def allowed_methods(app: FastAPI, path: str) -> list[str]:
    """The methods that some route accepts at this path, in alphabetical order."""
    return sorted({method for pattern, methods in _paths(app) if pattern.match(path) for method in methods})


@lru_cache(maxsize=4)
def _paths(app: FastAPI) -> tuple[tuple[re.Pattern[str], frozenset[str]], ...]:
    return tuple(
        (compile_path(path)[0], frozenset(method.upper() for method in operations))
        for path, operations in app.openapi()["paths"].items()
    )
