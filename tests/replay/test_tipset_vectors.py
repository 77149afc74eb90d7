"""Vectors of whole tipsets: some of Lotus' tipsets, written as a vector, give Lotus' state.

The official ones are all of network versions without rules here, so this is what runs the class.
"""

import base64
import gzip
import io
import json

import pytest

from papyrus.conformance.chain_files import ChainFile, ChainRules
from papyrus.conformance.environment import shared_environment
from papyrus.conformance.report import Status
from papyrus.conformance.vectors import VectorTask, run_task
from papyrus.consensus.randomness import beacon_digest, chain_digest
from papyrus.consensus.selection import messages_of
from papyrus.consensus.transition import World, apply_tipset
from papyrus.ipld.blockstore import LayeredBlockstore, MemoryBlockstore
from papyrus.ipld.car import write_car

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")

FIRST, LAST = 31, 33
"""Tipsets of the multisig chain: an epoch without blocks before them, a message in the last."""


@pytest.fixture(scope="module")
def content(shared) -> dict:
    """Return the tipsets as a vector."""
    chain = ChainFile.open(shared / "chains" / "multisig" / "chain.car.zst", ChainRules())
    place = next(i for i, tipset in enumerate(chain.tipsets) if tipset.height == FIRST)
    parent, *tipsets, child = chain.tipsets[place - 1 : place + 4]
    assert tipsets[-1].height == LAST
    environment = shared_environment()
    store = LayeredBlockstore(MemoryBlockstore(), chain.car, environment.code)
    world = World(chain.network, chain.source, store, environment.verifier, environment.engine)
    applied = [one for tipset in tipsets for one in apply_tipset(tipset, world).applied]
    car = io.BytesIO()
    write_car(car, [tipsets[0].parent_state_root, child.parent_state_root], chain.car.blocks())
    rules = []
    for epoch in range(LAST + 1):
        digests = {"chain": chain_digest(chain.source, tipsets[-1], epoch)}
        if epoch > 0:
            digests["beacon"] = beacon_digest(chain.source, tipsets[-1], epoch, chain.network)
        rules += [{"on": [kind, epoch], "ret": text(value)} for kind, value in digests.items()]
    return {
        "class": "tipset",
        "_meta": {"id": "multisig"},
        "car": text(gzip.compress(car.getvalue(), 1)),
        "preconditions": {
            "variants": [{"id": "firehorse", "epoch": parent.height, "nv": 28}],
            "state_tree": {"root_cid": {"/": str(tipsets[0].parent_state_root)}},
        },
        "apply_tipsets": [
            {
                "epoch_offset": tipset.height - parent.height,
                "basefee": int(tipset.parent_base_fee),
                "blocks": [
                    {
                        "miner_addr": str(block.miner),
                        "win_count": block.election_proof.win_count,
                        "messages": [
                            text(message.unsigned.to_cbor())
                            for message in messages_of(chain.car, block)
                        ],
                    }
                    for block in tipset.blocks
                ],
            }
            for tipset in tipsets
        ],
        "postconditions": {
            "state_tree": {"root_cid": {"/": str(child.parent_state_root)}},
            "receipts_roots": [
                {"/": str(after.parent_message_receipts)} for after in (*tipsets[1:], child)
            ],
            "receipts": [
                {
                    "exit_code": one.result.receipt.exit_code,
                    "return": text(one.result.receipt.return_data),
                    "gas_used": one.result.receipt.gas_used,
                }
                for one in applied
            ],
        },
        "randomness": rules,
    }


@pytest.fixture
def run(content, tmp_path):
    """Return a function that changes the vector and runs it."""

    def change_and_run(change):
        copy = json.loads(json.dumps(content))
        change(copy)
        path = tmp_path / "tipset.json"
        path.write_text(json.dumps(copy))
        (result,) = run_task(VectorTask(path, "tipset", trace=False))
        return result

    return change_and_run


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_tipsets_are_exact(run):
    result = run(lambda _: None)
    assert (result.status, result.reason) == (Status.PASSED, "")
    methods = [(call.actor, call.method) for call in result.calls]
    assert methods[0] == ("cron", 2)  # the epoch without blocks
    assert methods[-3:] == [("multisig", 3), ("reward", 2), ("cron", 2)]
    assert len(methods) == 8


def test_a_message_that_comes_twice_is_applied_once(run):
    def change(content):
        block = content["apply_tipsets"][-1]["blocks"][0]
        assert len(block["messages"]) == 1
        block["messages"] *= 2

    assert run(change).status is Status.PASSED


def test_another_epoch_has_another_cron(run):
    result = run(lambda content: content["apply_tipsets"][-1].update(epoch_offset=5))
    assert result.status is Status.FAILED
    assert result.reason == "receipts: expected 8, got 9"


def test_another_receipts_root_is_found(run):
    def change(content):
        content["postconditions"]["receipts_roots"] = []

    result = run(change)
    assert result.reason.startswith("tipset 0: receipts root: expected None, got bafy")


def test_another_state_root_is_explained(run):
    def change(content):
        content["postconditions"]["state_tree"] = content["preconditions"]["state_tree"]

    result = run(change)
    assert result.reason.startswith("state root: expected bafy")
    assert result.details[0].startswith("actor f0")
