"""Files of events: who attaches and reads them, what they are called and taken for, and which files there are when."""

import gzip
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.api import files as files_api
from app.core import file_store
from app.core.file_names import safe_name
from app.core.file_store import DiskFileStore, FileStoreUnavailable, get_file_store
from app.db import get_engine
from app.models import Event, Role
from app.services import attachment_service, discussion_service
from app.tasks.cleanup_tasks import cleanup_attachments, purge_deleted_companies
from app.tasks.rounds import in_company
from tests.support.overrides import differing_occurrence
from tests.support.people import Company, Person, sign_in
from tests.support.planning import accepted, all_pages, refused, settings

CONTENT = b"The plan, in words.\n"
WEEKLY = {"recurrence_rule": "FREQ=WEEKLY;COUNT=3"}
SECOND = "2027-03-29T09:00:00"


def send(actor: Person, event_id: str, content: Any = CONTENT, name: str | None = "plan.txt", **options: Any) -> Any:
    params = {**({} if name is None else {"name": name}), **options.pop("params", {})}
    return actor.call("POST", f"/events/{event_id}/attachments", content=content, params=params, **options)


def attached(actor: Person, event_id: str, *args: Any, **options: Any) -> dict[str, Any]:
    return accepted(send(actor, event_id, *args, **options), 201)


def download(actor: Person, file: dict[str, Any], **headers: str) -> Any:
    path = f"/events/{file['event_id']}/attachments/{file['id']}/content"
    return actor.call("GET", path, headers=headers)


def names(actor: Person, event_id: str, **params: Any) -> list[str]:
    items = accepted(actor.get(f"/events/{event_id}/attachments", **params))["items"]
    return [item["name"] for item in items]


def invited_to(host: Person, *guests: Person, **values: Any) -> str:
    participants = [{"user_id": guest.id} for guest in guests]
    return str(host.create_event(participants=participants, **values)["id"])


def stored(company: Company) -> set[str]:
    """The keys of the company's files in the store."""
    files = get_file_store().list()
    return {file.key for file in files if file_store.company_of(file.key) == company.organization.id}


def keys(database: psycopg.Connection, company: Company) -> set[str]:
    """The keys that rows of the company name."""
    query = "SELECT storage_key FROM event_attachments WHERE organization_id = %s"
    return {key for (key,) in database.execute(query, [company.organization.id])}


def let_them_be_old(company: Company) -> None:
    store = get_file_store()
    assert isinstance(store, DiskFileStore)
    for key in stored(company):
        os.utime(store.folder / key, (0, 0))


def test_a_file_comes_back_as_it_was_sent(company: Company, database: psycopg.Connection) -> None:
    anna, boris = company.person(full_name="Anna"), company.person()
    event_id = invited_to(anna, boris)
    file = attached(anna, event_id)
    assert file == {
        "id": file["id"],
        "event_id": event_id,
        "original_start": None,
        "uploaded_by": {"id": anna.id, "full_name": "Anna", "email": anna.email},
        "name": "plan.txt",
        "media_type": "text/plain",
        "size": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "created_at": file["created_at"],
    }
    assert accepted(boris.get(f"/events/{event_id}/attachments"))["items"] == [file]
    assert accepted(boris.get(f"/events/{event_id}/attachments/{file['id']}")) == file
    answer = download(boris, file)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert keys(database, company) == stored(company)


def test_a_download_is_harmless_and_nobody_keeps_a_copy(company: Company) -> None:
    headers = download(company.admin, attached(company.admin, company.admin.create_event()["id"])).headers
    assert {
        name: headers[name]
        for name in (
            *("content-type", "content-length", "content-disposition", "x-content-type-options"),
            *("content-security-policy", "cache-control", "accept-ranges"),
        )
    } == {
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(CONTENT)),
        "content-disposition": 'attachment; filename="plan.txt"',
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'",
        "cache-control": "private, no-store",
        "accept-ranges": "none",
    }


def test_a_part_of_a_file_is_not_offered(company: Company) -> None:
    file = attached(company.admin, company.admin.create_event()["id"])
    answer = download(company.admin, file, Range="bytes=0-3")
    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_whoever_has_the_file_is_told_so(company: Company) -> None:
    file = attached(company.admin, company.admin.create_event()["id"])
    etag = download(company.admin, file).headers["etag"]
    assert etag == f'"{file["sha256"]}"'
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = download(company.admin, file, **{"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    for other in ('"other"', file["sha256"], "", "W/"):
        assert download(company.admin, file, **{"If-None-Match": other}).status_code == 200


def test_who_does_not_see_the_details_gets_no_file(company: Company, stranger_company: Company) -> None:
    anna, boris = company.person(), company.person()
    event_id = invited_to(anna)
    file = attached(anna, event_id)
    path = f"/events/{event_id}/attachments"
    known = {"If-None-Match": f'"{file["sha256"]}"'}
    for outsider in (boris, company.admin, stranger_company.admin):
        refused(outsider.get(path), 404, "event_not_found")
        refused(outsider.get(f"{path}/{file['id']}"), 404, "event_not_found")
        refused(download(outsider, file), 404, "event_not_found")
        refused(download(outsider, file, **known), 404, "event_not_found")
        refused(send(outsider, event_id), 404, "event_not_found")
        refused(outsider.delete(f"{path}/{file['id']}"), 404, "event_not_found")
    assert len(stored(company)) == 1
    assert stored(stranger_company) == set()
    answer = anna.client.get(f"{path}/{file['id']}/content")
    refused(answer, 401, "not_authenticated")
    other = anna.create_event()["id"]
    refused(anna.get(f"/events/{other}/attachments/{file['id']}/content"), 404, "attachment_not_found")


def test_nothing_of_the_store_is_served_from_a_folder(company: Company, client: TestClient) -> None:
    attached(company.admin, company.admin.create_event()["id"])
    (key,) = stored(company)
    for path in ("attachments", "avatars/../attachments", "avatars/..%2fattachments"):
        assert client.get(f"http://testserver/uploads/{path}/{key}").status_code == 404


def test_participants_and_the_host_attach(company: Company, database: psycopg.Connection) -> None:
    anna, guest, reader = company.person(), company.person(), company.person()
    team = accepted(anna.post("/calendars", {"name": "Team", "is_public": True}), 201)
    event_id = invited_to(anna, guest, calendar_id=team["id"])
    attached(anna, event_id, name="host.txt")
    attached(guest, event_id, name="guest.txt")
    refused(send(reader, event_id), 403, "not_participant")
    assert names(reader, event_id) == ["host.txt", "guest.txt"]
    assert keys(database, company) == stored(company)


def test_a_guest_of_a_department_attaches(company: Company, database: psycopg.Connection) -> None:
    department = accepted(company.admin.post("/departments", {"name": "Sales"}), 201)["id"]
    anna, seller = company.person(), company.person(department_id=department, department="Sales")
    event_id = anna.create_event()["id"]
    database.execute(
        "INSERT INTO event_participants"
        " (organization_id, id, event_id, department_id, role, response, span, created_at)"
        " SELECT organization_id, gen_random_uuid(), id, %s, 'required', 'needs_action', span, now()"
        " FROM events WHERE id = %s",
        [department, event_id],
    )
    assert attached(seller, event_id)["uploaded_by"]["id"] == seller.id


def test_who_attached_a_file_and_the_host_delete_it(company: Company, database: psycopg.Connection) -> None:
    anna, boris, vera = company.person(), company.person(), company.person()
    event_id = invited_to(anna, boris, vera)
    by_boris, by_vera = attached(boris, event_id), attached(vera, event_id)
    path = f"/events/{event_id}/attachments"
    refused(boris.delete(f"{path}/{by_vera['id']}"), 403, "not_uploader_or_host")
    assert boris.delete(f"{path}/{by_boris['id']}").status_code == 204
    assert keys(database, company) == stored(company)
    assert anna.delete(f"{path}/{by_vera['id']}").status_code == 204
    assert stored(company) == set()
    refused(anna.delete(f"{path}/{by_vera['id']}"), 404, "attachment_not_found")


def test_pages_hold_every_file_once_oldest_first(company: Company) -> None:
    event_id = company.admin.create_event()["id"]
    sent = [attached(company.admin, event_id, name=f"{number}.txt")["name"] for number in range(5)]
    path = f"/events/{event_id}/attachments"
    assert [item["name"] for page in all_pages(company.admin, path, limit=2) for item in page] == sent
    newest = all_pages(company.admin, path, limit=2, sort="-created_at")
    assert [item["name"] for page in newest for item in page] == sent[::-1]


# Occurrences


def test_an_occurrence_has_files_of_its_own_and_shows_those_of_its_series(company: Company) -> None:
    anna = company.person()
    event_id = anna.create_event(**WEEKLY)["id"]
    attached(anna, event_id, name="whole")
    second = attached(anna, event_id, name="second", params={"occurrence": SECOND})
    assert second["original_start"] == "2027-03-29T07:00:00Z"
    assert names(anna, event_id) == ["whole", "second"]
    assert names(anna, event_id, occurrence=SECOND) == ["whole", "second"]
    assert names(anna, event_id, occurrence="2027-04-05T09:00:00") == ["whole"]
    refused(send(anna, event_id, params={"occurrence": "2027-03-30T09:00:00"}), 404, "occurrence_not_found")


def test_rule_16_a_guest_of_one_occurrence_has_its_files_only(company: Company, database: psycopg.Connection) -> None:
    anna, guest, other = company.person(), company.person(), company.person()
    event_id = invited_to(anna, other, **WEEKLY)
    override = differing_occurrence(database, event_id, datetime(2027, 3, 22, 8, tzinfo=UTC), [guest])
    whole = attached(anna, event_id, name="whole")
    first = attached(guest, override, name="first")
    assert first["event_id"] == event_id
    assert names(guest, override) == ["first"]
    assert download(guest, {**first, "event_id": override}).content == CONTENT
    refused(download(guest, {**whole, "event_id": override}), 404, "attachment_not_found")
    assert names(other, event_id) == ["whole"]
    refused(download(other, first), 404, "attachment_not_found")
    refused(send(other, event_id, params={"occurrence": "2027-03-22T09:00:00"}), 404, "occurrence_not_found")


# Bounds


def test_a_file_has_a_largest_size(company: Company) -> None:
    event_id = company.admin.create_event()["id"]
    with settings(ATTACHMENT_MAX_BYTES=2000):
        refused(send(company.admin, event_id, b"x" * 2001), 413, "attachment_too_large")
        attached(company.admin, event_id, b"x" * 2000)
    too_many = b"x" * (10 * 1024 * 1024 + 1)
    for content in (too_many, iter([too_many[:-1], b"y"])):
        refused(send(company.admin, event_id, content), 413, "body_too_large")
    assert len(stored(company)) == 1


def test_ten_megabytes_come_and_go(company: Company) -> None:
    content = os.urandom(10 * 1024 * 1024)
    file = attached(company.admin, company.admin.create_event()["id"], iter([content[:5], content[5:]]), "noise")
    assert (file["size"], file["media_type"]) == (len(content), "application/octet-stream")
    assert download(company.admin, file).content == content


def test_an_event_has_a_limit_to_its_files(company: Company) -> None:
    event_id = company.admin.create_event(**WEEKLY)["id"]
    with settings(ATTACHMENTS_PER_EVENT_MAX=2):
        attached(company.admin, event_id)
        attached(company.admin, event_id, params={"occurrence": SECOND})
        refused(send(company.admin, event_id), 409, "too_many_attachments")
        attached(company.admin, company.admin.create_event()["id"])
    assert len(stored(company)) == 3


def test_a_company_has_a_limit_to_the_bytes_of_its_files(company: Company, stranger_company: Company) -> None:
    event_id = company.admin.create_event()["id"]
    with settings(ATTACHMENTS_TOTAL_MAX_BYTES=3 * len(CONTENT)):
        first = attached(company.admin, event_id)
        attached(company.admin, event_id, CONTENT * 2)
        refused(send(company.admin, event_id, b"x"), 409, "attachments_full")
        attached(stranger_company.admin, stranger_company.admin.create_event()["id"])
        assert company.admin.delete(f"/events/{event_id}/attachments/{first['id']}").status_code == 204
        attached(company.admin, event_id)


# Names


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\report.doc", "report.doc"),
        ("a\r\nSet-Cookie: b=c.txt", "aSet-Cookie_ b=c.txt"),
        ("a\0b.txt", "ab.txt"),
        ("cod\u202etxt.exe", "codtxt.exe"),
        ("\u2066a\u2069\u200f\ufeff.txt", "a.txt"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ("я" * 300, "я" * 127),
        ('qu"o<t>e|s?*.txt', "qu_o_t_e_s__.txt"),
        ("  many   spaces .txt  ", "many spaces .txt"),
        ("e\u0301.txt", "é.txt"),
        ("Смета 2027.xlsx", "Смета 2027.xlsx"),
        ("👩\u200d👧.png", "👩\u200d👧.png"),
        (".profile", "profile"),
        ("%2e%2e%2fa", "%2e%2e%2fa"),
    ],
)
def test_a_name_is_one_that_every_system_can_have(company: Company, sent: str, kept: str) -> None:
    file = attached(company.admin, company.admin.create_event()["id"], name=sent)
    assert file["name"] == kept
    assert safe_name(kept) == kept
    disposition = download(company.admin, file).headers["content-disposition"]
    assert disposition.startswith('attachment; filename="')
    assert disposition.isascii()


def test_a_name_that_is_not_ascii_is_sent_back_in_full(company: Company) -> None:
    file = attached(company.admin, company.admin.create_event()["id"], name="Смета; 100%.pdf")
    assert download(company.admin, file).headers["content-disposition"] == (
        "attachment; filename=\"______ 100_.pdf\"; filename*=UTF-8''%D0%A1%D0%BC%D0%B5%D1%82%D0%B0%3B%20100%25.pdf"
    )


@pytest.mark.parametrize("name", [None, "", "   ", "..", "/", "a/", "\u202e", "\u200d", "\r\n"])
def test_a_file_needs_a_name(company: Company, name: str | None) -> None:
    problem = refused(send(company.admin, company.admin.create_event()["id"], name=name), 422, "attachment_needs_name")
    assert problem["field"] == "name"
    assert stored(company) == set()


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        (b'attachment; filename="plan.txt"', "plan.txt"),
        (b"attachment; filename=plan.txt", "plan.txt"),
        (b"attachment; filename*=UTF-8''%D0%9F%D0%BB%D0%B0%D0%BD.txt", "План.txt"),
        (b"attachment; filename=\"plan.txt\"; filename*=UTF-8''%D0%9F%D0%BB%D0%B0%D0%BD.txt", "План.txt"),
        ('attachment; filename="План.txt"'.encode(), "План.txt"),
        ('attachment; filename="Zoë.txt"'.encode("latin-1"), "Zoë.txt"),
        (b"attachment; filename*=no-such-charset''%ff.txt", "ÿ.txt"),
        (b'attachment; filename="../../x.txt"', "x.txt"),
    ],
)
def test_a_name_can_come_in_the_header(company: Company, header: bytes, kept: str) -> None:
    event_id = company.admin.create_event()["id"]
    file = attached(company.admin, event_id, name=None, headers={"Content-Disposition": header})
    assert file["name"] == kept
    assert attached(company.admin, event_id, headers={"Content-Disposition": header})["name"] == "plan.txt"


@pytest.mark.parametrize("header", [b"", b"attachment", b";;;", b'"', b"attachment; filename", b"a" * 8000])
def test_a_header_that_names_nothing_is_no_name(company: Company, header: bytes) -> None:
    answer = send(company.admin, company.admin.create_event()["id"], name=None, headers={"Content-Disposition": header})
    refused(answer, 422, "attachment_needs_name")


# What it is


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (9, 9)).save(file, kind)
    return file.getvalue()


def archive(*members: str, content: bytes = b"x") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            archive.writestr(member, content)
    return file.getvalue()


BYTES = "application/octet-stream"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("content", "name", "media_type", "served"),
    [
        (picture("PNG"), "a.png", "image/png", "image/png"),
        (picture("JPEG"), "a.txt", "image/jpeg", "image/jpeg"),
        (picture("GIF"), "a.html", "image/gif", "image/gif"),
        (b"%PDF-1.7\n1 0 obj\n%%EOF\n", "a.pdf", "application/pdf", "application/pdf"),
        (archive("word/document.xml"), "a.docx", WORD, WORD),
        (archive("a.txt"), "a.png", "application/zip", "application/zip"),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "a.ics", "text/calendar", "text/calendar; charset=utf-8"),
        ("Привет, мир".encode(), "a.png", "text/plain", "text/plain; charset=utf-8"),
        (b"BM is how this begins, P1 too", "a.bmp", "text/plain", "text/plain; charset=utf-8"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "a.png", "text/html", BYTES),
        (b"\n <p><script>alert(1)</script>", "a.txt", "text/html", BYTES),
        (b"\xef\xbb\xbf<HTML onload=alert(1)>", "a.txt", "text/html", BYTES),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "a.png", "image/svg+xml", BYTES),
        (b'<?xml version="1.0"?><svg onload="alert(1)"/>', "a.xml", "image/svg+xml", BYTES),
        (b'<?xml version="1.0"?><a/>', "a.xml", "application/xml", BYTES),
        (b"import os\nos.remove('x')\n", "a.py", "text/x-python", BYTES),
        (b"MZ\x90\0\x03" + bytes(100), "a.pdf", "application/vnd.microsoft.portable-executable", BYTES),
        (bytes(range(200, 256)), "a.png", BYTES, BYTES),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_content_says_what_a_file_is_and_nothing_that_runs_is_served_as_itself(
    company: Company, content: bytes, name: str, media_type: str, served: str
) -> None:
    event_id = company.admin.create_event()["id"]
    file = attached(company.admin, event_id, content, name, headers={"Content-Type": "text/html"})
    assert (file["media_type"], file["name"]) == (media_type, name)
    answer = download(company.admin, file)
    assert (answer.headers["content-type"], answer.content) == (served, content)


def test_archives_are_not_opened(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = archive("bomb", content=bytes(8 * 1024 * 1024))
    packed = gzip.compress(bytes(8 * 1024 * 1024))
    for module, name in ((zipfile.ZipFile, "__init__"), (gzip.GzipFile, "__init__")):
        monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("an archive was opened"))
    event_id = company.admin.create_event()["id"]
    assert attached(company.admin, event_id, bomb, "a.zip")["media_type"] == "application/zip"
    assert attached(company.admin, event_id, packed, "a.gz")["size"] == len(packed)


def test_an_empty_file_is_refused(company: Company) -> None:
    event_id = company.admin.create_event()["id"]
    for content in (b"", iter([])):
        refused(send(company.admin, event_id, content), 422, "attachment_empty")


def test_a_form_is_not_a_file(company: Company) -> None:
    event_id = company.admin.create_event()["id"]
    answer = send(company.admin, event_id, headers={"Content-Type": "multipart/form-data; boundary=x"})
    refused(answer, 415, "unsupported_media_type")


# Which files there are when


def test_no_connection_waits_for_a_body(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    event_id = company.admin.create_event()["id"]
    original = files_api.UploadFile.write
    pool = get_engine().pool
    checked_out: list[int] = []
    before = pool.checkedout()  # type: ignore[attr-defined]

    async def write(file: Any, data: bytes) -> None:
        await original(file, data)
        checked_out.append(pool.checkedout())  # type: ignore[attr-defined]

    monkeypatch.setattr(files_api.UploadFile, "write", write)
    attached(company.admin, event_id, iter([b"first", b"second"]))
    assert len(checked_out) >= 2
    assert set(checked_out) == {before}


def test_what_is_refused_leaves_no_file(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    event_id = company.admin.create_event()["id"]
    admit = attachment_service._admit

    def full_meanwhile(*args: Any, lock: bool = False, **others: Any) -> Any:
        with settings(ATTACHMENTS_PER_EVENT_MAX=0 if lock else 100):
            return admit(*args, lock=lock, **others)

    monkeypatch.setattr(attachment_service, "_admit", full_meanwhile)
    refused(send(company.admin, event_id), 409, "too_many_attachments")
    assert stored(company) == set()


def test_a_store_that_does_not_answer_is_no_bug(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    event_id = company.admin.create_event()["id"]
    file = attached(company.admin, event_id)

    def fail(*_: Any) -> None:
        raise FileStoreUnavailable("no answer from 10.0.0.7")

    for method in ("put", "open", "delete"):
        monkeypatch.setattr(DiskFileStore, method, fail)
    for answer in (send(company.admin, event_id), download(company.admin, file)):
        problem = refused(answer, 503, "file_store_unavailable")
        assert "10.0.0.7" not in str(problem)
        assert answer.headers["retry-after"]
    assert company.admin.delete(f"/events/{event_id}/attachments/{file['id']}").status_code == 204
    assert names(company.admin, event_id) == []


def test_a_file_that_the_store_lost_is_told_so(company: Company) -> None:
    file = attached(company.admin, company.admin.create_event()["id"])
    get_file_store().delete(stored(company).pop())
    refused(download(company.admin, file), 404, "attachment_content_missing")


KILLED = """
import io, os, signal, sys
from datetime import datetime
from uuid import UUID
from app.core import tenancy
from app.core.actor import Actor
from app.db import SessionLocal
from app.services import attachment_service
from app.services.stored_files import SentFile

company, person, event = map(UUID, sys.argv[1:])
actor = Actor(person, company, "employee", None, "UTC", "UTC")
with SessionLocal.begin() as session:
    tenancy.enter(session, company, actor=person, origin="test")
    attachment_service.attach(session, actor, event, None, "plan.txt", SentFile(io.BytesIO(b"x"), 1, "0" * 64))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_is_killed_before_the_commit_leaves_no_row_without_a_file(
    company: Company, database: psycopg.Connection
) -> None:
    anna = company.person()
    event_id = anna.create_event()["id"]
    root = Path(__file__).parents[2]
    arguments = [str(company.organization.id), anna.id, event_id]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], cwd=root, check=False)
    assert killed.returncode == -9
    assert keys(database, company) == set()
    assert len(stored(company)) == 1
    cleanup_attachments()
    assert len(stored(company)) == 1, "it may belong to a request that has not committed yet"
    let_them_be_old(company)
    assert cleanup_attachments() >= 1
    assert stored(company) == set()


def test_what_a_deleted_event_leaves_goes_and_nothing_else(company: Company, database: psycopg.Connection) -> None:
    kept, gone = (company.admin.create_event()["id"] for _ in range(2))
    file = attached(company.admin, kept)
    attached(company.admin, gone)
    assert company.admin.delete(f"/events/{gone}").status_code == 204
    let_them_be_old(company)
    cleanup_attachments()
    assert stored(company) == keys(database, company)
    assert download(company.admin, file).content == CONTENT


def test_files_of_a_company_that_is_gone_go_too(
    client: TestClient, company: Company, stranger_company: Company
) -> None:
    for admin in (company.admin, stranger_company.admin):
        attached(admin, admin.create_event()["id"])
    boss = sign_in(client, None, role=Role.ADMIN)
    path = f"/organizations/{company.organization.id}"
    assert boss.delete(path, params={"confirm": company.organization.name}).status_code == 204
    purge_deleted_companies()
    let_them_be_old(company)
    let_them_be_old(stranger_company)
    cleanup_attachments()
    assert stored(company) == set()
    assert len(stored(stranger_company)) == 1


def test_rule_12_parts_of_a_split_series_share_a_file_until_the_last_lets_go(company: Company) -> None:
    old, new = (company.admin.create_event(**WEEKLY)["id"] for _ in range(2))
    attached(company.admin, old)
    with in_company(company.organization.id, "test") as session:
        rows = [session.get_one(Event, (company.organization.id, event_id)) for event_id in (old, new)]
        discussion_service.copy_to(session, *rows)
    with settings(ATTACHMENTS_TOTAL_MAX_BYTES=2 * len(CONTENT)):
        attached(company.admin, old, name="counted once")
    for event_id in (old, new):
        (file, *_) = accepted(company.admin.get(f"/events/{event_id}/attachments"))["items"]
        assert download(company.admin, file).content == CONTENT
        assert company.admin.delete(f"/events/{event_id}/attachments/{file['id']}").status_code == 204
        assert len(stored(company)) == (2 if event_id == old else 1)


def test_the_record_masks_names_of_files_that_the_administrator_does_not_see(company: Company) -> None:
    anna = company.person()
    for event_id, name in ((invited_to(anna), "Secret.txt"), (invited_to(anna, company.admin), "For you.txt")):
        attached(anna, event_id, name=name)
    items = accepted(company.admin.get("/audit", object_type="event_attachments"))["items"]
    assert [(item["after"]["name"], item["after"]["sha256"]) for item in items] == [
        ("For you.txt", hashlib.sha256(CONTENT).hexdigest()),
        ("***", "***"),
    ]
