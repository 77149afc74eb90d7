import re

from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from papyrus.node.metrics import CONTENT_TYPE, Metrics
from papyrus.node.workers import CallReport


def samples(metrics: Metrics) -> dict[str, float]:
    """Return every sample by its name and labels, as a server of Prometheus reads them."""
    return {
        sample.name
        + "".join(f" {name}={value}" for name, value in sample.labels.items()): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def test_figures_are_served_under_the_names_of_lotus() -> None:
    metrics = Metrics("calibnet", "0.1.0")
    metrics.head_height.set(41)
    metrics.expected_height.set(42)
    metrics.pending_messages.set(7)
    metrics.apply.observe(0.2)
    metrics.block_validation.observe(0.3)
    metrics.blocks_accepted.inc()
    metrics.blocks_refused.labels("bad-ticket").inc(2)
    metrics.loop_stalls.observe(0.06)
    found = samples(metrics)
    assert found["papyrus_info network=calibnet version=0.1.0"] == 1
    assert found["papyrus_chain_node_height"] == 41
    assert found["papyrus_chain_node_height_expected"] == 42
    assert found["papyrus_mpool_message_count"] == 7
    assert found["papyrus_vm_applyblocks_total_seconds_sum"] == 0.2
    assert found["papyrus_block_validation_seconds_count"] == 1
    assert found["papyrus_block_success_total"] == 1
    assert found["papyrus_block_failure_total fault=bad-ticket"] == 2
    assert found["papyrus_loop_stall_seconds_bucket le=0.075"] == 1
    assert found["papyrus_loop_stall_seconds_bucket le=0.05"] == 0
    assert CONTENT_TYPE.startswith("text/plain; version=")


def test_calls_are_counted_by_methods_there_are() -> None:
    metrics = Metrics("devnet", "0.1.0")
    metrics.know_rpc_methods(["Filecoin.ChainHead"])
    metrics.heard_rpc("Filecoin.ChainHead", "ok", 0.001)
    for number in range(100):
        metrics.heard_rpc(f"Filecoin.Guess{number}", "-32601", 0.001)
    found = samples(metrics)
    assert found["papyrus_rpc_requests_total method=Filecoin.ChainHead outcome=ok"] == 1
    assert found["papyrus_rpc_requests_total method=unknown outcome=-32601"] == 100
    assert not [name for name in found if "Guess" in name]


def test_calls_of_workers_are_counted() -> None:
    metrics = Metrics("devnet", "0.1.0")
    metrics.heard_worker(CallReport("papyrus.chain.states.compute", "ok", 0.25, 1.5))
    found = samples(metrics)
    assert found["papyrus_worker_call_seconds_sum function=compute outcome=ok"] == 1.5
    assert found["papyrus_vm_execution_waiting_seconds_sum"] == 0.25


def test_workers_are_counted_when_they_are_asked_for() -> None:
    class Counted:
        alive = 2
        restarts = 0

    metrics = Metrics("devnet", "0.1.0")
    metrics.watch_workers(Counted())
    Counted.alive, Counted.restarts = 1, 5
    found = samples(metrics)
    assert (found["papyrus_worker_processes"], found["papyrus_worker_restarts"]) == (1, 5)


def test_nodes_of_one_process_do_not_add_up() -> None:
    one, other = Metrics("devnet", "0.1.0"), Metrics("devnet", "0.1.0")
    one.messages_taken.inc()
    assert samples(one)["papyrus_message_success_total"] == 1
    assert samples(other)["papyrus_message_success_total"] == 0
    assert not [each.name for each in REGISTRY.collect() if each.name.startswith("papyrus")]


def test_every_figure_is_explained() -> None:
    text = Metrics("devnet", "0.1.0").text().decode()
    for name in re.findall(r"# TYPE (papyrus\S*)", text):
        assert re.search(rf"# HELP {name} [A-Z].+\.$", text, re.MULTILINE), name
