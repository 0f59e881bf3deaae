"""How the installation is doing."""

from typing import Any

from fastapi import APIRouter, Response

from app.db import SessionLocal
from app.schemas.health import Health
from app.services import health_service

router = APIRouter(tags=["service"])


@router.get("/health", response_model=Health, summary="State of every part", responses={503: {"model": Health}})
def health(response: Response) -> Any:
    """Database, Redis, migrations and workers. 503 while the API itself cannot serve."""
    report = health_service.check_health(SessionLocal)
    response.status_code = 200 if report.is_serving else 503
    return report


@router.get("/livez", summary="Is the process alive", status_code=204)
async def livez() -> None:
    """204 as long as the process answers at all."""


@router.get("/readyz", summary="Can it serve", status_code=204, responses={503: {"description": "Not now"}})
def readyz() -> Response:
    """204 when the database answers and its schema is current."""
    return Response(status_code=204 if health_service.is_ready(SessionLocal) else 503)
