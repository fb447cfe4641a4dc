"""Telling people and programs that a job is over: webhooks and e-mail.

A notice is a comfort, not a promise: it is tried a few times, in a thread of its own, and then given up with a line in
the log. What really happened is in the history of the job.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import platform
import queue
import smtplib
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from email.message import EmailMessage
from urllib.parse import urlsplit

from lrnap.errors import Code, LrnapError
from lrnap.limits import MAX_NOTICES
from lrnap.manager import effects
from lrnap.manager.jobs import JobState
from lrnap.net.address import Address

log = logging.getLogger("lrnap.manager")

TOLD = frozenset({JobState.DONE.value, JobState.ERROR.value})
TRIES = (0.0, 2.0, 10.0)  # seconds before each
PATIENCE = 10.0  # seconds for an answer
SMTP_PORT = 25


@dataclass(frozen=True, slots=True)
class Notice:
    """What a webhook gets as JSON."""

    job: str
    id: int
    state: str
    reason: str
    manager: str


@dataclass(frozen=True, slots=True)
class Mail:
    """Who gets e-mail, and through which server. The user and password of a server that wants them are in
    `LRNAP_SMTP_USER` and `LRNAP_SMTP_PASSWORD`; they are sent only over an encrypted connection."""

    to: tuple[str, ...]
    server: Address = field(default_factory=lambda: Address("127.0.0.1", SMTP_PORT))
    sender: str = f"lrnap@{platform.node() or 'localhost'}"

    def send(self, notice: Notice) -> None:
        message = EmailMessage()
        message["Subject"] = " ".join(f"lrnap: {notice.job} is {notice.state}".split())
        message["From"], message["To"] = self.sender, ", ".join(self.to)
        why = f"\n\n{notice.reason}" if notice.reason else ""
        message.set_content(f'Job "{notice.job}" (#{notice.id}) on {notice.manager} is {notice.state}.{why}\n')
        user, password = os.environ.get("LRNAP_SMTP_USER"), os.environ.get("LRNAP_SMTP_PASSWORD")
        with smtplib.SMTP(self.server.host, self.server.port, timeout=PATIENCE) as server:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls()
                server.ehlo()
                if user and password:
                    server.login(user, password)
            server.send_message(message)


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is sent the notice by POST."""

    url: str

    @classmethod
    def parse(cls, url: str) -> Webhook:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise LrnapError(Code.ARGS, f"{url[:80]!r} is no webhook: it begins with https:// or http:// and a host")
        return cls(url)

    def send(self, notice: Notice) -> None:
        body = json.dumps(asdict(notice)).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"}, method="POST")
        try:
            urllib.request.urlopen(request, timeout=PATIENCE).close()
        except urllib.error.HTTPError as error:  # holds the connection
            error.close()
            raise OSError(f"it answered {error.code} {error.reason}") from None


class Notices:
    """Takes what the manager tells, and passes on that jobs are over; `close` drops what could not be sent yet."""

    def __init__(
        self, webhooks: Sequence[Webhook] = (), mail: Mail | None = None, wait: Callable[[float], object] | None = None
    ) -> None:
        self._receivers: list[Webhook | Mail] = [*webhooks, *([mail] if mail is not None and mail.to else [])]
        self._queue: queue.Queue[Notice | None] = queue.Queue(MAX_NOTICES)
        self._closing = threading.Event()
        self._wait = wait or self._closing.wait
        self._thread: threading.Thread | None = None

    def tell(self, tell: effects.Tell) -> None:
        """Never waits. What is no job's end is nobody's concern."""
        if not self._receivers or tell.kind != "job" or tell.state not in TOLD:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="notices", daemon=True)
            self._thread.start()
        try:
            self._queue.put_nowait(Notice(tell.subject, tell.job, tell.state, tell.reason, platform.node()))
        except queue.Full:
            log.warning("nobody was told of job %s: %d notices wait already", tell.subject, MAX_NOTICES)

    def close(self) -> None:
        """Within the patience of what is being sent."""
        self._closing.set()
        if self._thread is not None:
            with contextlib.suppress(queue.Full):
                self._queue.put_nowait(None)
            self._thread.join(2 * PATIENCE)

    def _work(self) -> None:
        while not self._closing.is_set():
            notice = self._queue.get()
            if notice is None:
                return
            for receiver in self._receivers:
                self._send(receiver, notice)

    def _send(self, receiver: Webhook | Mail, notice: Notice) -> None:
        began = time.monotonic()
        for seconds in TRIES:
            self._wait(seconds)
            if self._closing.is_set():
                return
            try:
                receiver.send(notice)
                return
            except (OSError, smtplib.SMTPException, ValueError) as error:
                problem = error
        name = urlsplit(receiver.url).hostname if isinstance(receiver, Webhook) else ", ".join(receiver.to)
        log.warning(
            "%s was not told that job %s is %s, after %.0f s: %s",
            name, notice.job, notice.state, time.monotonic() - began, problem,
        )  # fmt: skip
