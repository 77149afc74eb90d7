from dataclasses import replace

import pytest
from verified import POLICY, SIZE_MIN, TERM_MAX, TERM_MIN, piece

from papyrus.actors.common.findings import Findings
from papyrus.actors.datacap.invariants import Summary as TokenSummary
from papyrus.actors.verifreg.invariants import (
    Summary,
    check_against_datacap,
    check_state_invariants,
)
from papyrus.actors.verifreg.state import (
    ALLOCATIONS,
    CLAIMS,
    PROPOSAL_IDS,
    VERIFIERS,
    Allocation,
    Claim,
    RemoveDataCapProposalID,
    empty,
)
from papyrus.actors.verifreg.tokens import to_tokens
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError

STORE = MemoryBlockstore()
EPOCH = 1000
ROBUST = Address.actor(b"someone")
LATEST = EPOCH + POLICY.maximum_verified_allocation_expiration
ALLOCATION = Allocation(100, 110, piece(1), SIZE_MIN, TERM_MIN, TERM_MAX, LATEST)
CLAIM = Claim(110, 100, piece(2), SIZE_MIN, TERM_MIN, TERM_MAX * 2, EPOCH, 5)


def state(verifiers=None, allocations=(), claims=(), next_id=3):
    appointed = VERIFIERS.open(STORE, None)
    for verifier, allowance in (verifiers or {}).items():
        appointed.set(verifier, allowance)
    made = ALLOCATIONS.open(STORE, None)
    for owner, number, allocation in allocations:
        made.set(owner, number, allocation)
    claimed = CLAIMS.open(STORE, None)
    for owner, number, claim in claims:
        claimed.set(owner, number, claim)
    return replace(
        empty(STORE, Address.from_id(80)),
        verifiers=appointed.flush(),
        allocations=made.flush(),
        claims=claimed.flush(),
        next_allocation_id=next_id,
    )


def check(checked):
    findings = Findings()
    summary = check_state_invariants(STORE, checked, EPOCH, POLICY, findings)
    return summary, findings.sentences


def test_say_what_there_is():
    verifier = Address.from_id(101)
    good = state({verifier: 0}, [(100, 1, ALLOCATION)], [(110, 2, CLAIM)])
    summary, wrong = check(good)
    assert wrong == []
    assert summary == Summary({verifier: 0}, 1, SIZE_MIN, 1, [110])


def allocation(owner=100, number=1, **fields):
    return state(allocations=[(owner, number, replace(ALLOCATION, **fields))])


def claim(owner=110, number=1, **fields):
    return state(claims=[(owner, number, replace(CLAIM, **fields))])


@pytest.mark.parametrize(
    ("checked", "wrong"),
    [
        (state({Address.from_id(5): -1}), "verifier f05 cap -1 is negative"),
        (
            state({Address.actor(b"x"): 1}),
            f"verifier {Address.actor(b'x')} should have ID protocol",
        ),
        (allocation(number=3), "allocation 3: id exceeds next 3"),
        (allocation(owner=7), "allocation 1: client 100 doesn't match key 7"),
        (allocation(size=SIZE_MIN - 1), f"allocation 1: size {SIZE_MIN - 1} too small"),
        (allocation(term_min=TERM_MIN - 1), f"allocation 1: term min {TERM_MIN - 1} too small"),
        (allocation(term_max=TERM_MAX + 1), f"allocation 1: term max {TERM_MAX + 1} too large"),
        (
            allocation(term_max=TERM_MIN - 1),
            f"allocation 1: term min {TERM_MIN} exceeds max {TERM_MIN - 1}",
        ),
        (
            allocation(expiration=LATEST + 1),
            f"allocation 1: expiration {LATEST + 1} too far from now {EPOCH}",
        ),
        (claim(number=3), "claim 3: id exceeds next 3"),
        (claim(owner=7), "claim 1: provider 110 doesn't match key 7"),
        (claim(size=SIZE_MIN - 1), f"claim 1: size {SIZE_MIN - 1} too small"),
        (claim(term_min=TERM_MIN - 1), f"claim 1: term min {TERM_MIN - 1} too small"),
        (claim(term_max=TERM_MIN - 1), f"claim 1: term min {TERM_MIN} exceeds max {TERM_MIN - 1}"),
        (claim(term_start=EPOCH + 1), f"claim 1: term start {EPOCH + 1} after now {EPOCH}"),
    ],
)
def test_find_what_is_wrong(checked, wrong):
    assert check(checked)[1] == [wrong]


@pytest.mark.parametrize("name", ["verifiers", "allocations", "claims"])
def test_find_a_map_that_cannot_be_read(name):
    broken = replace(state(), **{name: put_cbor(STORE, [])})
    (wrong,) = check(broken)[1]
    assert wrong.startswith(f"error iterating {name}: ")


def test_hold_between_registry_and_token():
    summary = Summary({Address.from_id(101): 5}, allocated=SIZE_MIN)
    findings = Findings()
    held = {6: to_tokens(SIZE_MIN), 100: to_tokens(1)}
    check_against_datacap(summary, TokenSummary(to_tokens(1), held), findings)
    assert findings.sentences == []
    check_against_datacap(summary, TokenSummary(to_tokens(1), {101: to_tokens(1)}), findings)
    assert findings.sentences == [
        "verifier f0101 is also a datacap token holder",
        f"verifreg datacap balance 0 does not match pending allocation size {SIZE_MIN}",
    ]


def test_proposals_are_kept_by_verifier_and_client():
    pair = Address.from_id(101), Address.from_id(2**40)
    proposals = PROPOSAL_IDS.open(STORE, None)
    proposals.set(pair, RemoveDataCapProposalID(4))
    root = proposals.flush()
    assert dict(PROPOSAL_IDS.open(STORE, root).items()) == {pair: RemoveDataCapProposalID(4)}
    assert PROPOSAL_IDS.keys.parse(f"{pair[0]},{pair[1]}") == pair
    assert PROPOSAL_IDS.keys.encode(pair) == pair[0] + pair[1]
    for data in (b"", b"\x00\x65", b"\x00\x65\x00"):
        with pytest.raises(DecodeError):
            PROPOSAL_IDS.keys.decode(data)
