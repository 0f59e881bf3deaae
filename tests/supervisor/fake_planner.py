"""`planner up` with the real servers and small programs in place of the application. Run as a script."""

import signal
import sys

from app.core.config import InsecureSettings, Settings, get_settings
from app.supervisor.errors import AlreadyRunning, SupervisorError
from app.supervisor.leftovers import StopStep
from app.supervisor.lines import PYTHON_LINES
from app.supervisor.probe import api_answers
from app.supervisor.processes import ChildSpec
from app.supervisor.up import EXIT_FAILED, EXIT_IN_USE, Programs, up

PYTHON = [sys.executable, "-S", "-c"]
STEPS = (StopStep(signal.SIGTERM, 5), StopStep(signal.SIGKILL, 5))

PREPARE = """
import os, sys
print("preparing")
answer = '{"applied": ["0001"], "admin": ["admin@example.com", "first-password"]}'
code = 0
if os.environ.get("FAKE_FAILURE"):
    answer, code = os.environ["FAKE_FAILURE"], 1
os.write(int(os.environ["PLANNER_RESULT_FD"]), answer.encode())
sys.exit(code)
"""
API = """
import os, socket, sys
os.read(int(os.environ["PLANNER_GATE_FD"]), 1)
print("x [warning  ] the gate is open", flush=True)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")
    connection.close()
"""
# Tells in the order of the lines when it was asked to stop, and needs a moment to do so.
WORKER = """
import signal, sys, time
def stop(*_):
    time.sleep(0.3)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("x [warning  ] working", flush=True)
while True:
    signal.pause()
"""


def programs(settings: Settings) -> Programs:
    return Programs(
        prepare=[*PYTHON, PREPARE],
        wait_for_redis=[*PYTHON, "pass"],
        api=ChildSpec(
            name="api",
            command=[*PYTHON, API, str(settings.PLANNER_PORT)],
            stop_steps=STEPS,
            ready=lambda _pid: api_answers(settings),
            gated=True,
            noteworthy=PYTHON_LINES,
        ),
        others=[ChildSpec("worker", [*PYTHON, WORKER], stop_steps=STEPS, noteworthy=PYTHON_LINES)],
    )


def main() -> int:
    try:
        return up(get_settings(), programs)
    except AlreadyRunning as error:
        sys.stdout.write(f"{error}\n")
        return EXIT_IN_USE
    except (SupervisorError, InsecureSettings) as error:
        sys.stdout.write(f"{error}\n")
        return EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())
