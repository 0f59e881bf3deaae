"""An installation of Planner, started and stopped as a user does it."""

import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import httpx2 as httpx

from app.supervisor.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90
STOP_SECONDS = 40


class Installation:
    """`make run` with a folder and a port of its own."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.home = home
        self.port = free_port()
        self.output: list[str] = []
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        self._environment = {
            **kept,
            "PLANNER_HOME": str(home),
            "PLANNER_PORT": str(self.port),
            "UPLOADS_DIR": str(home / "uploads"),
            **environment,
        }
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, and come back when the API is ready."""
        self.output = []
        process = subprocess.Popen(
            ["make", "run"],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._process = process
        ready = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(process, ready), daemon=True)
        self._reader.start()
        assert ready.wait(START_SECONDS), "not ready in time:\n" + "".join(self.output)
        assert process.poll() is None, "ended at once:\n" + "".join(self.output)

    def run_again(self) -> subprocess.CompletedProcess[str]:
        """`make run` on the same folder, while the first one is running."""
        return subprocess.run(
            ["make", "run"],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )

    def stop(self, with_signal: signal.Signals = signal.SIGINT) -> None:
        """Ctrl-C (or another signal) in the terminal; everything must end cleanly."""
        assert self._process is not None
        os.killpg(self._process.pid, with_signal)
        self._wait()

    def kill_everything(self) -> None:
        """kill -9 for every process of the installation."""
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if self._process is not None:
            self._wait()

    def _wait(self) -> None:
        assert self._process is not None
        self._process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)

    def processes(self) -> list[int]:
        """Every process that carries this installation's folder in its environment or its arguments."""
        marks = (f"PLANNER_HOME={self.home}".encode(), f"{self.home}/".encode())
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit() or int(folder.name) == os.getpid():
                continue
            try:
                text = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if any(mark in text for mark in marks):
                found.append(int(folder.name))
        return found

    def wait_for(self, state: str) -> dict[str, object]:
        """The health report, once its status is `state`."""
        deadline = time.monotonic() + START_SECONDS
        report: dict[str, object] = {}
        with self.client() as client:
            while time.monotonic() < deadline:
                report = client.get("/health").json()
                if report["status"] == state:
                    return report
                threading.Event().wait(0.2)
        raise AssertionError(f"never {state}: {report}")

    def admin_password(self) -> str:
        """The password that the first start printed."""
        found = re.search(r"password\s+(\S+)", "".join(self.output))
        assert found, "no password printed:\n" + "".join(self.output)
        return found[1]

    def client(self, token: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api/v1", headers=headers, timeout=30)

    def sign_in(self, email: str, password: str) -> httpx.Client:
        with self.client() as client:
            answer = client.post("/auth/login", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        return self.client(answer.json()["access_token"])

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.output.append(line)
                if "Ctrl-C stops everything" in line:
                    ready.set()
        ready.set()
