"""Mail that becomes tickets and answers, and the mail that goes back; on a real SMTP server."""

from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi.testclient import TestClient

from app.core.file_store import get_file_store
from app.models import EntryKind, Role
from app.services import ticket_mail_keys
from app.services.mail_texts import fold
from app.services.received_mail import MAX_LINES
from app.tasks.email_tasks import send_outbox
from tests.support.desk import Desk, changed, made, notified, read, said
from tests.support.mail import MailServer, body_of
from tests.support.people import Company, Person
from tests.support.planning import accepted, refused, settings

SECRET = "a secret of the mail server"
KIND = {"Content-Type": "message/rfc822", "Authorization": f"Bearer {SECRET}"}
OUTSIDER = "customer@elsewhere.example"


@pytest.fixture(autouse=True)
def mail_comes_in() -> Iterator[None]:
    with settings(INBOUND_MAIL_SECRET=SECRET):
        yield


@pytest.fixture
def desk(company: Company) -> Desk:
    return Desk.open(company, email=f"it-{company.organization.id.hex}@firm.example")


@pytest.fixture
def stranger_company(client: TestClient) -> Company:
    return Company.create(client, name="Strangers")


@pytest.fixture
def open_desk(desk: Desk) -> Desk:
    """A queue that takes mail from anybody."""
    accepted(desk.company.admin.patch(desk.path, {"unknown_senders": "accept"}))
    return desk


def mail(
    to: str, sender: str = OUTSIDER, subject: str = "No picture", text: str = "The projector is dead", **headers: str
) -> EmailMessage:
    # Programs write long references as they are.
    message = EmailMessage(policy=SMTP.clone(max_line_length=998))
    message["From"], message["To"], message["Subject"] = f"Carla Customer <{sender}>", to, subject
    message["Message-ID"] = headers.pop("message_id", make_msgid(domain="elsewhere.example"))
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def handed_in(client: TestClient, message: EmailMessage | bytes) -> dict[str, Any]:
    content = message if isinstance(message, bytes) else message.as_bytes()
    answer = client.post("/mail/inbound", content=content, headers=KIND)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def ignored(client: TestClient, message: EmailMessage) -> str:
    told = handed_in(client, message)
    assert told["outcome"] == "ignored", told
    return str(told["reason"])


def tickets(person: Person) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = person.get("/tickets", sort="created_at").json()["items"]
    return [read(person, item) for item in items]


def taken_in(client: TestClient, desk: Desk, message: EmailMessage) -> dict[str, Any]:
    """The ticket that a mail has made, the newest."""
    assert handed_in(client, message) == {"outcome": "accepted", "reason": None}
    return tickets(desk.agent)[-1]


def sent_to(server: MailServer, email: str) -> list[EmailMessage]:
    """All that arrived for an address: the mails of one ticket leave one after another."""
    while send_outbox():
        pass
    return server.mails_to(email)


def test_a_colleagues_mail_is_a_ticket(client: TestClient, desk: Desk) -> None:
    message = mail(desk.queue["email"], desk.requester.email, "Проектор не работает", "Экран тёмный.\n\n-- \nРита")
    ticket = taken_in(client, desk, message)
    assert (ticket["title"], ticket["body"], ticket["folded"]) == ("Проектор не работает", "Экран тёмный.", "--\nРита")
    assert (ticket["requester"]["id"], ticket["source"]) == (desk.requester.id, "mail")
    assert any("Проектор" in title for title in notified(desk.agent))
    assert any("принята" in title for title in notified(desk.requester))
    # Handed in again, it is known again.
    assert ignored(client, message) == "seen_already"
    assert len(tickets(desk.agent)) == 1


def test_strangers_by_policy(client: TestClient, desk: Desk) -> None:
    assert ignored(client, mail(desk.queue["email"])) == "sender_unknown"
    accepted(desk.company.admin.patch(desk.path, {"unknown_senders": "accept"}))
    ticket = taken_in(client, desk, mail(desk.queue["email"]))
    assert ticket["requester"] == {"id": None, "full_name": "Carla Customer", "email": OUTSIDER}
    assert ignored(client, mail("nobody@firm.example")) == "not_addressed_to_us"


def test_who_has_no_access_makes_no_ticket(client: TestClient, open_desk: Desk) -> None:
    person = open_desk.company.person(access_tickets=False)
    assert ignored(client, mail(open_desk.queue["email"], person.email)) == "sender_has_no_access"
    assert tickets(open_desk.agent) == []


def test_answers_go_there_and_back(client: TestClient, open_desk: Desk) -> None:
    desk = open_desk
    customer = f"customer-{desk.company.organization.id.hex}@elsewhere.example"
    with MailServer() as server, settings(**server.settings):
        ticket = taken_in(client, desk, mail(desk.queue["email"], customer))
        (receipt,) = sent_to(server, customer)
        assert receipt["Auto-Submitted"] == "auto-generated"
        assert receipt["Reply-To"] == desk.queue["email"]
        said(desk.agent, ticket, "Is the lamp on?\nLook at it.")
        answer = sent_to(server, customer)[-1]
        assert "Is the lamp on?" in body_of(answer, "plain")
        # A person wrote it, so programs may take it for an answer.
        assert answer["Auto-Submitted"] is None
        reply = mail(
            desk.queue["email"],
            customer,
            subject="Re: whatever",
            text="No, it is dark.\n\nOn 5 May 2027 the desk wrote:\n> Is the lamp on?\n> Look at it.\n",
            In_Reply_To=answer["Message-ID"],
            References=answer["Message-ID"],
        )
        assert handed_in(client, reply)["outcome"] == "accepted"
        entries = read(desk.agent, ticket, "/entries")
        assert [(entry["author"]["email"], entry["body"]) for entry in entries] == [
            (desk.agent.email, "Is the lamp on?\nLook at it."),
            (customer, "No, it is dark."),
        ]
        assert entries[1]["folded"].startswith("On 5 May 2027")
        assert entries[1]["source"] == "mail"
        assert len(tickets(desk.agent)) == 1


def test_the_desk_answers_by_mail(client: TestClient, desk: Desk) -> None:
    with MailServer() as server, settings(**server.settings):
        ticket = desk.ticket()
        (told,) = sent_to(server, desk.agent.email)
        reply = mail(desk.queue["email"], desk.agent.email, text="We come at noon", References=told["Message-ID"])
        assert handed_in(client, reply)["outcome"] == "accepted"
        (entry,) = read(desk.requester, ticket, "/entries")
        assert (entry["kind"], entry["author"]["id"], entry["body"]) == ("reply", desk.agent.id, "We come at noon")
        assert read(desk.agent, ticket)["first_answered_at"] is not None


def test_an_answer_to_a_note_is_a_note(client: TestClient, desk: Desk) -> None:
    with MailServer() as server, settings(**server.settings):
        ticket = desk.ticket()
        said(desk.agent, ticket, "He is a xylophone", kind="note", mentions=[desk.other.id])
        told = sent_to(server, desk.other.email)[-1]
        reply = mail(desk.queue["email"], desk.other.email, text="So he is", References=told["Message-ID"])
        assert handed_in(client, reply)["outcome"] == "accepted"
        assert [entry["kind"] for entry in read(desk.agent, ticket, "/entries")] == ["note", "note"]
        assert read(desk.requester, ticket, "/entries") == []
        # Whoever lost the queue answers to nothing any more.
        desk.members((desk.agent, "manage"))
        late = mail(desk.queue["email"], desk.other.email, References=told["Message-ID"])
        assert ignored(client, late) == "note_of_nobody"
        assert all("xylophone" not in message.as_string() for message in sent_to(server, desk.requester.email))


def test_the_key_of_a_thread_is_one_persons(client: TestClient, open_desk: Desk) -> None:
    desk = open_desk
    ticket = desk.ticket()
    company = desk.company.organization.id

    def reference(ticket_id: str, email: str) -> str:
        return f"<1.{ticket_mail_keys.make(company, UUID(ticket_id), EntryKind.REPLY, email)}@firm.example>"

    # It is a ticket of its own, and the other one does not change.
    stolen = reference(ticket["id"], desk.requester.email)
    handed_in(client, mail(desk.queue["email"], "thief@elsewhere.example", "Hello", References=stolen))
    assert read(desk.requester, ticket, "/entries") == []
    assert len(tickets(desk.agent)) == 2
    nothing = reference(desk.requester.id, OUTSIDER)
    assert ignored(client, mail("nobody@firm.example", References=nothing)) == "ticket_unknown"


def test_a_number_counts_for_who_takes_part(client: TestClient, open_desk: Desk) -> None:
    desk = open_desk
    ticket = desk.ticket()
    subject = f"Re: Заявка [#{ticket['number']}] Printer"
    handed_in(client, mail(desk.queue["email"], desk.requester.email, subject, "And the scanner"))
    assert [entry["body"] for entry in read(desk.agent, ticket, "/entries")] == ["And the scanner"]
    handed_in(client, mail(desk.queue["email"], OUTSIDER, subject, "Let me in"))
    assert len(read(desk.agent, ticket, "/entries")) == 1
    assert tickets(desk.agent)[-1]["title"] == "Re: Заявка Printer"


def test_who_was_in_copy_answers_to_the_same_mail(client: TestClient, desk: Desk) -> None:
    first = mail(desk.queue["email"], desk.requester.email)
    ticket = taken_in(client, desk, first)
    copy = desk.company.person()
    accepted(desk.requester.put(f"/tickets/{ticket['id']}/watchers/{copy.id}", None))
    reply = mail(desk.queue["email"], copy.email, "Re: No picture", "Here too", In_Reply_To=first["Message-ID"])
    assert handed_in(client, reply)["outcome"] == "accepted"
    assert [entry["author"]["id"] for entry in read(desk.agent, ticket, "/entries")] == [copy.id]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Auto_Submitted": "auto-replied"}, "auto_submitted"),
        ({"Precedence": "bulk"}, "sent_by_program"),
        ({"List_Id": "<all.firm.example>"}, "sent_by_program"),
        ({"Return_Path": "<>"}, "bounce"),
    ],
)
def test_what_programs_send_opens_nothing(
    client: TestClient, open_desk: Desk, headers: dict[str, str], reason: str
) -> None:
    assert ignored(client, mail(open_desk.queue["email"], **headers)) == reason
    assert tickets(open_desk.agent) == []


def test_a_bounce_answers_nothing(client: TestClient, open_desk: Desk) -> None:
    ticket = taken_in(client, open_desk, mail(open_desk.queue["email"]))
    with MailServer() as server, settings(**server.settings):
        said(open_desk.agent, ticket, "Hello")
        answer = sent_to(server, OUTSIDER)[-1]
    bounce = mail(open_desk.queue["email"], References=answer["Message-ID"], Return_Path="<>")
    assert ignored(client, bounce) == "bounce"
    assert len(read(open_desk.agent, ticket, "/entries")) == 1


def test_what_we_sent_and_what_comes_without_end_is_left_alone(client: TestClient, open_desk: Desk) -> None:
    desk = open_desk
    ticket = taken_in(client, desk, mail(desk.queue["email"]))
    with MailServer() as server, settings(**server.settings):
        said(desk.agent, ticket, "Hello")
        answer = sent_to(server, OUTSIDER)[-1]
    back = mail(desk.queue["email"], message_id=answer["Message-ID"])
    assert ignored(client, back) == "own_mail"
    assert ignored(client, mail(desk.queue["email"], desk.queue["email"])) == "own_mail"
    with settings(TICKET_MAILS_PER_HOUR=3):
        for _ in range(2):
            handed_in(client, mail(desk.queue["email"]))
        assert ignored(client, mail(desk.queue["email"])) == "too_many_mails"
        handed_in(client, mail(desk.queue["email"], desk.requester.email))
    assert len(tickets(desk.agent)) == 4


def test_files_come_along(client: TestClient, open_desk: Desk) -> None:
    message = mail(open_desk.queue["email"])
    message.add_attachment(b"\x89PNG\r\n\x1a\n" + b"x" * 200_000, maintype="image", subtype="png", filename="экран.png")
    message.add_attachment("log line\n" * 1000, filename="../../log.txt")
    ticket = taken_in(client, open_desk, message)
    files = read(open_desk.agent, ticket, "/attachments")
    assert [(file["name"], file["uploaded_by"], file["is_internal"]) for file in files] == [
        ("экран.png", None, False),
        ("log.txt", None, False),
    ]
    assert files[0]["size"] == 200_008
    with settings(TICKET_ATTACHMENTS_MAX=1):
        another = mail(open_desk.queue["email"])
        for number in range(3):
            another.add_attachment(b"x", maintype="application", subtype="pdf", filename=f"{number}.pdf")
        assert len(read(open_desk.agent, taken_in(client, open_desk, another), "/attachments")) == 1


def attached(person: Person, ticket: dict[str, Any], name: str, content: bytes, **params: Any) -> str:
    path = f"/tickets/{ticket['id']}/attachments"
    return str(accepted(person.call("POST", path, params={"name": name, **params}, content=content), 201)["id"])


def test_files_go_along_with_an_answer(client: TestClient, open_desk: Desk) -> None:
    desk = open_desk
    customer = f"files-{desk.company.organization.id.hex}@elsewhere.example"
    with MailServer() as server, settings(**server.settings):
        ticket = taken_in(client, desk, mail(desk.queue["email"], customer))
        manual = attached(desk.agent, ticket, "инструкция.txt", b"Press the button")
        gone = attached(desk.agent, ticket, "gone.txt", b"x")
        secret = attached(desk.agent, ticket, "secret.txt", b"xylophone", is_internal=True)
        path = f"/tickets/{ticket['id']}/entries"
        for ids in ([secret], [manual, desk.agent.id]):
            refused(desk.agent.post(path, {"body": "x", "attachment_ids": ids}), 422, "attachment_not_found")
        with settings(TICKET_MAIL_FILES_MAX_BYTES=1024):
            large = attached(desk.agent, ticket, "large.txt", b"x" * 1025)
            refused(desk.agent.post(path, {"body": "x", "attachment_ids": [large]}), 422, "ticket_files_too_large")
        entry = said(desk.agent, ticket, "Look at it", attachment_ids=[manual, gone])
        assert [file["name"] for file in entry["attachments"]] == ["инструкция.txt", "gone.txt"]
        # What is deleted before the mail leaves stays out of it.
        assert desk.agent.delete(f"/tickets/{ticket['id']}/attachments/{gone}").status_code == 204
        note = said(desk.agent, ticket, "For us", kind="note", attachment_ids=[secret])
        assert [file["is_internal"] for file in note["attachments"]] == [True]
        refused(desk.agent.post(path, {"body": "x", "attachment_ids": [manual]}), 422, "attachment_not_found")
        answer = sent_to(server, customer)[-1]
    (part,) = answer.iter_attachments()
    assert (part.get_filename(), part.get_content().strip()) == ("инструкция.txt", "Press the button")


def test_the_files_of_an_answer_by_mail_are_the_entrys(client: TestClient, desk: Desk) -> None:
    ticket = desk.ticket()
    reply = mail(desk.queue["email"], desk.requester.email, f"[#{ticket['number']}]", "See the picture")
    reply.add_attachment(b"x", maintype="image", subtype="png", filename="a.png")
    handed_in(client, reply)
    (entry,) = read(desk.agent, ticket, "/entries")
    assert [file["name"] for file in entry["attachments"]] == ["a.png"]
    assert read(desk.requester, ticket, "/attachments")[0]["entry_id"] == entry["id"]


def test_html_is_read_as_text(client: TestClient, open_desk: Desk) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        OUTSIDER,
        open_desk.queue["email"],
        "=?utf-8?b?0J/QvtC80L7Qs9C40YLQtQ==?=",
    )
    message["Message-ID"] = make_msgid()
    message.set_content(
        "<style>p{}</style><p>The <b>screen</b> is dark.</p><script>alert(1)</script><p>Help &amp; advice</p>"
        "<blockquote>Earlier text</blockquote>",
        subtype="html",
    )
    ticket = taken_in(client, open_desk, message)
    assert ticket["title"] == "Помогите"
    assert ticket["body"] == "The screen is dark.\n\nHelp & advice"
    assert ticket["folded"] == "> Earlier text"


@pytest.mark.parametrize(
    ("text", "body", "folded"),
    [
        ("Hello", "Hello", None),
        ("Hello\n-- \nAnna\nIT", "Hello", "--\nAnna\nIT"),
        (
            "Да\n\n5 мая 2027 г. в 10:00 Анна написала:\n> Было?\n",
            "Да",
            "5 мая 2027 г. в 10:00 Анна написала:\n> Было?",
        ),
        ("Yes\n\nAm 5. Mai schrieb Anna:\n> Frage", "Yes", "Am 5. Mai schrieb Anna:\n> Frage"),
        ("Ok\n\n-----Original Message-----\nFrom: A\nold", "Ok", "-----Original Message-----\nFrom: A\nold"),
        (
            "Ок\n\nОт: Анна\nОтправлено: вчера\nКому: мне\n\nтекст",
            "Ок",
            "От: Анна\nОтправлено: вчера\nКому: мне\n\nтекст",
        ),
        # Answers between the lines of a quote stay with it.
        ("> First?\nYes\n> Second?\nNo", "> First?\nYes\n> Second?\nNo", None),
        ("> all of it", "> all of it", None),
        ("Done\n\nSent from my iPhone", "Done", "Sent from my iPhone"),
        ("From: here to there\nit is far", "From: here to there\nit is far", None),
        ("- one\n- two\n--- three", "- one\n- two\n--- three", None),
    ],
)
def test_quotes_and_signatures_are_folded(text: str, body: str, folded: str | None) -> None:
    assert fold(text) == (body, folded)


@pytest.mark.parametrize("hostile", [">\n", ">\na\n", "On a wrote:\n", "From: a\n"])
def test_folding_looks_at_each_line_once(hostile: str) -> None:
    # With a look at all that follows from each line, this would take minutes.
    body, folded = fold(hostile * 25_000 + "answer")
    assert body or folded


@pytest.mark.parametrize(
    "hostile",
    ["<!--", "<a", "<", "<![", "&", "<a b='", "</", "<?", "<style>", "<blockquote>", "<!DOCTYPE", "&#" + "9" * 5000],
)
def test_html_that_does_not_end_is_read_at_once(client: TestClient, open_desk: Desk, hostile: str) -> None:
    message = mail(open_desk.queue["email"])
    message.set_content("<p>The screen is dark</p>" + hostile * (500_000 // len(hostile)), subtype="html")
    assert handed_in(client, message)["outcome"] == "accepted"
    (ticket,) = tickets(open_desk.agent)
    assert ticket["body"].startswith("The screen is dark")


def test_a_late_answer_is_a_new_ticket(client: TestClient, desk: Desk, database: psycopg.Connection) -> None:
    ticket = desk.ticket()
    changed(desk.agent, ticket, state="closed")
    database.execute("UPDATE tickets SET resolved_at = now() - interval '1 year' WHERE id = %s", [ticket["id"]])
    subject = f"Re: [#{ticket['number']}] Printer"
    made_new = taken_in(client, desk, mail(desk.queue["email"], desk.requester.email, subject, "Again"))
    assert (made_new["title"], made_new["body"], made_new["number"]) == ("Re: Printer", "Again", ticket["number"] + 1)
    assert read(desk.agent, ticket)["state"] == "closed"


def test_an_answer_to_what_was_merged_goes_on_with_it(client: TestClient, desk: Desk) -> None:
    first = mail(desk.queue["email"], desk.requester.email)
    ticket, into = taken_in(client, desk, first), desk.ticket()
    accepted(desk.agent.post(f"/tickets/{ticket['id']}/merge", {"into_id": into["id"]}))
    reply = mail(desk.queue["email"], desk.requester.email, f"Re: [#{ticket['number']}]", "Here too")
    handed_in(client, reply)
    assert [entry["body"] for entry in read(desk.agent, into, "/entries")] == ["Here too"]


@pytest.mark.parametrize("subject", ["", " ", "x" * 5000, "[#999999999]", "=?utf-8?b?//4=?=", "\udcff"])
def test_whatever_the_subject(client: TestClient, open_desk: Desk, subject: str) -> None:
    raw = b"From: %s\nTo: %s\nSubject: %s\n\ntext" % (
        OUTSIDER.encode(),
        open_desk.queue["email"].encode(),
        subject.encode("utf-8", "surrogateescape"),
    )
    assert handed_in(client, raw)["outcome"] == "accepted"
    (ticket,) = tickets(open_desk.agent)
    assert 0 < len(ticket["title"]) <= 200


def test_a_company_gets_no_mail_of_another(client: TestClient, open_desk: Desk, stranger_company: Company) -> None:
    colleague = stranger_company.person()
    ticket = taken_in(client, open_desk, mail(open_desk.queue["email"], colleague.email))
    assert ticket["requester"]["id"] is None
    assert tickets(colleague) == []
    assert tickets(stranger_company.admin) == []


def test_a_large_mail_with_many_lines_is_read(client: TestClient, open_desk: Desk) -> None:
    message = mail(open_desk.queue["email"], text="line\n" * 1000)
    message.add_attachment(b"x" * 5_000_000, maintype="application", subtype="zip", filename="big.zip")
    assert message.as_bytes().count(b"\n") < MAX_LINES
    (file,) = read(open_desk.agent, taken_in(client, open_desk, message), "/attachments")
    assert file["size"] == 5_000_000
    assert get_file_store() is not None


def test_the_it_desk_is_told_of_new_mail(client: TestClient, company: Company) -> None:
    made(company.admin, "/tickets/queues", name="IT", email=f"x-{company.organization.id.hex}@firm.example")
    helper = company.person(Role.IT)
    person = company.person()
    handed_in(client, mail(f"x-{company.organization.id.hex}@firm.example", person.email))
    assert any("No picture" in title for title in notified(helper))
