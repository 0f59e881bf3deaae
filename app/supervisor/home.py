"""PLANNER_HOME: the folder with everything that `planner up` keeps, and the lock that says who uses it.

embedded.json  DATABASE_URL, DATABASE_OWNER_URL, REDIS_URL and SECRET_KEY for every process of this installation
lock           who runs on this folder; locked while they run
postgres/      data of the embedded PostgreSQL, postgres.json its port and passwords
valkey/        data of the embedded Valkey, valkey.json its port and password
beat/          when the periodic tasks ran last
log/           one log file for each process, of bounded size
"""

import fcntl
import json
import os
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Self

from app.supervisor import files
from app.supervisor.errors import AlreadyRunning, SupervisorError
from app.supervisor.leftovers import Recorded

# `nobody`, as whom the embedded servers run when root starts them, must be able to pass through.
HOME_MODE = 0o711
LOCK_SECONDS = 0.5
LOCK_POLL_SECONDS = 0.05
READ_ATTEMPTS = 1000


@dataclass
class Running:
    """Who holds the lock, as they wrote it down."""

    command: str = "up"
    pid: int = 0
    url: str = ""
    started_at: str = ""
    children: dict[str, Recorded] = field(default_factory=dict)

    @classmethod
    def watch(cls, file: IO[str]) -> Self:
        """What a lock file says that its holder may be writing at this moment: a torn text is read again."""
        for _ in range(READ_ATTEMPTS):
            file.seek(0)
            text = file.read()
            if not text.strip() or _is_json(text):
                break
        return cls.read(text)

    @classmethod
    def read(cls, text: str) -> Self:
        try:
            value = json.loads(text)
        except ValueError:
            return cls()
        if not isinstance(value, dict):
            return cls()
        children = {name: Recorded.read(entry) for name, entry in dict(value.get("children") or {}).items()}
        return cls(
            command=str(value.get("command", "up")),
            pid=int(value.get("pid", 0)),
            url=str(value.get("url", "")),
            started_at=str(value.get("started_at", "")),
            children={name: recorded for name, recorded in children.items() if recorded},
        )

    def text(self) -> str:
        children = {name: [recorded.pid, recorded.started] for name, recorded in self.children.items()}
        return json.dumps({**self.__dict__, "children": children})

    @property
    def since(self) -> str:
        """The start in local time."""
        try:
            return datetime.fromisoformat(self.started_at).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
        except ValueError:
            return "a moment ago"


class InUse(AlreadyRunning):
    """The lock is held; `running` says by whom."""

    def __init__(self, home: Path, running: Running) -> None:
        self.running = running
        who = f"pid {running.pid}, since {running.since}" if running.pid else "starting at this moment"
        if running.command == "up":
            text = f"Planner is already running on {home}: {running.url or 'no address yet'} ({who})."
            if running.pid:
                text += f" To stop it: kill {running.pid}"
        else:
            text = f"'planner {running.command}' is using {home} ({who}). Try again when it has finished."
        super().__init__(text)


class Lock:
    """The lock of a home, held by this process and released by the system when it ends, however it ends."""

    def __init__(self, file: IO[str], running: Running, previous: Running | None) -> None:
        self._file = file
        self._running = running
        self.previous = previous
        """Who held the lock before and did not release it: a run that was killed."""

    def note(self, **changes: Any) -> None:
        """Write down what others should know about this run."""
        for name, value in changes.items():
            setattr(self._running, name, value)
        self._write(self._running.text())

    def note_child(self, name: str, pid: int) -> None:
        self._running.children[name] = Recorded.of(pid)
        self._write(self._running.text())

    def _write(self, text: str) -> None:
        """Replace the text at one stroke: whoever finds it after a kill -9 sees the old or the new one.

        What the old text had more is blanked by the same write, and cut off after it.
        """
        number, data = self._file.fileno(), text.encode()
        os.pwrite(number, data.ljust(os.fstat(number).st_size), 0)
        os.ftruncate(number, len(data))

    def release(self) -> None:
        self._write("")
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.release()


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


class Home:
    """The folder, created when needed.

    Args:
        path: PLANNER_HOME.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.shown = path
        self.log_dir = self.path / "log"
        self.postgres_dir = self.path / "postgres"
        self.valkey_dir = self.path / "valkey"
        self.beat_dir = self.path / "beat"
        self.embedded_file = self.path / "embedded.json"
        self.lock_file = self.path / "lock"

    def create(self) -> None:
        """Make the folders.

        Raises:
            SupervisorError: this user may not write there.
        """
        try:
            if not self.path.is_dir():
                self.path.mkdir(parents=True)
                self.path.chmod(HOME_MODE)
            for directory in (self.log_dir, self.beat_dir):
                directory.mkdir(mode=0o700, exist_ok=True)
            self.lock_file.touch(mode=0o600)
        except OSError as error:
            raise SupervisorError(
                f"PLANNER_HOME is {self.path}, and this user cannot write there: {error.strerror}. "
                "Start Planner as the user who owns it, or set PLANNER_HOME to another folder."
            ) from error

    def lock(self, command: str = "up") -> Lock:
        """Take the folder for this process.

        Raises:
            InUse: another process has it; the text says which, and since when.
        """
        self.create()
        file = self.lock_file.open("r+", encoding="utf-8")
        deadline = time.monotonic() + LOCK_SECONDS
        while not _try_lock(file, fcntl.LOCK_EX):
            # Whoever only looks who is running holds the lock for an instant.
            if time.monotonic() > deadline:
                running = Running.watch(file)
                file.close()
                raise InUse(self.path, running)
            time.sleep(LOCK_POLL_SECONDS)
        left = file.read()
        lock = Lock(file, Running(command=command), Running.read(left) if left else None)
        lock.note(pid=os.getpid(), started_at=datetime.now(UTC).isoformat(timespec="seconds"))
        return lock

    def running(self) -> Running | None:
        """Who uses the folder at this moment, if anyone."""
        try:
            file = self.lock_file.open(encoding="utf-8")
        except OSError:
            return None
        with file:
            return None if _try_lock(file, fcntl.LOCK_SH) else Running.watch(file)

    def embedded(self) -> dict[str, Any]:
        return files.read_json(self.embedded_file)

    def keep(self, **values: str) -> None:
        """Put addresses or the key into embedded.json, where every process of the installation finds them."""
        kept = self.embedded()
        if any(kept.get(name) != value for name, value in values.items()):
            files.write_json(self.embedded_file, {**kept, **values})

    def ensure_secret_key(self) -> None:
        """Generate SECRET_KEY once. It stays for ever: with another key, everybody would be signed out."""
        if not self.embedded().get("SECRET_KEY"):
            self.keep(SECRET_KEY=secrets.token_urlsafe(48))


def _try_lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        text = f"{file.name} cannot be locked ({error.strerror}). Set PLANNER_HOME to a folder on a local disk."
        raise SupervisorError(text) from error
    return True
