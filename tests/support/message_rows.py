"""A row in every table of messages, notifications and reminders that no test needs to fill through the API.

%(o)s is the company, which has an event; %(i)s and %(t)s are new, %(u)s is one of its people.
"""

MESSAGE_ROWS = (
    "INSERT INTO change_followers (organization_id, name, xid, cluster, updated_at)"
    " VALUES (%(o)s, 'test', 3, cluster_life(), now())",
    "INSERT INTO itip_messages (organization_id, id, method, content, created_at)"
    " VALUES (%(o)s, %(i)s, 'REQUEST', '', now())",
    "INSERT INTO notification_choices (organization_id, id, user_id, type, channel, choice)"
    " VALUES (%(o)s, %(i)s, %(u)s, 'comment', 'push', 'off')",
    "INSERT INTO notification_settings (organization_id, user_id) VALUES (%(o)s, %(u)s)",
    "INSERT INTO notifications (organization_id, id, user_id, type, reason, title, reason_text)"
    " VALUES (%(o)s, %(i)s, %(u)s, 'message', 'addressed', %(t)s, '')",
    "INSERT INTO push_subscriptions"
    " (organization_id, id, user_id, endpoint, endpoint_hash, p256dh, auth, created_at)"
    " VALUES (%(o)s, %(i)s, %(u)s, '', %(t)s, '', '', now())",
    "INSERT INTO reminder_settings (organization_id, id, user_id) VALUES (%(o)s, %(i)s, %(u)s)",
    "INSERT INTO reply_keys (organization_id, id, event_id, email, key_hash, created_at)"
    " SELECT organization_id, %(i)s, id, %(t)s, %(t)s, now() FROM events WHERE organization_id = %(o)s LIMIT 1",
    "INSERT INTO webhooks (organization_id, id, name, url) VALUES (%(o)s, %(i)s, %(t)s, '')",
    "INSERT INTO due_reminders"
    " (organization_id, series_id, original_start, user_id, minutes, channel, starts_at, due_at)"
    " SELECT organization_id, series_id, original_start, %(u)s, 0, 'in_app', starts_at, now() + interval '1 year'"
    " FROM event_occurrences WHERE organization_id = %(o)s LIMIT 1",
)
