"""A row in every table of messages and notifications that no test needs to fill through the API.

%(o)s is the company, which has an event; %(i)s and %(t)s are new, %(u)s is one of its people.
"""

TICKET_ROWS = (
    "INSERT INTO ticket_queues (organization_id, id, name, assignment, unknown_senders)"
    " VALUES (%(o)s, %(i)s, %(t)s, 'manual', 'ignore')",
    "INSERT INTO ticket_queue_members (organization_id, queue_id, user_id, queue_right, takes_tickets)"
    " VALUES (%(o)s, %(i)s, %(u)s, 'work', true)",
    "INSERT INTO ticket_slas (organization_id, queue_id, priority, resolution_minutes, warn_minutes, again_minutes)"
    " VALUES (%(o)s, %(i)s, 'low', 1, 0, 0)",
    "INSERT INTO ticket_categories (organization_id, id, name, approval) VALUES (%(o)s, %(i)s, %(t)s, 'nobody')",
    "INSERT INTO ticket_views (organization_id, id, owner_id, name, filters, sort)"
    " VALUES (%(o)s, %(i)s, %(u)s, %(t)s, '{}', 'created_at')",
    "INSERT INTO ticket_numbers (organization_id, last) VALUES (%(o)s, 1000) ON CONFLICT DO NOTHING",
    *(
        "INSERT INTO tickets (organization_id, id, number, title, type, priority, state, queue_id, requester_id,"
        f" source, next_due_at) VALUES (%(o)s, {id_}, {number}, %(t)s, 'request', 'low', 'new', %(i)s, %(u)s, 'api',"
        " now())"
        for id_, number in (("%(i)s", 998), ("gen_random_uuid()", 999))
    ),
    # The words come of themselves.
    *(
        f"INSERT INTO {statement}"
        for statement in (
            "ticket_watchers (organization_id, ticket_id, user_id, created_at) VALUES (%(o)s, %(i)s, %(u)s, now())",
            "ticket_marks (organization_id, ticket_id, equipment_id) VALUES (%(o)s, %(i)s, %(i)s)",
            "ticket_pauses (organization_id, id, ticket_id, state, started_at)"
            " VALUES (%(o)s, %(i)s, %(i)s, 'pending', now())",
            "ticket_links (organization_id, id, ticket_id, kind, other_id, created_by_id, created_at)"
            " SELECT organization_id, %(i)s, %(i)s, 'blocks', id, %(u)s, now() FROM tickets"
            " WHERE organization_id = %(o)s AND number = 999",
            "ticket_mails (organization_id, message_hash, ticket_id, sender, created_at)"
            " VALUES (%(o)s, %(t)s, %(i)s, '', now())",
            "ticket_entries (organization_id, id, ticket_id, kind, author_id, body, source, created_at)"
            " VALUES (%(o)s, %(i)s, %(i)s, 'note', %(u)s, %(t)s, 'api', now())",
            "ticket_attachments (organization_id, id, ticket_id, is_internal, name, media_type, size, sha256,"
            " storage_key, created_at) VALUES (%(o)s, %(i)s, %(i)s, true, %(t)s, 'text/plain', 1, '', '', now())",
            "ticket_changes (organization_id, id, ticket_id, field, created_at)"
            " VALUES (%(o)s, %(i)s, %(i)s, 'state', now())",
            "absences (organization_id, id, user_id, kind, first_day, last_day)"
            " VALUES (%(o)s, %(i)s, %(u)s, 'trip', now(), now())",
            "company_days (organization_id, day, is_working, name) VALUES (%(o)s, now(), false, %(t)s)",
        )
    ),
)
AVAILABILITY_ROWS = (
    "INSERT INTO absence_kinds (organization_id, id, name, kind, needs_approval, is_active)"
    " VALUES (%(o)s, %(i)s, %(t)s, 'other', true, true)",
    "INSERT INTO user_availability (organization_id, id, user_id, first_day, hours)"
    " VALUES (%(o)s, %(i)s, %(u)s, now(), '{}')",
    "INSERT INTO work_place_days (organization_id, user_id, day, place) VALUES (%(o)s, %(u)s, now(), 'home')",
    "INSERT INTO answered_invitations (organization_id, absence_id, series_id, original_start)"
    " SELECT organization_id, %(i)s, id, now() FROM events WHERE organization_id = %(o)s LIMIT 1",
    "INSERT INTO appointment_kinds (organization_id, id, owner_id, name, mode, durations, buffer_before_minutes,"
    " buffer_after_minutes, notice_minutes, window_days, capacity, needs_approval, change_until_minutes, max_moves,"
    " is_public, is_active, public_key)"
    " VALUES (%(o)s, %(i)s, %(u)s, %(t)s, 'one', '{30}', 0, 0, 0, 60, 1, false, 0, 0, true, true,"
    " left(md5(%(i)s::text), 32))",
    "INSERT INTO appointment_hosts (organization_id, kind_id, user_id, weight) VALUES (%(o)s, %(i)s, %(u)s, 1)",
    "INSERT INTO appointment_days (organization_id, kind_id, day, hours) VALUES (%(o)s, %(i)s, now(), '{}')",
    "INSERT INTO availability_slots (organization_id, id, kind_id, starts_at, ends_at, capacity, created_at)"
    " VALUES (%(o)s, %(i)s, %(i)s, now(), now() + interval '1 hour', 1, now())",
    "INSERT INTO slot_hosts (organization_id, slot_id, user_id, during) VALUES (%(o)s, %(i)s, %(u)s, 'empty')",
    "INSERT INTO appointments (organization_id, id, slot_id, capacity, seat, state, language, time_zone, moves)"
    " VALUES (%(o)s, %(i)s, %(i)s, 1, 1, 'cancelled', 'ru', 'UTC', 0)",
)
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
    *TICKET_ROWS,
    *AVAILABILITY_ROWS,
)
