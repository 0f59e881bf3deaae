"""A mail server that takes everything and notes Message-ID and recipient: `python -m bench.mail_sink PORT FILE`."""

import asyncio
import sys
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any, TextIO

from aiosmtpd.smtp import SMTP

PARSER = BytesHeaderParser()


class Sink:
    """Each mail is a line: Message-ID and recipient."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        headers = PARSER.parsebytes(envelope.content)
        self._file.write(f"{headers['Message-ID'].strip()} {envelope.rcpt_tos[0]}\n")
        self._file.flush()
        return "250 OK"


async def serve(port: int, path: Path) -> None:
    with path.open("a") as file:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(Sink(file), loop=loop), "127.0.0.1", port)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
