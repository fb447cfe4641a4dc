"""A client and a server machine wired together, with what each of them saw."""

from __future__ import annotations

from collections.abc import Callable

from lrnap.limits import WireLimits
from lrnap.wire import BadLine, ClientConnection, Hangup, Offer, Reply, Request, ServerConnection, Signal, error_of, ok

NARROW = WireLimits(line=128, payload=1 << 17, bogus_lines=4)
Answer = Callable[[Request], Reply]


def events(connection: ServerConnection | ClientConnection) -> list[object]:
    """All events until the machine wants data or a decision, and the signal itself if it is not NEED_DATA."""
    found: list[object] = []
    while True:
        event = connection.next_event()
        if event is Signal.NEED_DATA:
            return found
        found.append(event)
        if isinstance(event, Signal):
            return found


def serve(server: ServerConnection, answer: Answer = lambda request: ok(tag=request.tag)) -> list[object]:
    """Takes events and answers them, accepting every offer, until the server wants data or has hung up."""
    found: list[object] = []
    while True:
        event = server.next_event()
        if isinstance(event, Signal):
            return found
        found.append(event)
        match event:
            case Offer():
                server.accept()
            case Request():
                server.send(answer(event))
            case BadLine():
                server.send(error_of(event.error, tag=event.tag))


class Pair:
    """`exchange` moves bytes both ways, in pieces of `cut` bytes, until nobody has more to say."""

    def __init__(self, answer: Answer = lambda request: ok(tag=request.tag), cut: int = 1 << 30) -> None:
        self.client, self.server = ClientConnection(), ServerConnection()
        self.answer, self.cut = answer, cut
        self.served: list[object] = []
        self.to_server = b""
        self.to_client = b""

    def hello(self) -> Pair:
        self.ask("CTL_HELLO", "LRNAP/1")
        return self

    def ask(self, verb: str, *args: object, tag: str | None = None, **options: object) -> list[Reply]:
        self.client.send(Request(verb, args, options, tag))  # type: ignore[arg-type]
        return self.exchange()

    def exchange(self) -> list[Reply]:
        replies: list[Reply] = []
        while True:
            up = b"".join(self.client.data_to_send())
            self.to_server += up
            for piece in self._pieces(up):
                self.server.receive_data(piece)
                self.served += serve(self.server, self.answer)
            down = b"".join(self.server.data_to_send())
            self.to_client += down
            for piece in self._pieces(down):
                self.client.receive_data(piece)
                for event in events(self.client):
                    assert not isinstance(event, (Hangup, Signal)), event
                    replies.append(event)  # type: ignore[arg-type]
            if not up and not down:
                return replies

    def _pieces(self, data: bytes) -> list[bytes]:
        return [data[i : i + self.cut] for i in range(0, len(data), self.cut)]


def server_after(data: bytes, cut: int = 1 << 30, **options: object) -> tuple[ServerConnection, list[object]]:
    """A server that was sent `data` in pieces of `cut` bytes, answering as it goes; and its events."""
    server = ServerConnection(**options)  # type: ignore[arg-type]
    found: list[object] = []
    for start in range(0, len(data), cut):
        server.receive_data(data[start : start + cut])
        found += serve(server)
    return server, found
