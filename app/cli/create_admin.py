"""`planner create-admin`, which is also `python create_admin.py`."""

import secrets
import sys
from typing import Annotated

import typer

from app.cli.common import say
from app.core.config import get_settings
from app.db import SessionLocal
from app.services import bootstrap_service
from app.supervisor.running import running_servers

GENERATED_BYTES = 12


def _ask(label: str, option: str) -> str:
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{option} is needed when there is no terminal to ask.")
    answer: str = typer.prompt(label)
    return answer


def _password(from_stdin: bool, generate: bool) -> str:
    if from_stdin and generate:
        raise typer.BadParameter("--password-stdin and --generate exclude each other.")
    if generate:
        return secrets.token_urlsafe(GENERATED_BYTES)
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise typer.BadParameter("--password-stdin or --generate is needed when there is no terminal to ask.")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt="The same password again")
    return password


def create_admin(
    email: Annotated[str | None, typer.Option(help="E-mail to sign in with.")] = None,
    name: Annotated[str | None, typer.Option(help="Full name.")] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password's line.")] = False,
    generate: Annotated[bool, typer.Option("--generate", help="Make a password and print it.")] = False,
    installation: Annotated[
        bool, typer.Option("--installation", help="An admin of the whole installation, without a company.")
    ] = False,
) -> None:
    """Create an administrator. What is not given is asked for."""
    email = email or _ask("E-mail", "--email")
    if name is None and sys.stdin.isatty() and not password_stdin:
        name = typer.prompt("Full name", default="", show_default=False)
    password = _password(password_stdin, generate)
    with running_servers(get_settings(), command="create-admin", say=say), SessionLocal.begin() as session:
        user = bootstrap_service.create_admin(
            session, email=email, full_name=name or None, password=password, installation=installation
        )
        created = user.email
    print(f"Administrator {created} was created.")
    if generate:
        print(f"Password: {password}")
