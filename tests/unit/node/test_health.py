from dataclasses import replace

import pytest

from papyrus.node.health import Health, NodeStatus, livez, readyz

WELL = NodeStatus(
    now=1000.0,
    head_changed=990.0,
    height=40,
    expected_height=41,
    head_is_due=True,
    workers_alive=2,
    workers_wanted=2,
)


def test_node_that_is_well_lives_and_is_ready() -> None:
    for health in (livez(WELL), readyz(WELL)):
        assert health == Health(())
        assert (health.ok, health.status_code, health.text) == (True, 200, "ok\n")


@pytest.mark.parametrize(
    ("change", "dead", "not_ready"),
    [
        ({"now": 1290.0}, (), ()),
        ({"now": 1291.0}, ("the head has not changed for 301 s",), ()),
        ({"now": 9999.0, "head_is_due": False}, (), ()),
        ({"now": 9999.0, "syncing": True}, (), ("the chain is fetched, and at epoch 40",)),
        ({"expected_height": 44}, (), ()),
        ({"expected_height": 45}, (), ("the head is 5 epochs behind",)),
        ({"expected_height": 45, "head_is_due": False}, (), ()),
        ({"workers_alive": 1}, (), ("1 of 2 workers are alive",)),
        ({"workers_alive": 0}, ("none of 2 workers is alive",), ("0 of 2 workers are alive",)),
        ({"workers_alive": 0, "workers_wanted": 0}, (), ()),
        ({"stopping": True}, (), ("the node is stopping",)),
        ({"head_changed": None}, (), ("there is no head yet",)),
    ],
)
def test_what_is_amiss_is_told(change, dead, not_ready) -> None:
    status = replace(WELL, **change)
    assert livez(status).reasons == dead
    assert readyz(status).reasons == not_ready


def test_answer_that_is_not_ok_says_why() -> None:
    health = Health(("one", "two"))
    assert (health.ok, health.status_code, health.text) == (False, 503, "one\ntwo\n")
