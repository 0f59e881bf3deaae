"""Delegations: who may act for whom."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field, StrictBool

from app.schemas.common import Input, Instant, Output, example


class DelegationSort(StrEnum):
    CREATED = "created_at"
    CREATED_DESC = "-created_at"


class DelegationWrite(Input):
    model_config = example(delegate_id="0190a0d8-0000-7000-8000-000000000000", sees_private=False)

    delegate_id: UUID = Field(description="The active colleague who may act for me")
    sees_private: StrictBool = Field(False, description="Whether my private and confidential events are open to them")


class DelegationPatch(Input):
    model_config = example(sees_private=True)

    sees_private: StrictBool


class DelegationRead(Output):
    id: UUID
    principal_id: UUID = Field(description="For whom the delegate acts, with X-On-Behalf-Of")
    delegate_id: UUID
    sees_private: bool
    created_at: Instant
    version: int
