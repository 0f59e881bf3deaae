"""Where the children's output goes: all of it to log files of bounded size, the noteworthy to the console."""

import os
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TextIO

from app.supervisor.lines import LineFilter, NoteworthyLines

LOG_MAX_BYTES = 10_000_000
LOG_BACKUPS = 3
MAX_PENDING_BYTES = 1_000_000
STAMPED = re.compile(r"\[?\d{4}-\d\d-\d\d[ T]")
BURST_LINES = 8
BURST_SECONDS = 10.0
TAIL_BYTES = 8_000

COLOURS = {"planner": "36", "postgres": "34", "valkey": "35", "api": "32", "worker": "33", "beat": "33"}


class RotatingLog:
    """A log file of at most `max_bytes`, and `backups` older ones beside it, `name.log.1` the newest."""

    def __init__(self, path: Path, *, max_bytes: int = LOG_MAX_BYTES, backups: int = LOG_BACKUPS) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._backups = backups
        self._descriptor = -1
        self._size = 0
        with suppress(OSError):
            self._open()

    def _open(self) -> None:
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(self._descriptor).st_size

    def write(self, block: bytes) -> None:
        """Append whole lines. A full disk loses log lines; it stops nothing."""
        with suppress(OSError):
            if self._size and self._size + len(block) > self._max_bytes:
                self._rotate()
            os.write(self._descriptor, block)
            self._size += len(block)

    def _rotate(self) -> None:
        for number in range(self._backups, 0, -1):
            source = self._numbered(number - 1)
            if source.exists():
                source.rename(self._numbered(number))
        full = self._descriptor
        self._open()
        os.close(full)

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}") if number else self.path

    def tail(self, lines: int) -> list[str]:
        """The last lines of the file."""
        with suppress(OSError), self.path.open("rb") as file:
            file.seek(max(0, self.path.stat().st_size - TAIL_BYTES))
            return file.read().decode(errors="replace").splitlines()[-lines:]
        return []

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class Console:
    """Short lines for the person at the terminal; a log file keeps them too, except what is secret."""

    def __init__(self, log: RotatingLog | None = None, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._log = log
        self._colour = self._stream.isatty() and not os.environ.get("NO_COLOR")

    def say(self, text: str, *, name: str = "planner") -> None:
        """One or more lines, each behind the name of who says it."""
        self._print("\n".join(f"{self._label(name)} {line}" for line in text.splitlines()))
        self._note(name, text)

    def event(self, text: str, *, name: str = "planner") -> None:
        """As `say`, with the local time, for what happens long after the start."""
        stamp = datetime.now().astimezone().strftime("%H:%M:%S")
        self._print("\n".join(f"{self._label(name)} {stamp} {line}" for line in text.splitlines()))
        self._note(name, text)

    def secret(self, text: str) -> None:
        """Lines that no log file may hold."""
        self._print(text)

    def _label(self, name: str) -> str:
        padded = f"{name:<8}"
        return f"\x1b[{COLOURS.get(name, '37')}m{padded}\x1b[0m" if self._colour else padded

    def _print(self, text: str) -> None:
        # The terminal may be gone; the processes go on.
        with suppress(OSError, ValueError):
            self._stream.write(text + "\n")
            self._stream.flush()

    def _note(self, name: str, text: str) -> None:
        if self._log:
            stamp = datetime.now().astimezone().isoformat(timespec="milliseconds")
            self._log.write("".join(f"{stamp} {name} {line}\n" for line in text.splitlines()).encode())


class Throttle:
    """Lets a burst of lines pass and counts what it holds back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._passed = 0
        self._held_back = 0

    def allows(self) -> bool:
        now = self._clock()
        if now - self._since >= BURST_SECONDS:
            self._since, self._passed = now, 0
        self._passed += 1
        if self._passed > BURST_LINES:
            self._held_back += 1
            return False
        return True

    def take_held_back(self) -> int:
        """How many lines were held back since the last call, once lines pass again."""
        if self._passed > BURST_LINES:
            return 0
        held_back, self._held_back = self._held_back, 0
        return held_back


class ChildOutput:
    """Takes the bytes that one child prints."""

    def __init__(self, name: str, log: RotatingLog, console: Console, wanted: LineFilter) -> None:
        self.log = log
        self._name = name
        self._console = console
        self._lines = NoteworthyLines(wanted)
        self._throttle = Throttle()
        self._pending = b""

    def feed(self, block: bytes) -> None:
        block = self._pending + block
        end = block.rfind(b"\n") + 1 or (len(block) if len(block) > MAX_PENDING_BYTES else 0)
        whole, self._pending = block[:end], block[end:]
        if whole:
            self._take(whole)

    def finish(self) -> None:
        """The child has ended: what it printed last may lack its line break."""
        if self._pending:
            rest, self._pending = self._pending + b"\n", b""
            self._take(rest)

    def _take(self, whole: bytes) -> None:
        self.log.write(whole)
        for line in self._lines.pick(whole.decode(errors="replace")):
            if self._throttle.allows():
                if held_back := self._throttle.take_held_back():
                    self._console.event(f"({held_back} more such lines in {self.log.path})", name=self._name)
                # Most lines begin with the child's own time.
                tell = self._console.say if STAMPED.match(line) else self._console.event
                tell(line, name=self._name)
