"""Keep `requirements.txt` (what runs) equal to what `requirements.lock` (everything, with tools) pins for it.

    python tools/lock.py export    write requirements.txt anew
    python tools/lock.py check     exit 1 when it differs, or when pyproject.toml asks for what is not pinned

The lock file says below each package who needs it ("# via"). Whatever is reachable from the project's own
dependencies belongs to requirements.txt. Nothing here asks the network.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
EXPORT = ROOT / "requirements.txt"
HEADER = "# Made by `make lock` from requirements.lock; checked by `make check`.\n"
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)")
PROJECT = "planner (pyproject.toml)"


@dataclass
class Pin:
    """One entry of the lock file: the lines that install it, and who needs it."""

    name: str
    version: str
    lines: list[str]
    needed_by: set[str]


def read_lock(text: str) -> list[Pin]:
    """The entries of a lock file; a package may have several, for different Pythons or systems."""
    pins: list[Pin] = []
    in_via = False
    for line in text.splitlines():
        if match := PIN.match(line):
            pins.append(Pin(canonicalize_name(match["name"]), match["version"], [line], set()))
            in_via = False
        elif line.startswith("    # via"):
            in_via = True
            pins[-1].needed_by.add(line.removeprefix("    # via").strip())
        elif in_via and line.startswith("    #"):
            pins[-1].needed_by.add(line.removeprefix("    #").strip())
        elif line.startswith("    --hash"):
            pins[-1].lines.append(line)
        elif line.strip() and not line.startswith("#"):
            raise SystemExit(f"{LOCK.name}: cannot read: {line}")
    for pin in pins:
        pin.lines[-1] = pin.lines[-1].removesuffix(" \\")
    return pins


def needed(pins: list[Pin]) -> Iterator[Pin]:
    """The entries that the project needs to run, in the lock file's order."""
    names = {pin.name for pin in pins if PROJECT in pin.needed_by}
    grew = True
    while grew:
        more = {pin.name for pin in pins if any(canonicalize_name(parent) in names for parent in pin.needed_by)}
        grew = not more <= names
        names |= more
    return (pin for pin in pins if pin.name in names)


def unpinned(pins: list[Pin]) -> list[str]:
    """What pyproject.toml asks for and the lock file does not satisfy."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    missing = []
    for text in asked:
        requirement = Requirement(text)
        versions = [pin.version for pin in pins if pin.name == canonicalize_name(requirement.name)]
        if not any(requirement.specifier.contains(version, prereleases=True) for version in versions):
            missing.append(text)
    return missing


def main(action: str) -> int:
    pins = read_lock(LOCK.read_text())
    text = HEADER + "".join("\n".join(pin.lines) + "\n" for pin in needed(pins))
    if action == "export":
        EXPORT.write_text(text)
        return 0
    problems = [f"{LOCK.name} does not pin {requirement}" for requirement in unpinned(pins)]
    if not EXPORT.exists() or EXPORT.read_text() != text:
        problems.append(f"{EXPORT.name} is not what {LOCK.name} says")
    for problem in problems:
        print(f"{problem}. Run: make lock", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    if sys.argv[1:] not in (["export"], ["check"]):
        raise SystemExit(__doc__)
    raise SystemExit(main(sys.argv[1]))
