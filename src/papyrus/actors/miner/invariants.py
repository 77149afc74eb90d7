"""What holds of a miner between messages: its info, its funds, its sectors and its deadlines.

The released actors' own check wants a miner woken at its deadlines whenever it holds locked funds.
A miner that is made with a deposit (FIP-0077) holds some, and is not woken before its first
pre-commitment.

A miner's sectors are held in memory all at once, since every deadline looks up its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from papyrus.actors.common.findings import Findings
from papyrus.actors.miner.deadline_invariants import check_deadline
from papyrus.actors.miner.deadlines import load_deadline
from papyrus.actors.miner.info import MinerInfo
from papyrus.actors.miner.partition_invariants import SectorTable
from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.actors.miner.sectors import SectorOnChainInfo
from papyrus.actors.miner.state import (
    ALLOCATED_SECTORS,
    PRE_COMMIT_CLEANUP,
    PRE_COMMITTED_SECTORS,
    State,
    load_deadlines,
    load_info,
    open_sectors,
)
from papyrus.actors.miner.vesting import load_vesting
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.address import Protocol
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import DecodeError
from papyrus.proofs.proof_types import post_sector_size, window_post_partition_sectors
from papyrus.rules.policy import Policy


@dataclass(slots=True)
class Summary:
    """What other actors' states are checked against."""

    window_post_proof_type: int = 0
    deadline_cron_active: bool = False
    live_power: PowerPair = NO_POWER
    active_power: PowerPair = NO_POWER
    faulty_power: PowerPair = NO_POWER
    daily_fee: TokenAmount = ZERO
    genesis_sectors: int = 0
    """How many sectors there are since genesis."""
    sectors_with_data: dict[int, SectorOnChainInfo] = field(default_factory=dict)
    """Those with the weight of any deal, which may carry deals and claims."""


def check_state_invariants(
    store: Blockstore, state: State, policy: Policy, balance: TokenAmount, findings: Findings
) -> Summary:
    """Note what is wrong with a miner and return what it adds up to."""
    summary = Summary(deadline_cron_active=state.deadline_cron_active)
    try:
        info = load_info(store, state)
    except DecodeError as error:
        findings.add(f"error loading miner info: {error}")
        return summary
    summary.window_post_proof_type = info.window_post_proof_type
    _check_info(info, findings)
    _check_balances(state, balance, findings)
    allocated = BitField()
    try:
        _check_vesting(store, state, policy, findings)
        allocated = ALLOCATED_SECTORS.load(store, state.allocated_sectors).numbers
        _check_pre_commits(store, state, policy, allocated, findings)
    except DecodeError as error:
        findings.add(f"error loading funds, pre-commitments or sector numbers: {error}")
    try:
        sectors = _check_sectors(store, state, allocated, findings, summary)
        _check_deadlines(store, state, policy, info, sectors, findings, summary)
    except DecodeError as error:
        findings.add(f"error loading sectors or deadlines: {error}")
    return summary


def _check_info(info: MinerInfo, findings: Findings) -> None:
    addresses = {"owner": info.owner, "worker": info.worker}
    if info.pending_worker_key is not None:
        pending = addresses["pending worker"] = info.pending_worker_key.new_worker
        findings.require(
            pending != info.worker, f"pending worker key {pending} is same as existing worker"
        )
    if info.pending_owner_address is not None:
        pending = addresses["pending owner"] = info.pending_owner_address
        findings.require(
            pending != info.owner, f"pending owner address {pending} is same as existing owner"
        )
    for place, address in enumerate(info.control_addresses):
        addresses[f"control {place}"] = address
    for name, address in addresses.items():
        findings.require(
            address.protocol is Protocol.ID, f"{name} address {address} is not an ID address"
        )
    proof = info.window_post_proof_type
    size, partition_sectors = post_sector_size(proof), window_post_partition_sectors(proof)
    if size is None:
        findings.add(f"invalid Window PoSt proof type {proof}")
        return
    findings.require(
        info.sector_size == size,
        f"sector size {info.sector_size} is wrong for Window PoSt proof type {proof}: {size}",
    )
    findings.require(
        info.window_post_partition_sectors == partition_sectors,
        f"miner partition sectors {info.window_post_partition_sectors} does not match partition "
        f"sectors {partition_sectors} for PoSt proof type {proof}",
    )


def _check_balances(state: State, balance: TokenAmount, findings: Findings) -> None:
    for name, amount in (
        ("actor balance", balance),
        ("locked funds", state.locked_funds),
        ("precommit deposit", state.pre_commit_deposits),
        ("initial pledge", state.initial_pledge),
        ("fee debt", state.fee_debt),
    ):
        findings.require(amount >= 0, f"miner {name} is less than zero: {amount}")
    locked = state.locked_funds + state.pre_commit_deposits + state.initial_pledge
    findings.require(
        balance >= locked,
        f"miner balance {balance} is less than sum of locked funds ({state.locked_funds}), "
        f"precommit deposit ({state.pre_commit_deposits}) and initial pledge "
        f"({state.initial_pledge})",
    )
    findings.require(
        state.deadline_cron_active or not (state.initial_pledge or state.pre_commit_deposits),
        "DeadlineCronActive == false when IP+PCD > 0",
    )


def _check_vesting(store: Blockstore, state: State, policy: Policy, findings: Findings) -> None:
    quant = state.quant_of_every_deadline(policy)
    total = ZERO
    for entry in load_vesting(store, state.vesting_funds):
        findings.require(
            entry.amount > 0, f"non-positive amount in miner vesting table entry {entry}"
        )
        rounded = quant.quantize_up(entry.epoch)
        findings.require(
            entry.epoch == rounded,
            f"vesting table entry has non-quantized epoch {entry.epoch} (should be {rounded})",
        )
        total += entry.amount
    findings.require(
        state.locked_funds == total,
        f"locked funds {state.locked_funds} is not sum of vesting table entries {total}",
    )


def _check_pre_commits(
    store: Blockstore, state: State, policy: Policy, allocated: BitField, findings: Findings
) -> None:
    quant = state.quant_of_every_deadline(policy)
    scheduled = BitField()
    cleanups = PRE_COMMIT_CLEANUP.open(store, state.pre_committed_sectors_cleanup)
    for epoch, numbers in cleanups.items():
        findings.require(
            quant.quantize_up(epoch) == epoch, f"pre-commit expiration {epoch} is not quantized"
        )
        scheduled |= numbers
    total = ZERO
    pre_commits = PRE_COMMITTED_SECTORS.open(store, state.pre_committed_sectors)
    for number, pre_commit in pre_commits.items():
        findings.require(
            number in allocated, f"pre-commited sector number has not been allocated {number}"
        )
        findings.require(
            number in scheduled,
            f"no clean-up epoch for pre-commit at {pre_commit.pre_commit_epoch}",
        )
        total += pre_commit.pre_commit_deposit
    findings.require(
        state.pre_commit_deposits == total,
        f"sum of pre-commit deposits {total} does not equal recorded pre-commit deposit "
        f"{state.pre_commit_deposits}",
    )


def _check_sectors(
    store: Blockstore, state: State, allocated: BitField, findings: Findings, summary: Summary
) -> dict[int, SectorOnChainInfo]:
    """Check the sectors and return them."""
    sectors = dict(open_sectors(store, state).array.items())
    for number, sector in sectors.items():
        findings.require(
            number in allocated,
            f"on chain sector's sector number has not been allocated {number}",
        )
        if sector.deal_weight or sector.verified_deal_weight:
            summary.sectors_with_data[number] = sector
        summary.genesis_sectors += sector.activation == 0
        findings.require(
            sector.activation <= sector.power_base_epoch, f"invalid power base for {number}"
        )
        findings.require(
            sector.power_base_epoch < sector.expiration,
            f"power base epoch is not before the sector expiration {number}",
        )
    return sectors


def _check_deadlines(
    store: Blockstore,
    state: State,
    policy: Policy,
    info: MinerInfo,
    sectors: Mapping[int, SectorOnChainInfo],
    findings: Findings,
    summary: Summary,
) -> None:
    findings.require(
        state.current_deadline < policy.deadlines_in_period,
        f"current deadline index is greater than deadlines per period"
        f"({policy.deadlines_in_period}): {state.current_deadline}",
    )
    deadlines = load_deadlines(store, state)
    numbers = BitField.from_bits(sectors)
    for index in range(len(deadlines.due)):
        found = check_deadline(
            store,
            load_deadline(store, deadlines, index),
            SectorTable(sectors, info.sector_size, state.quant_of_deadline(policy, index), numbers),
            findings.within(f"deadline {index}"),
        )
        summary.live_power += found.live_power
        summary.active_power += found.active_power
        summary.faulty_power += found.faulty_power
        summary.daily_fee += found.daily_fee
