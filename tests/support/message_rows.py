"""A row in every table of messages and notifications that no test needs to fill through the API.

%(o)s is the company, which has an event; %(i)s and %(t)s are new, %(u)s is one of its people.
"""

MESSAGE_ROWS = (
    "INSERT INTO itip_messages (organization_id, id, method, content, created_at)"
    " VALUES (%(o)s, %(i)s, 'REQUEST', '', now())",
    "INSERT INTO notification_choices (organization_id, id, user_id, type, channel, is_on)"
    " VALUES (%(o)s, %(i)s, %(u)s, 'comment', 'in_app', false)",
    "INSERT INTO notification_settings (organization_id, user_id, quiet_from, quiet_to)"
    " VALUES (%(o)s, %(u)s, '22:00', '07:00')",
    "INSERT INTO notifications (organization_id, id, user_id, type, reason, title, reason_text)"
    " VALUES (%(o)s, %(i)s, %(u)s, 'message', 'addressed', %(t)s, '')",
    "INSERT INTO reply_keys (organization_id, id, event_id, email, key_hash, created_at)"
    " SELECT organization_id, %(i)s, id, %(t)s, %(t)s, now() FROM events WHERE organization_id = %(o)s LIMIT 1",
)
