"""Who wrote what, when, from where: the record that nobody can change."""

from typing import Annotated, Any

from fastapi import Query

from app.api.deps import AdminUser, page_request
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.audit import AuditQuery, AuditRead
from app.schemas.common import Page
from app.services import audit_service

router = PrefixRouter(prefix="/audit", tags=["audit"], route_class=TransactionRoute)


@router.get("", response_model=Page[AuditRead], summary="Read the record of writes", responses=responses(401, 403))
def list_entries(user: AdminUser, session: SessionDep, query: Annotated[AuditQuery, Query()]) -> Any:
    """Newest first. For administrators: of a company, its record; of the installation, that of companies and people."""
    page = page_request(query.limit, query.cursor)
    items, cursor = audit_service.list_entries(session, user, query, page)
    return Page(items=items, next_cursor=cursor)
