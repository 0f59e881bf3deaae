"""A row in every table of rooms that no test needs to fill through the API.

%(o)s is the company, which has a booked room; %(i)s and %(t)s are new, %(u)s is one of its people.
"""

ROOM_ROWS = (
    "INSERT INTO buildings (organization_id, id, name, time_zone) VALUES (%(o)s, %(i)s, %(t)s, 'UTC')",
    "INSERT INTO booking_policies (organization_id, id) VALUES (%(o)s, %(i)s)",
    "INSERT INTO booking_policy_people (organization_id, id, policy_id, purpose, user_id)"
    " VALUES (%(o)s, %(i)s, %(i)s, 'approver', %(u)s)",
    "INSERT INTO room_blockings (organization_id, id, kind, start_wall, end_wall)"
    " VALUES (%(o)s, %(i)s, 'other', '2020-01-01', '2020-01-02')",
    "INSERT INTO room_equipment (organization_id, id, room_id, name, quantity, out_of_order)"
    " SELECT organization_id, %(i)s, id, %(t)s, 1, 0 FROM rooms WHERE organization_id = %(o)s LIMIT 1",
    "INSERT INTO room_requests (organization_id, id, room_id, event_id, requested_by_id, state, expires_at, created_at)"
    " SELECT organization_id, %(i)s, room_id, id, %(u)s, 'pending', now() + interval '1 year', now() FROM events"
    " WHERE organization_id = %(o)s AND room_id IS NOT NULL LIMIT 1",
    "INSERT INTO room_waiting (organization_id, id, room_id, user_id, series_id, original_start, starts_at, ends_at,"
    " during, state, offer_minutes, created_at)"
    " SELECT organization_id, %(i)s, room_id, %(u)s, series_id, original_start, starts_at, ends_at, during, 'taken',"
    " 5, now() FROM room_bookings WHERE organization_id = %(o)s LIMIT 1",
)
