"""Which lines of a child's output a person at the terminal should see, beside the full log file."""

import re
from dataclasses import dataclass

ANSI = re.compile(r"\x1b\[[0-9;]*m")
NOTHING = re.compile(r"(?!)")
TRACEBACK = "Traceback (most recent call last):"
MAX_SHOWN = 400


@dataclass(frozen=True)
class LineFilter:
    """The lines that match `shown` and do not match `expected`."""

    shown: re.Pattern[str]
    expected: re.Pattern[str] = NOTHING

    def __call__(self, line: str) -> bool:
        return bool(self.shown.search(line)) and not self.expected.search(line)


# structlog, celery, JSON, logging's usual formats, in this order.
PYTHON_LINES = LineFilter(
    re.compile(
        r"\[(?:warning|error|critical)\s*\]"
        r"|: (?:WARNING|ERROR|CRITICAL)/"
        r"|\"level\": ?\"(?:warning|error|critical)\""
        r"|^(?:WARNING|ERROR|CRITICAL):? "
        r"| - (?:WARNING|ERROR|CRITICAL) - "
        r"|^Traceback \(most recent call last\):",
        re.MULTILINE,
    )
)
# A command that runs once also says what it waits for.
JOB_LINES = LineFilter(re.compile(rf"{PYTHON_LINES.shown.pattern}|^waiting for ", re.MULTILINE))
POSTGRES_LINES = LineFilter(
    re.compile(r"\b(?:FATAL|PANIC): |was terminated by|automatic recovery|was interrupted|No space left"),
    re.compile(
        r"database system is (?:starting up|shutting down|in recovery mode|not yet accepting connections)"
        r"|terminating (?:connection|background worker|\w+ process) .*due to"
        r"|the database system was interrupted while in recovery"
        r"|sorry, too many clients already"
    ),
)
VALKEY_LINES = LineFilter(
    re.compile(r" # |Bad file format|No space left|\bFATAL\b"),
    re.compile(
        r"Memory overcommit|Transparent Huge Pages|TCP backlog|ready to exit|User requested shutdown"
        r"|Received SIG|oO0Oo"
    ),
)


class NoteworthyLines:
    """Picks the noteworthy lines out of a stream; of a traceback, the line that names the error."""

    def __init__(self, wanted: LineFilter) -> None:
        self._wanted = wanted
        self._in_traceback = False

    def pick(self, text: str) -> list[str]:
        """The noteworthy lines of some whole lines."""
        if "\x1b" in text:
            text = ANSI.sub("", text)
        # One search over all of it: a busy API writes thousands of lines a second that nobody needs to see.
        if not self._in_traceback and not self._wanted.shown.search(text):
            return []
        picked = []
        for line in text.splitlines():
            if self._in_traceback:
                if line.startswith((" ", "\t")) or not line or line == TRACEBACK:
                    continue
                self._in_traceback = False
                picked.append(line[:MAX_SHOWN])
            elif self._wanted(line):
                self._in_traceback = line == TRACEBACK
                if not self._in_traceback:
                    picked.append(line[:MAX_SHOWN])
        return picked
