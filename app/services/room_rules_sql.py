"""The rules that hold for a room, as SQL: its own where it has one, else its building's, else the company's."""

from typing import LiteralString

# The rules of rooms `r`: their own, of their building, of the company. `house` is the building, `firm` the company.
RULES_FROM: LiteralString = """
    rooms r
    JOIN organizations firm ON firm.id = r.organization_id
    LEFT JOIN buildings house ON house.organization_id = r.organization_id AND house.id = r.building_id
    LEFT JOIN booking_policies of_room
      ON of_room.organization_id = r.organization_id AND of_room.building_id IS NULL AND of_room.room_id = r.id
    LEFT JOIN booking_policies of_building
      ON of_building.organization_id = r.organization_id AND of_building.building_id = r.building_id
     AND of_building.room_id IS NULL
    LEFT JOIN booking_policies of_company
      ON of_company.organization_id = r.organization_id AND of_company.building_id IS NULL
     AND of_company.room_id IS NULL
"""
# Where the room's clock is.
ZONE_SQL: LiteralString = "coalesce(house.time_zone, firm.time_zone)"


def rule(column: LiteralString) -> LiteralString:
    """What holds of one column of `booking_policies`; null where no level says anything."""
    return f"coalesce(of_room.{column}, of_building.{column}, of_company.{column})"


def level(column: LiteralString) -> LiteralString:
    """The id of the policy that says something of the column: the one whose lists go with it."""
    return (
        f"CASE WHEN of_room.{column} IS NOT NULL THEN of_room.id"
        f" WHEN of_building.{column} IS NOT NULL THEN of_building.id ELSE of_company.id END"
    )


def is_listed(policy: LiteralString, purpose: LiteralString, person: LiteralString) -> LiteralString:
    """Whether a policy lists a person, alone or with a department. `person` is a parameter of the statement."""
    return f"""EXISTS (
        SELECT FROM booking_policy_people listed
        WHERE listed.organization_id = r.organization_id AND listed.policy_id = {policy}
          AND listed.purpose = '{purpose}'
          AND (listed.user_id = {person}
               OR listed.department_id IN (SELECT departments_of(r.organization_id, {person})))
    )"""


def _names(policy: LiteralString) -> LiteralString:
    return f"""EXISTS (
        SELECT FROM booking_policy_people listed
        WHERE listed.organization_id = r.organization_id AND listed.policy_id = {policy}
          AND listed.purpose = 'approver'
    )"""


# The nearest policy that names approvers; null where none does: then they are administrators and the IT desk.
APPROVERS_SQL: LiteralString = (
    f"CASE WHEN {_names('of_room.id')} THEN of_room.id WHEN {_names('of_building.id')} THEN of_building.id"
    f" WHEN {_names('of_company.id')} THEN of_company.id END"
)


def may_book(person: LiteralString) -> LiteralString:
    """Whether the room lets a person book."""
    listed = is_listed(level("bookable_by"), "booker", person)
    return f"({rule('bookable_by')} IS DISTINCT FROM 'listed' OR {listed})"


def needs_approver(person: LiteralString) -> LiteralString:
    """Whether a person's bookings that break no rule wait for an approver, unless the person is one."""
    return (
        f"(coalesce({rule('in_policy')} = 'request', false) AND NOT {is_listed(level('in_policy'), 'exempt', person)})"
    )


def is_approver(person: LiteralString) -> LiteralString:
    """Whether a person decides about requests for the room."""
    listed = is_listed("approvers.policy_id", "approver", person)
    return f"""(
        SELECT CASE WHEN approvers.policy_id IS NOT NULL THEN {listed}
               ELSE EXISTS (SELECT FROM users u WHERE u.organization_id = r.organization_id AND u.id = {person}
                                                  AND u.is_active AND u.role IN ('admin', 'it')) END
        FROM (SELECT {APPROVERS_SQL} AS policy_id) approvers
    )"""
