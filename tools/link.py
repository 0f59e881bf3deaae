"""Make this checkout importable in the environment that runs this file, and give it the command `planner`.

What an editable install does, without a build backend: `requirements.txt` holds only what runs, and setting up
downloads nothing more.
"""

import stat
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMAND = """#!{python}
from app.cli import main

main()
"""


def main() -> None:
    Path(sysconfig.get_path("purelib"), "planner.pth").write_text(f"{ROOT}\n")
    command = Path(sysconfig.get_path("scripts"), "planner")
    command.write_text(COMMAND.format(python=sys.executable))
    command.chmod(command.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


if __name__ == "__main__":
    main()
