"""Small files that hold secrets or state: private, and either the old or the new text after a crash."""

import json
import os
from pathlib import Path
from typing import Any

from app.supervisor.launch import hand_over


def sync_directory(directory: Path) -> None:
    """Make renames in `directory` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_private(path: Path, text: str, *, for_server: bool = False) -> None:
    """Replace `path` by `text` at once, readable by its owner only.

    Args:
        for_server: the owner is the user whom the embedded servers run as.
    """
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if for_server:
        hand_over(beside)
    beside.rename(path)
    sync_directory(path.parent)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty when there is no such file or it holds something else."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: Path, value: dict[str, Any]) -> None:
    write_private(path, json.dumps(value, indent=2) + "\n")
