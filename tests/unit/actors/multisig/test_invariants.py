from dataclasses import replace

import pytest
from multisigs import transaction

from papyrus.actors.common.findings import Findings
from papyrus.actors.multisig.invariants import Summary, check_state_invariants
from papyrus.actors.multisig.state import PENDING, State
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.primitives.address import Address

SIGNERS = tuple(map(Address.from_id, (100, 101, 102)))
GOOD = State(SIGNERS, 2, 5, 0, 0, 0, b"")


def check(state, transactions):
    store = MemoryBlockstore()
    pending = PENDING.open(store, None)
    for number, waiting in transactions.items():
        pending.set(number, waiting)
    findings = Findings()
    summary = check_state_invariants(store, replace(state, pending=pending.flush()), findings)
    return summary, findings.sentences


def test_nothing_is_wrong_with_a_multisig_that_waits():
    waiting = {0: transaction([100], 103), 4: transaction([102, 101], 103)}
    assert check(GOOD, waiting) == (Summary(3, 2, 2), [])


@pytest.mark.parametrize(
    ("fields", "finding"),
    [
        ({"signers": SIGNERS * 86}, "multisig has too many signers: 258"),
        (
            {"approvals_threshold": 4},
            "multisig has insufficient signers to meet threshold (3 < 4)",
        ),
        ({"start_epoch": 1}, "non-zero start epoch 1 with zero unlock duration"),
        ({"next_transaction_id": 0}, "next transaction id 0 is not greater than pending ids"),
    ],
)
def test_finds_fields_that_do_not_fit(fields, finding):
    _, found = check(replace(GOOD, **fields), {0: transaction([100], 103)})
    assert found == [finding]


@pytest.mark.parametrize(
    ("approved", "finding"),
    [
        ([], "no approval, not even its proposer's"),
        ([100, 100], "duplicate approvals"),
        ([100, 103], "approval f0103 is not in the list of signers"),
    ],
)
def test_finds_approvals_that_cannot_be(approved, finding):
    _, found = check(GOOD, {3: transaction(approved, 103)})
    assert found == [f"transaction 3: {finding}"]


def test_finds_transactions_that_do_not_decode():
    store = MemoryBlockstore()
    findings = Findings()
    broken = replace(GOOD, pending=put_cbor(store, ["not a HAMT"]))
    check_state_invariants(store, broken, findings)
    assert len(findings.sentences) == 1
    assert findings.sentences[0].startswith("error iterating transactions: ")
