"""People and programs hear that a job is over, from real servers' point of view."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from lrnap.errors import LrnapError
from lrnap.manager.effects import Tell
from lrnap.manager.notices import Mail, Notices, Webhook
from lrnap.net.address import Address

PATIENCE = 120
DONE = Tell(kind="job", subject="beads", job=7, step="finish", state="DONE", reason="")
FAILED = Tell(kind="job", subject="glass\r\nBcc: all", job=8, step="fail", state="ERROR", reason="no such file: a.ply")


class Hook:
    """A web server that keeps what it is sent, and refuses the first few."""

    def __init__(self, refusals: int = 0) -> None:
        self.heard: Queue[Any] = Queue()
        hook, left = self, [refusals]

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                left[0] -= 1
                self.send_response(503 if left[0] >= 0 else 204)
                self.end_headers()
                if left[0] < 0:
                    hook.heard.put(json.loads(body))

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/lrnap"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook(refusals=2)
    yield hook
    hook.close()


def test_a_webhook_that_is_busy_is_asked_again(hook: Hook) -> None:
    notices = Notices([Webhook.parse(hook.url)], wait=lambda _: None)
    for told in (Tell(kind="run", subject="x", job=7, step="end", state="DONE", reason=""), FAILED, DONE):
        notices.tell(told)
    first, second = hook.heard.get(timeout=PATIENCE), hook.heard.get(timeout=PATIENCE)
    notices.close()
    assert (first["id"], first["state"], first["reason"]) == (8, "ERROR", "no such file: a.ply")
    assert (second["job"], second["state"]) == ("beads", "DONE")
    assert hook.heard.empty()


def test_who_cannot_be_reached_is_named_in_the_log_and_holds_nobody_back(
    hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    gone = Hook()
    gone.close()
    with caplog.at_level(logging.WARNING):
        notices = Notices([Webhook.parse(gone.url), Webhook.parse(hook.url)], wait=lambda _: None)
        notices.tell(DONE)
        assert hook.heard.get(timeout=PATIENCE)["job"] == "beads"
        notices.close()
    assert "127.0.0.1 was not told that job beads is DONE" in caplog.text


def test_mail_arrives_and_a_name_adds_no_header() -> None:
    box: Queue[Any] = Queue()

    class Keep:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            box.put(envelope)
            return "250 OK"

    async def deliver() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(Keep(), loop=loop), "127.0.0.1", 0)
        address = Address("127.0.0.1", server.sockets[0].getsockname()[1])
        notices = Notices(mail=Mail(("artist@example.org",), address), wait=lambda _: None)
        notices.tell(FAILED)
        while box.empty():
            await asyncio.sleep(0.01)
        await asyncio.to_thread(notices.close)
        server.close()
        await server.wait_closed()

    asyncio.run(asyncio.wait_for(deliver(), PATIENCE))
    envelope = box.get()
    text = envelope.content.decode()
    assert envelope.rcpt_tos == ["artist@example.org"]
    assert "Subject: lrnap: glass Bcc: all is ERROR" in text
    assert "no such file: a.ply" in text


@pytest.mark.parametrize("url", ["", "ftp://host/x", "file:///etc/passwd", "https://", "host"])
def test_what_is_no_webhook(url: str) -> None:
    with pytest.raises(LrnapError, match="no webhook"):
        Webhook.parse(url)
