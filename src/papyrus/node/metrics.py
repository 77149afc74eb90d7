"""The figures of a node, as Prometheus reads them.

Names are Lotus' with `papyrus_` before them, so that its dashboards need little change; where Lotus
counts milliseconds these are seconds. The registry is the node's own. Labels come from fixed sets:
`rpc_method` is one of the methods there are, or `unknown`.
"""

import time
from collections.abc import Iterable
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from papyrus.node.workers import CallReport

CONTENT_TYPE = CONTENT_TYPE_LATEST

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SLOW = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 60, 120)
_STALLS = (0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2, 5, 10)
_UNKNOWN = "unknown"


class WorkerCounts(Protocol):
    """What is told of workers."""

    @property
    def alive(self) -> int:
        """How many there are."""
        ...

    @property
    def restarts(self) -> int:
        """How many were begun in place of others."""
        ...


class Metrics:
    """Every figure, each to be set or counted by whoever knows it."""

    def __init__(self, network: str, version: str) -> None:
        """Begin at nothing."""
        registry = CollectorRegistry()
        self.registry = registry
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.info = Info("papyrus", "What this node is.", registry=registry)
        self.info.info({"version": version, "network": network})
        self.start_time = Gauge(
            "papyrus_start_time_seconds", "Unix seconds at which it started.", registry=registry
        )
        self.start_time.set(time.time())

        self.head_height = Gauge(
            "papyrus_chain_node_height", "Epoch of the heaviest tipset.", registry=registry
        )
        self.expected_height = Gauge(
            "papyrus_chain_node_height_expected",
            "Epoch that the clock is in.",
            registry=registry,
        )
        self.base_fee = Gauge(
            "papyrus_chain_basefee", "Base fee of the heaviest tipset, attoFIL.", registry=registry
        )
        self.reorganisations = Counter(
            "papyrus_chain_reorganisations",
            "Changes of the head that took back tipsets.",
            registry=registry,
        )
        self.blocks_accepted = Counter(
            "papyrus_block_success", "Blocks that keep every rule.", registry=registry
        )
        self.blocks_refused = Counter(
            "papyrus_block_failure", "Blocks that break a rule.", ["fault"], registry=registry
        )
        self.block_validation = Histogram(
            "papyrus_block_validation_seconds",
            "Time to validate a block.",
            buckets=_SLOW,
            registry=registry,
        )
        self.blocks_produced = Counter(
            "papyrus_block_produced", "Blocks that were produced here.", registry=registry
        )
        self.apply = Histogram(
            "papyrus_vm_applyblocks_total_seconds",
            "Time to apply the blocks of a tipset.",
            buckets=_SLOW,
            registry=registry,
        )
        self.pending_messages = Gauge(
            "papyrus_mpool_message_count", "Messages in the pool.", registry=registry
        )
        self.messages_refused = Counter(
            "papyrus_message_failure",
            "Messages that the pool refused.",
            ["fault"],
            registry=registry,
        )
        self.messages_taken = Counter(
            "papyrus_message_success", "Messages that the pool took.", registry=registry
        )

        self.rpc_requests = Counter(
            "papyrus_rpc_requests", "Calls, by how they ended.", ["method", "outcome"],
            registry=registry,
        )  # fmt: skip
        self.rpc_seconds = Histogram(
            "papyrus_rpc_request_duration_seconds",
            "Time to answer a call.",
            ["method"],
            buckets=_FAST,
            registry=registry,
        )
        self.connections = Gauge(
            "papyrus_rpc_connections", "Open connections.", ["kind"], registry=registry
        )
        self._rpc_methods: frozenset[str] = frozenset()

        self.loop_stalls = Histogram(
            "papyrus_loop_stall_seconds",
            "Times for which the event loop was held up.",
            buckets=_STALLS,
            registry=registry,
        )
        self.worker_calls = Histogram(
            "papyrus_worker_call_seconds",
            "Time of calls in worker processes.",
            ["function", "outcome"],
            buckets=_SLOW,
            registry=registry,
        )
        self.worker_waits = Histogram(
            "papyrus_vm_execution_waiting_seconds",
            "Time that calls waited for a worker.",
            buckets=_FAST,
            registry=registry,
        )
        self.workers = Gauge(
            "papyrus_worker_processes", "Worker processes that are alive.", registry=registry
        )
        self.worker_restarts = Gauge(
            "papyrus_worker_restarts", "Worker processes that were replaced.", registry=registry
        )

    def watch_workers(self, workers: WorkerCounts) -> None:
        """Show how many workers there are whenever the figures are read."""
        self.workers.set_function(lambda: workers.alive)
        self.worker_restarts.set_function(lambda: workers.restarts)

    def know_rpc_methods(self, names: Iterable[str]) -> None:
        """Count calls of these methods by name; those of any other are `unknown`."""
        self._rpc_methods = frozenset(names)

    def heard_rpc(self, method: str, outcome: str, seconds: float) -> None:
        """Count a call; the outcome is ok or the number of the error."""
        name = method if method in self._rpc_methods else _UNKNOWN
        self.rpc_requests.labels(name, outcome).inc()
        self.rpc_seconds.labels(name).observe(seconds)

    def heard_worker(self, report: CallReport) -> None:
        """Count a call of a worker."""
        name = report.function.rpartition(".")[2]
        self.worker_calls.labels(name, report.outcome).observe(report.seconds)
        self.worker_waits.observe(report.waited)

    def text(self) -> bytes:
        """Return all figures, in the form that CONTENT_TYPE names."""
        return generate_latest(self.registry)
