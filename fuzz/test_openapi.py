"""Everything that the OpenAPI document allows, and much that it forbids, is sent to a running API (Schemathesis).

Stateful: what one request creates, later ones read, change and delete. No answer may be a server error, and every
answer must be one that the document tells of.
"""

import os
import time
from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from fastapi.testclient import TestClient
from psycopg import Connection
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import TestPhase
from schemathesis.schemas import BaseSchema

from fuzz import files
from fuzz.sender import Sender
from fuzz.tally import Tally
from tests.support.api_process import ApiProcess

# Of 178 operations the engine made 7397 cases, asked for 8 at random an operation and one of 6 that are forbidden: 5144
# from every line of the document, 1368 at random, 611 in chains, 274 from examples. It is asked for fewer now.
CASES = 3500
# Of these, made at random.
FUZZING_CASES = 700
# And of these, sent in chains in which one request uses what the answer to another gave.
STATEFUL_CASES = 500
# Of the requests that the document forbids, made from its every line, this share: others with another seed.
ONE_OF_FORBIDDEN = 32
# And of those that it allows.
ONE_OF_ALLOWED = 4
# The server itself turns longer addresses away, with a 400 that no document of ours tells of.
ADDRESS_MAX = 60_000
SEED = int(os.environ.get("FUZZ_SEED", "20270322"))
# Those 7397 cases took five minutes on two cores that others used too; a run that has not sent its
# cases by then is broken, not slow.
SECONDS = 480
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")


def configuration(seed: int, *, only_stateful: bool) -> SchemathesisConfig:
    """Every phase of the engine once, or only the last one, with nothing remembered from an earlier run."""
    generation = {"database": ":memory:", "with-security-parameters": False, "no-shrink": True}
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "cache": {"enabled": False},
            "suppress-health-check": ["all"],
            "continue-on-failure": True,
            "request-timeout": 60,
            "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
            "generation": generation,
            "phases": {
                "examples": {"enabled": not only_stateful},
                "coverage": {"enabled": not only_stateful},
                "fuzzing": {"enabled": not only_stateful, "generation": {**generation, "max-examples": 4}},
                "stateful": {"max-steps": 10, "generation": {**generation, "max-examples": 100}},
            },
        }
    )


@pytest.fixture
def server() -> Iterator[ApiProcess]:
    """The API as a process of its own, on the database of the run."""
    with ApiProcess() as server:
        yield server


@pytest.fixture
def sender(client: TestClient, database: Connection) -> Iterator[Sender]:
    """Signs in every request that Schemathesis sends."""
    files.register()
    sender = Sender(client, database, SEED)

    def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
        sender.prepare(case)

    forbidden, allowed = count(SEED), count(SEED)

    def filter_case(context: Any, case: Any) -> bool:
        if len(urlencode(case.query or {}, doseq=True, errors="replace")) > ADDRESS_MAX:
            return False
        if case.meta.phase.name != TestPhase.COVERAGE:
            return True
        is_forbidden = case.meta.generation.mode == GenerationMode.NEGATIVE
        return next(forbidden) % ONE_OF_FORBIDDEN == 0 if is_forbidden else next(allowed) % ONE_OF_ALLOWED == 0

    schemathesis.hook(before_call)
    schemathesis.hook(filter_case)
    yield sender
    schemathesis.hooks.unregister(before_call)
    schemathesis.hooks.unregister(filter_case)


def run(schema: BaseSchema, sender: Sender, tally: Tally, deadline: float) -> None:
    """Send what the engine makes of the schema, and note the answers."""
    stream = from_schema(schema).execute()
    for happened in stream:
        if isinstance(happened, events.ScenarioFinished):
            tally.note(happened)
            sender.cast.replace_who_was_dismissed()
        elif isinstance(happened, events.NonFatalError):
            tally.errors.append(f"{happened.label}: {happened.info.format()}")
        elif isinstance(happened, events.FatalError):
            raise happened.exception
        if time.monotonic() > deadline:
            stream.stop()


def test_no_request_that_the_document_allows_or_forbids_breaks_the_api(
    server: ApiProcess, sender: Sender, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"http://127.0.0.1:{server.port}/openapi.json"
    tally, seed, deadline = Tally(), SEED, time.monotonic() + SECONDS
    # The database keeps what earlier chains did, so the engine soon finds that a chain does not repeat itself, and
    # ends the phase: the next seed goes on from there.
    while tally.phases["stateful"] < STATEFUL_CASES and time.monotonic() < deadline:
        config = configuration(seed, only_stateful=seed != SEED)
        schema = schemathesis.openapi.from_url(address, config=config)
        run(schema, sender, tally, deadline)
        seed += 1
    with capsys.disabled():
        print(f"\nFUZZ_SEED={SEED}: {tally.summary()}")  # noqa: T201 - the figures of the run

    assert not tally.failures, "\n\n".join(tally.failures.values()) + server.output()[-10_000:]
    assert not tally.errors, "\n\n".join(tally.errors)
    assert tally.answers_of_class(5) == 0, tally.summary()
    operations = {result.ok().label for result in schema.get_all_operations()}
    assert operations - tally.operations.keys() == set()
    assert tally.cases >= CASES, tally.summary()
    assert tally.phases["fuzzing"] >= FUZZING_CASES, tally.summary()
    assert tally.phases["stateful"] >= STATEFUL_CASES, tally.summary()
    never = sorted(label for label in operations if not tally.succeeded[label])
    # Which requests come together depends on the answers before; a few operations may have had no luck.
    assert len(never) <= len(operations) // 10, f"no request succeeded: {never}"
    assert tally.answers_of_class(2) > tally.cases // 10, tally.summary()
