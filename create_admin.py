"""Create an administrator: the same as `planner create-admin`, with the same options."""

import sys

from app.cli import main

if __name__ == "__main__":
    main(["create-admin", *sys.argv[1:]])
