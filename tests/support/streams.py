"""Streams of server-sent events, as clients follow them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx

from tests.support.people import Person


@dataclass(frozen=True)
class StreamEvent:
    name: str
    id: str | None
    data: dict[str, Any]


@dataclass(frozen=True)
class Followed:
    answer: httpx.Response
    lines: Iterator[str]

    def next_event(self) -> StreamEvent:
        """The next event; comments are passed by."""
        event: dict[str, str] = {}
        for line in self.lines:
            name, _, value = line.partition(": ")
            if name and value:
                event[name] = value
            elif not line and "data" in event:
                return StreamEvent(event["event"], event.get("id"), json.loads(event["data"]))
        raise AssertionError("the stream ended")

    def until(self, name: str) -> StreamEvent:
        """The next event of this name; others are passed by."""
        while (event := self.next_event()).name != name:
            pass
        return event

    def rest(self) -> list[str]:
        """What else comes until the stream ends."""
        return list(self.lines)


@contextmanager
def followed(person: Person, path: str, last: str | None = None, **params: str) -> Iterator[Followed]:
    """A stream of a server that really streams, from behind an event's id on."""
    headers = {} if "ticket" in params else {"Authorization": f"Bearer {person.token}"}
    if last is not None:
        headers["Last-Event-ID"] = last
    with person.client.stream("GET", path, params=params, headers=headers, timeout=30) as answer:  # type: ignore[call-arg]
        yield Followed(answer, answer.iter_lines())
