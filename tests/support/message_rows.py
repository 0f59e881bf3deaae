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
    "INSERT INTO change_followers (organization_id, name, xid, cluster, updated_at)"
    " VALUES (%(o)s, left(%(i)s::text, 20), 0, '', now())",
    "INSERT INTO digest_settings (organization_id, user_id, at, days, due_at, told_until)"
    " VALUES (%(o)s, %(u)s, '08:00', '{1}', now() + interval '1 year', now())",
    "INSERT INTO due_reminders"
    " (organization_id, series_id, original_start, user_id, minutes, channel, starts_at, due_at)"
    " VALUES (%(o)s, %(i)s, now(), %(u)s, 10, 'in_app', now(), now() + interval '1 year')",
    "INSERT INTO push_subscriptions"
    " (organization_id, id, user_id, endpoint, endpoint_hash, p256dh, auth, created_at)"
    " VALUES (%(o)s, %(i)s, %(u)s, %(t)s, %(t)s, '', '', now())",
    "INSERT INTO reminder_plans (organization_id, planned_until) VALUES (%(o)s, now()) ON CONFLICT DO NOTHING",
    "INSERT INTO reminder_replans (organization_id, id, user_id) VALUES (%(o)s, %(i)s, %(u)s)",
    "INSERT INTO reminder_settings (organization_id, id, user_id, created_at) VALUES (%(o)s, %(i)s, %(u)s, now())",
    "INSERT INTO webhooks (organization_id, id, name, url) VALUES (%(o)s, %(i)s, %(t)s, %(t)s)",
)
