"""What the figures depend on: the machine, and the memory of processes."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import psutil

MEBIBYTE = 1024 * 1024


def describe(postgres_version: str, valkey_version: str) -> str:
    """The machine in one line."""
    gigabytes = psutil.virtual_memory().total / 1024**3
    return (
        f"{os.cpu_count()} cores ({processor()}), {gigabytes:.0f} GB of memory, {platform.system()}, "
        f"Python {platform.python_version()}, PostgreSQL {postgres_version}, Valkey {valkey_version}; "
        "clients, servers and database share the machine"
    )


def processor() -> str:
    """The processor's name, or its architecture where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names and names[0] not in ("", "unknown") else platform.machine()


@dataclass(frozen=True)
class Memory:
    """Bytes of one or several processes. `own` counts shared pages once (PSS); None where the system cannot."""

    resident: int
    own: int | None

    def __str__(self) -> str:
        resident = f"{self.resident / MEBIBYTE:.0f} MB RSS"
        return resident if self.own is None else f"{self.own / MEBIBYTE:.0f} MB PSS ({resident})"


def memory_of(pid: int, *, with_children: bool = False) -> Memory:
    """The memory of a process, or of its whole tree."""
    top = psutil.Process(pid)
    processes = [top, *(top.children(recursive=True) if with_children else [])]
    resident, own = 0, 0
    can_tell = True
    for process in processes:
        try:
            resident += process.memory_info().rss
            own += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
        except (psutil.AccessDenied, AttributeError):
            can_tell = False
    return Memory(resident, own if can_tell else None)
