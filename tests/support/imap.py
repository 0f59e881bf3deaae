"""A mailbox for tests: as much of an IMAP server (RFC 3501) as a program needs that reads unread messages."""

import re
import socketserver
import threading
from typing import Any, Self

from app.supervisor.ports import free_port

USER, PASSWORD = "planner", "right"
_LITERAL_SAFE = re.compile(rb'"?([^" ]+)"?')


class ImapServer:
    """Messages by UID; `seen` holds those that are marked as read."""

    def __init__(self) -> None:
        self.messages: dict[int, bytes] = {}
        self.seen: set[int] = set()
        self.fetched: list[int] = []
        self.port = free_port()
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _serve(outer, self.rfile, self.wfile)

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def deliver(self, *messages: bytes) -> None:
        for message in messages:
            self.messages[len(self.messages) + 1] = message

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "IMAP_HOST": "127.0.0.1",
            "IMAP_PORT": self.port,
            "IMAP_TLS": "none",
            "IMAP_USER": USER,
            "IMAP_PASSWORD": PASSWORD,
        }


def _serve(server: ImapServer, lines: Any, out: Any) -> None:
    out.write(b"* OK ready\r\n")
    for line in lines:
        tag, _, command = line.strip().partition(b" ")
        answer, last = _answer(server, command)
        out.write(answer + tag + b" " + last + b"\r\n")
        if command.upper().startswith(b"LOGOUT"):
            return


def _answer(server: ImapServer, command: bytes) -> tuple[bytes, bytes]:
    name, _, rest = command.partition(b" ")
    match name.upper():
        case b"CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n", b"OK done"
        case b"LOGIN":
            given = [match[1].decode() for match in _LITERAL_SAFE.finditer(rest)]
            return b"", b"OK in" if given == [USER, PASSWORD] else b"NO wrong"
        case b"SELECT":
            return f"* {len(server.messages)} EXISTS\r\n".encode(), b"OK [READ-WRITE] done"
        case b"UID":
            return _by_uid(server, rest), b"OK done"
        case b"LOGOUT":
            return b"* BYE\r\n", b"OK done"
    return b"", b"BAD unknown"


def _by_uid(server: ImapServer, rest: bytes) -> bytes:
    name, _, rest = rest.partition(b" ")
    if name.upper() == b"SEARCH":
        unread = sorted(server.messages.keys() - server.seen)
        return b"* SEARCH" + b"".join(f" {uid}".encode() for uid in unread) + b"\r\n"
    number, _, what = rest.partition(b" ")
    uid = int(number)
    if name.upper() == b"STORE":
        server.seen.add(uid)
        return b""
    content = server.messages[uid]
    if b"SIZE" in what:
        return f"* {uid} FETCH (UID {uid} RFC822.SIZE {len(content)})\r\n".encode()
    server.fetched.append(uid)
    return f"* {uid} FETCH (UID {uid} BODY[] {{{len(content)}}}\r\n".encode() + content + b")\r\n"
