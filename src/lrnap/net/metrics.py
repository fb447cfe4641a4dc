"""Figures for Prometheus: a table of rows becomes a page at `http://HOST:PORT/metrics`, made when it is asked for.

Nothing is counted twice: a row reads what its server knows anyway, so it costs nothing until somebody looks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lrnap.errors import Code, LrnapError
from lrnap.net.address import Address

T = TypeVar("T")
Value = float | Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Figure(Generic[T]):
    """A row: its name without the prefix, its unit's name last; what it means; how to read it. With a `label`, what is
    read is a number for each value of the label."""

    name: str
    doc: str
    read: Callable[[T], Value]
    kind: Literal["gauge", "counter"] = "gauge"
    label: str = ""


class Page(Collector):
    """A server's figures. `prefix`: "lrnap_node", for example."""

    def __init__(self, prefix: str, rows: Sequence[Figure[T]], server: T) -> None:
        self._rows = [(row, f"{prefix}_{row.name}") for row in rows]
        self._read: Callable[[Figure[T]], Value] = lambda row: row.read(server)

    def collect(self) -> Iterator[Metric]:
        for row, name in self._rows:
            family = (CounterMetricFamily if row.kind == "counter" else GaugeMetricFamily)(
                name, row.doc, labels=[row.label] if row.label else None
            )
            value = self._read(row)
            for label, number in value.items() if isinstance(value, Mapping) else [(None, value)]:
                family.add_metric([] if label is None else [label], number)
            yield family


class MetricsServer:
    """Answers HTTP in a thread of its own until `close`."""

    def __init__(self, address: Address, pages: Iterable[Page]) -> None:
        """Raises LrnapError (UNAVAILABLE) that names the address. Whoever reaches it may read the figures."""
        registry = CollectorRegistry()
        for page in pages:
            registry.register(page)
        try:
            self._http, self._thread = start_http_server(address.port, address.host, registry)
        except OSError as error:
            raise LrnapError(
                Code.UNAVAILABLE, f"cannot show metrics at {address}: {error.strerror or error}; choose another port"
            ) from None
        self.address = Address(address.host, self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"http://{self.address}/metrics"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        if self._thread is not threading.current_thread():
            self._thread.join()
