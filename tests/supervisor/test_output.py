"""Log files of bounded size, and few lines on the console."""

import io
from pathlib import Path

import pytest

from app.supervisor.lines import POSTGRES_LINES, PYTHON_LINES, VALKEY_LINES, LineFilter, NoteworthyLines
from app.supervisor.output import ChildOutput, Console, RotatingLog, Throttle


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        (PYTHON_LINES, "2026-11-23 06:23:27 [warning  ] outbox_late    seconds=40"),
        (PYTHON_LINES, "2026-11-23 06:23:27 [\x1b[31merror\x1b[0m    ] mail_failed"),
        (PYTHON_LINES, '{"event": "mail_failed", "level": "error"}'),
        (PYTHON_LINES, "[2026-11-23 06:23:27,281: ERROR/MainProcess] consumer: Cannot connect to redis"),
        (PYTHON_LINES, "2026-11-23 06:23:27,281 - app.db - CRITICAL - no connection"),
        (POSTGRES_LINES, "2026-11-23 06:23:27 UTC [1] PANIC:  could not write to file"),
        (POSTGRES_LINES, "2026-11-23 06:23:27 UTC [1] LOG:  server process (PID 7) was terminated by signal 9"),
        (VALKEY_LINES, "9:M 23 Nov 2026 06:31:03.770 # Short read or OOM loading DB"),
    ],
)
def test_warnings_and_errors_are_shown(wanted: LineFilter, line: str) -> None:
    assert len(NoteworthyLines(wanted).pick(f"an ordinary line\n{line}\n")) == 1


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        (PYTHON_LINES, "2026-11-23 06:23:27 [info     ] request  path=/api/v1/errors status=200"),
        (PYTHON_LINES, '{"event": "warning signs", "level": "info"}'),
        (POSTGRES_LINES, "2026-11-23 06:23:27 UTC [1] FATAL:  the database system is starting up"),
        (POSTGRES_LINES, "[1] FATAL:  terminating connection due to administrator command"),
        (POSTGRES_LINES, '[1] ERROR:  conflicting key value violates exclusion constraint "no_double_booking"'),
        (VALKEY_LINES, "9:M 23 Nov 2026 06:31:03.770 # WARNING Memory overcommit must be enabled!"),
        (VALKEY_LINES, "9:M 23 Nov 2026 06:31:03.770 * Ready to accept connections tcp"),
    ],
)
def test_what_is_usual_is_not_shown(wanted: LineFilter, line: str) -> None:
    assert NoteworthyLines(wanted).pick(f"{line}\n") == []


def test_of_a_traceback_the_error_is_shown() -> None:
    lines = NoteworthyLines(PYTHON_LINES)
    assert lines.pick("Traceback (most recent call last):\n  File 'a.py', line 1\n") == []
    assert lines.pick("    boom()\nValueError: no such zone\nan ordinary line\n") == ["ValueError: no such zone"]


def test_log_files_are_bounded(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "api.log", max_bytes=100, backups=2)
    for number in range(50):
        log.write(b"%030d\n" % number)
    log.close()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["api.log", "api.log.1", "api.log.2"]
    assert all(file.stat().st_size <= 100 for file in files)
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    assert log.tail(1) == [f"{49:030d}"]


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "no such folder" / "api.log")
    log.write(b"lost\n")
    assert log.tail(5) == []


def test_a_burst_of_errors_is_cut_and_counted(tmp_path: Path) -> None:
    clock = iter([0.0] * 101 + [10.0] * 10)
    stream = io.StringIO()
    output = ChildOutput("api", RotatingLog(tmp_path / "api.log"), Console(stream=stream), PYTHON_LINES)
    output._throttle = Throttle(lambda: next(clock))
    for number in range(101):
        output.feed(f"x [error    ] failed number={number}\n".encode())
    lines = stream.getvalue().splitlines()
    assert len([line for line in lines if "failed" in line]) == 9
    assert "(92 more such lines in" in lines[8]
    assert len((tmp_path / "api.log").read_text().splitlines()) == 101
    output.log.close()


def test_lines_arrive_in_pieces(tmp_path: Path) -> None:
    stream = io.StringIO()
    output = ChildOutput("api", RotatingLog(tmp_path / "api.log"), Console(stream=stream), PYTHON_LINES)
    for piece in (b"x [err", b"or    ] Sch\xc3", b"\xb6n\nlast [error  ] no line break"):
        output.feed(piece)
    output.finish()
    output.log.close()
    assert "Schön" in stream.getvalue()
    assert "no line break" in stream.getvalue()
    assert (tmp_path / "api.log").read_text().endswith("no line break\n")


def test_secrets_reach_the_console_and_no_log(tmp_path: Path) -> None:
    stream = io.StringIO()
    log = RotatingLog(tmp_path / "planner.log")
    console = Console(log, stream)
    console.say("ready")
    console.secret("password: hunter2")
    log.close()
    assert "hunter2" in stream.getvalue()
    assert "ready" in (tmp_path / "planner.log").read_text()
    assert "hunter2" not in (tmp_path / "planner.log").read_text()
