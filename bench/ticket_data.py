"""A company with half a million tickets: written by PostgreSQL itself, so that it takes a minute and not ten."""

from dataclasses import dataclass

from bench.message_data import Colleague, MessageCompany, company_of
from bench.servers import Servers

TICKETS, QUICK_TICKETS = 500_000, 50_000
PEOPLE, AGENTS, QUEUES = 2_000, 30, 10
# The newest of them are open.
OPEN_SHARE = 0.02
# A word of each fourth ticket, one of each hundredth, and one of a few.
COMMON, USUAL, RARE = "принтер", "сканер", "телескоп"
_QUEUES = """
    INSERT INTO ticket_queues (organization_id, id, name, assignment, unknown_senders, is_for_it)
    SELECT %(company)s, gen_random_uuid(), 'Queue ' || n, 'manual', 'ignore', false
    FROM generate_series(1, %(queues)s) n
"""
_MEMBERS = """
    INSERT INTO ticket_queue_members (organization_id, queue_id, user_id, queue_right, takes_tickets)
    SELECT %(company)s, q.id, person, 'work', true
    FROM ticket_queues q, unnest(%(agents)s::uuid[]) person
"""
# Ids rise with time, as those of the application do.
_TICKETS = """
    INSERT INTO tickets (organization_id, id, number, title, body, type, priority, state, queue_id, requester_id,
                         assignee_id, source, first_answered_at, resolved_at, closed_at, first_answer_due_at,
                         resolution_due_at, next_due_at, created_at, updated_at)
    SELECT %(company)s,
           (lpad(to_hex(extract(epoch FROM made)::bigint * 1000), 12, '0') || '7000' || '8000'
            || lpad(to_hex(n), 12, '0'))::uuid,
           n,
           CASE WHEN n %% 4 = 0 THEN 'Принтер не печатает' WHEN n %% 100 = 1 THEN 'Сканер сломан'
                WHEN n %% 50000 = 3 THEN 'Нужен телескоп' ELSE 'Не открывается почта' END || ', ' || n,
           'С утра ничего не работает. Please help, номер ' || n,
           (ARRAY['incident', 'request', 'question'])[1 + n %% 3],
           (ARRAY['low', 'normal', 'normal', 'high', 'urgent'])[1 + n %% 5],
           CASE WHEN is_open THEN (ARRAY['new', 'open', 'open'])[1 + n %% 3] ELSE 'closed' END,
           queues[1 + n %% %(queues)s],
           people[1 + (n * 7) %% cardinality(people)],
           CASE WHEN n %% 3 > 0 THEN agents[1 + n %% cardinality(agents)] END,
           'api', made + interval '1 hour',
           CASE WHEN NOT is_open THEN made + interval '1 day' END,
           CASE WHEN NOT is_open THEN made + interval '9 days' END,
           made + interval '2 hours', made + interval '2 days', made + interval '2 days', made, made + interval '1 day'
    FROM (
        SELECT n, now() - (%(tickets)s - n) * interval '2 minutes' AS made, n > %(open_from)s AS is_open,
               (SELECT array_agg(id ORDER BY name) FROM ticket_queues) AS queues,
               %(people)s::uuid[] AS people, %(agents)s::uuid[] AS agents
        FROM generate_series(1, %(tickets)s) n
    ) rows
"""
_ENTRIES = """
    INSERT INTO ticket_entries (organization_id, id, ticket_id, kind, author_id, body, source, created_at)
    SELECT t.organization_id, gen_random_uuid(), t.id, (ARRAY['reply', 'note'])[1 + t.number %% 2],
           coalesce(t.assignee_id, t.requester_id), 'Посмотрим сегодня, ' || t.number, 'api', t.created_at
    FROM tickets t
"""
_WORDS = """
    SELECT refresh_ticket_words(%(company)s::uuid, array_agg(id))
    FROM tickets WHERE number > %(after)s AND number <= %(after)s::int + %(batch)s
"""
_BATCH = 10_000


@dataclass(frozen=True)
class TicketCompany:
    """The company, one who works its queues, one who only asks, and the queues."""

    company: MessageCompany
    agent: Colleague
    employee: Colleague
    queues: list[str]
    tickets: int


def ticket_company(servers: Servers, *, quick: bool) -> TicketCompany:
    """A database of its own with all of it."""
    tickets = QUICK_TICKETS if quick else TICKETS
    company = company_of(servers, "tickets", PEOPLE)
    values = {
        "company": company.id,
        "queues": QUEUES,
        "tickets": tickets,
        "open_from": tickets * (1 - OPEN_SHARE),
        "people": [person.id for person in company.people[AGENTS:]],
        "agents": [person.id for person in company.people[:AGENTS]],
    }
    with company.connect() as connection:
        connection.execute("SET planner.words_later = 'on'")
        for statement in (_QUEUES, _MEMBERS, _TICKETS, _ENTRIES):
            connection.execute(statement, values)
        for after in range(0, tickets, _BATCH):
            connection.execute(_WORDS, {"company": company.id, "after": after, "batch": _BATCH})
        connection.execute("INSERT INTO ticket_numbers (organization_id, last) VALUES (%s, %s)", [company.id, tickets])
        connection.execute("VACUUM (ANALYZE)")
        queues = [str(row[0]) for row in connection.execute("SELECT id FROM ticket_queues ORDER BY name")]
    return TicketCompany(company, company.people[0], company.people[AGENTS], queues, tickets)
