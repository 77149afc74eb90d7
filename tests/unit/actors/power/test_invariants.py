from network import POWER, claims_of, findings_of_drivers, put_events, put_power, set_claim

from papyrus.actors.common.findings import Findings
from papyrus.actors.power.invariants import MinerCronEvent, check_state_invariants
from papyrus.actors.power.state import Claim, State
from papyrus.ipld.blockstore import put_cbor
from papyrus.primitives.address import Address
from papyrus.rules.policy import policy_of


def test_the_summary_counts_claims_and_names_events(vm):
    vm.each(lambda one: put_events(one, [(7, 201, b"x"), (9, 201, b"y")]))
    one = vm.one
    findings = Findings()
    summary = check_state_invariants(
        one.machine.store, one.state(POWER, State), policy_of(one.bundle), findings
    )
    assert not findings.sentences
    miner = Address.from_id(201)
    assert summary.claims == len(claims_of(one))
    assert summary.cron_events == {miner: [MinerCronEvent(7, b"x"), MinerCronEvent(9, b"y")]}


def test_collections_that_are_none_are_said(vm):
    def spoil(one):
        broken = put_cbor(one.base, 7)
        put_power(one, claims=broken, cron_event_queue=broken)

    vm.each(spoil)
    said = findings_of_drivers(vm.one, after_cron=False)
    assert "error iterating cron tasks" in said[0]
    assert "error iterating power claims" in said[1]


def test_what_does_not_hold_is_said(vm):
    def spoil(one):
        put_events(one, [(7, 201, b"x")])
        set_claim(one, 203, Claim(99, 1, 1))
        put_power(
            one,
            total_raw_byte_power=-1,
            total_quality_adjusted_power=-2,
            total_bytes_committed=-3,
            total_quality_adjusted_bytes_committed=-4,
            miner_above_minimum_power_count=9,
            first_cron_epoch=8,
            proof_validation_batch=one.codes["account"],
        )

    vm.each(spoil)
    said = findings_of_drivers(vm.one, after_cron=False)
    assert len([sentence for sentence in said if "negative" in sentence]) == 4
    assert len([sentence for sentence in said if "greater than" in sentence]) == 4
    assert len([sentence for sentence in said if "does not match" in sentence]) == 5
    assert len(said) == 16
