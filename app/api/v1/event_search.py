"""Search in events. A router of its own, asked before the routes of single events, to whom "search" is a wrong id."""

from typing import Annotated, Any

from fastapi import Query

from app.api.deps import ActingUser, page_request
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.event_search import EventHitRead, EventSearchQuery
from app.services import event_search_service

router = PrefixRouter(prefix="/events/search", tags=["events"], route_class=TransactionRoute)


@router.get("", response_model=Page[EventHitRead], summary="Search in events", responses=responses(401, 403))
def search_events(user: ActingUser, session: SessionDep, query: Annotated[EventSearchQuery, Query()]) -> Any:
    """All words, in any form of Russian and English, in title, description, place, names of people and e-mails of
    outside guests; the last word also as a beginning, words in quotes next to each other. What fits better and lies
    nearer in time comes first; a series comes once. Only events whose details you read.
    """
    items, cursor = event_search_service.search_events(session, user, query, page_request(query.limit, query.cursor))
    return Page(items=items, next_cursor=cursor)
