"""Register, sign in and out."""

import json
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from app.api.deps import CurrentUser, get_current_user
from app.api.prefix_router import PrefixRouter
from app.api.problems import reader_language, responses
from app.api.transaction_route import TransactionRoute
from app.core.client_address import limit_key
from app.core.errors import Unauthenticated
from app.core.messages import message
from app.core.rate_limit import account_key, get_rate_limits
from app.db import SessionDep, client_address
from app.schemas.auth import (
    InvitationToken,
    LoginRequest,
    PasswordChange,
    RefreshRequest,
    RegisterRequest,
    RegistrationPending,
    TokenPair,
)
from app.schemas.invitation import InvitationPreview
from app.schemas.user import UserRead
from app.services import auth_service, invitation_service, session_service, user_service

router = PrefixRouter(prefix="/auth", tags=["auth"], route_class=TransactionRoute)

_LOGIN_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": LoginRequest.model_json_schema(),
                "example": {"email": "anna@example.com", "password": "correct horse"},
            },
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["username", "password"],
                    "properties": {
                        "username": {"type": "string", "description": "The e-mail"},
                        "password": {"type": "string"},
                    },
                }
            },
        },
    }
}


async def read_login(request: Request) -> LoginRequest:
    """E-mail and password as JSON, or as the form of OAuth2's password flow, as Swagger's Authorize sends it.

    Also counts the attempt, per account and per address.
    """
    form_type = "application/x-www-form-urlencoded"
    is_form = request.headers.get("content-type", "").split(";")[0].strip().lower() == form_type
    sent: Any
    if is_form:
        form = await request.form(max_files=0, max_fields=10)
        sent = {"email": form.get("username"), "password": form.get("password")}
    else:
        try:
            sent = json.loads(await request.body())
        except (ValueError, RecursionError) as error:
            problem = {"type": "json_invalid", "loc": ("body",), "msg": "JSON decode error", "input": None}
            raise RequestValidationError([problem]) from error
    try:
        login = LoginRequest.model_validate(sent)
    except ValidationError as error:
        names = {"email": "username"} if is_form else {}
        problems = [
            {**problem, "loc": ("body", *(names.get(str(part), part) for part in problem["loc"]))}
            for problem in error.errors(include_url=False)
        ]
        raise RequestValidationError(problems) from error
    await get_rate_limits().check("login", account_key(login.email), limit_key(client_address(request) or ""))
    return login


async def limit_by_account(request: Request) -> None:
    """Who guesses a password with a stolen token is held back like who guesses it without one."""
    claims = await get_current_user.claims(request)
    await get_rate_limits().check("login", f"password-of:{claims.get('sub')}")


@router.post(
    "/register",
    response_model=UserRead,
    status_code=201,
    summary="Register",
    responses={
        202: {"model": RegistrationPending, "description": "A mail with a link is on its way to the address"},
        **responses(403, 409),
    },
)
def register(data: RegisterRequest, session: SessionDep, request: Request) -> Any:
    """A new employee, with a calendar. Sign in afterwards.

    REGISTRATION says who may: everybody, who has an e-mail of a company's domain, who was invited, or nobody. An e-mail
    of a company's domain is sent a link, whether it has an account or not; an `invitation_token` from such a link, or
    from an invitation, makes the account.
    """
    user = auth_service.register(session, data)
    if user is None:
        pending = RegistrationPending(detail=message("registration_mail_sent", reader_language(request.scope)))
        return Response(pending.model_dump_json(), status_code=202, media_type="application/json")
    return user


@router.get("/invitation", response_model=InvitationPreview, summary="Look at an invitation", responses=responses(403))
def read_invitation(session: SessionDep, token: Annotated[InvitationToken, Query(description="From the link")]) -> Any:
    """What the link in an invitation is good for: the company, and the e-mail to register with."""
    return invitation_service.preview(session, token)


@router.post(
    "/login",
    response_model=TokenPair,
    summary="Sign in",
    responses=responses(401),
    openapi_extra=_LOGIN_BODY,
)
def login(data: Annotated[LoginRequest, Depends(read_login)], session: SessionDep, request: Request) -> TokenPair:
    """E-mail and password for a pair of tokens: as JSON, or as an OAuth2 form."""
    return auth_service.login(
        session,
        data.email,
        data.password,
        address=client_address(request),
        user_agent=request.headers.get("user-agent"),
    )


@router.post("/refresh", response_model=TokenPair, summary="Renew the tokens", responses=responses(401))
def refresh(data: RefreshRequest, session: SessionDep) -> TokenPair:
    """A new pair for a refresh token, which is spent by it. Using a spent one ends the session."""
    tokens = session_service.refresh(session, data.refresh_token)
    if tokens is None:
        # The revocation must outlive this refusal.
        session.commit()
        raise Unauthenticated("refresh_token_reused")
    return tokens


@router.post("/logout", status_code=204, summary="Sign out", responses=responses(401))
def logout(user: CurrentUser, session: SessionDep) -> None:
    """End this session: its access and refresh tokens are refused from now on."""
    if user.session_id is not None:
        session_service.revoke(session, user.session_id)


@router.get("/me", response_model=UserRead, summary="Who am I", responses=responses(401))
def me(user: CurrentUser, session: SessionDep) -> Any:
    return user_service.get_self(session, user)


@router.post(
    "/change-password",
    status_code=204,
    summary="Change my password",
    responses=responses(401, 403),
    dependencies=[Depends(limit_by_account)],
)
def change_password(data: PasswordChange, user: CurrentUser, session: SessionDep) -> None:
    """Every other session of mine ends."""
    user_service.change_password(session, user, data.current_password, data.new_password)
