"""The miners of a genesis, with the sectors they have sealed beforehand.

Each is made by the messages that make any miner, publishes the deals that fill its sectors, and
commits the sectors one by one. What these messages cannot do at epoch 0 is done to the state in
between: the network has the power of all sectors from the start, so that pledges are what they
will be, and the sectors count as proven though no proof was seen (Lotus chain/gen/genesis).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.actors.market.deals import ClientDealProposal, DealProposal
from papyrus.actors.market.params import (
    ADD_BALANCE,
    PUBLISH_STORAGE_DEALS,
    PublishStorageDealsParams,
    PublishStorageDealsReturn,
)
from papyrus.actors.miner.monies import initial_pledge_for_power, pre_commit_deposit_for_power
from papyrus.actors.miner.params.numbers import (
    INTERNAL_SECTOR_SETUP_FOR_PRESEAL,
    PRE_COMMIT_SECTOR_BATCH_2,
)
from papyrus.actors.miner.params.onboarding import (
    InternalSectorSetupForPresealParams,
    PreCommitSectorBatch2Params,
)
from papyrus.actors.miner.power import quality_adjusted_power_max
from papyrus.actors.miner.sectors import SectorPreCommitInfo
from papyrus.actors.miner.state import State as MinerState
from papyrus.actors.power.params import (
    CREATE_MINER,
    UPDATE_CLAIMED_POWER,
    CreateMinerParams,
    CreateMinerReturn,
    UpdateClaimedPowerParams,
)
from papyrus.actors.power.state import State as PowerState
from papyrus.actors.reward import state as reward
from papyrus.actors.singletons import (
    REWARD,
    STORAGE_MARKET,
    STORAGE_POWER,
    SYSTEM,
    VERIFIED_REGISTRY,
)
from papyrus.actors.verifreg.params import ADD_VERIFIED_CLIENT, ADD_VERIFIER, VerifierParams
from papyrus.genesis.initial_state import FIRST_VERIFIER_ID, ROOT_ID
from papyrus.genesis.keys import sign_deal
from papyrus.genesis.messages import send
from papyrus.genesis.proven import count_as_proven
from papyrus.genesis.sectors import window_proof_of
from papyrus.genesis.states import load_state, save_state
from papyrus.genesis.template import FIRST_MINER_ID, Miner, Sector, Template
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import LocalFault
from papyrus.rules.network import INITIAL_RESERVE
from papyrus.rules.policy import Policy
from papyrus.vm.machine import Machine
from papyrus.vm.payloads import encoded

MAX_DEALS_PUBLISHED = 8192
"""Deals in one message."""

_BEFORE_GENESIS = -1
_NO_ESTIMATE = FilterEstimate(0, 0)

Progress = Callable[[int, str], None]
"""Hears how many more sectors are done, and of which miner."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A miner that has published its deals."""

    miner: Miner
    address: Address
    expiration: int
    """The epoch at which its sectors and deals end."""
    deal_ids: tuple[int, ...]
    """Of the deals of its sectors, in their order."""


def grant_datacap(machine: Machine, template: Template) -> None:
    """Give the clients the DataCap for their deals, which takes the first verifier's."""
    needs: dict[Address, int] = {}
    for miner in template.miners:
        size = miner.sector_size * len(miner.sectors)
        needs[miner.client] = needs.get(miner.client, 0) + size
    verifier = Address.from_id(FIRST_VERIFIER_ID)
    everything = VerifierParams(verifier, sum(needs.values()))
    send(machine, Address.from_id(ROOT_ID), VERIFIED_REGISTRY, ADD_VERIFIER, everything)
    for client, size in needs.items():
        params = VerifierParams(client, size)
        send(machine, verifier, VERIFIED_REGISTRY, ADD_VERIFIED_CLIENT, params)


def make_miners(machine: Machine, template: Template, policy: Policy, progress: Progress) -> None:
    """Make every miner, with its sectors proven and its power counted.

    LocalFault where a message fails, or the power comes to less than that of all sectors.
    """
    made = [
        _make_miner(machine, template, policy, place, miner)
        for place, miner in enumerate(template.miners)
    ]
    raw = sum(miner.sector_size * len(miner.sectors) for miner in template.miners)
    quality_adjusted = sum(
        quality_adjusted_power_max(miner.sector_size) * len(miner.sectors)
        for miner in template.miners
    )
    _set_power(machine, raw, quality_adjusted)
    save_state(machine, REWARD, reward.initial(0))

    for one in made:
        for sector, deal_id in zip(one.miner.sectors, one.deal_ids, strict=True):
            _commit_sector(machine, one, sector, deal_id)
            progress(1, str(one.address))
        count_as_proven(machine, one.address)

    power = load_state(machine, STORAGE_POWER, PowerState)
    if (power.total_raw_byte_power, power.total_quality_adjusted_power) != (raw, quality_adjusted):
        raise LocalFault(
            f"only {power.total_raw_byte_power} of {raw} bytes of power count: each miner needs at "
            f"least {policy.minimum_consensus_power} bytes on {template.network}"
        )


def _make_miner(
    machine: Machine, template: Template, policy: Policy, place: int, miner: Miner
) -> _Made:
    # Quirk: Lotus names the worker as owner too; the owner only pays.
    params = CreateMinerParams(
        owner=miner.worker,
        worker=miner.worker,
        window_post_proof_type=window_proof_of(miner.sector_size),
        peer=miner.peer_id,
        multiaddrs=(),
    )
    deposit = _creation_deposit(machine, policy)
    answer = send(machine, miner.owner, STORAGE_POWER, CREATE_MINER, params, deposit)
    address = CreateMinerReturn.from_cbor(answer).id_address
    if address.id != FIRST_MINER_ID + place:
        raise LocalFault(
            f"miner f0{FIRST_MINER_ID + place} became {address}: {miner.owner} or {miner.worker} "
            "had no account, and took an ID for one"
        )
    period_start = load_state(machine, address, MinerState).proving_period_start
    periods = policy.max_sector_expiration_extension // policy.proving_period - 1
    expiration = periods * policy.proving_period + period_start - 1
    if miner.market_balance:
        send(
            machine, miner.worker, STORAGE_MARKET, ADD_BALANCE,
            encoded(Address, address), miner.market_balance,
        )  # fmt: skip
    deals = [_deal(template, miner, address, sector, expiration) for sector in miner.sectors]
    deal_ids: list[int] = []
    for start in range(0, len(deals), MAX_DEALS_PUBLISHED):
        batch = PublishStorageDealsParams(tuple(deals[start : start + MAX_DEALS_PUBLISHED]))
        published = PublishStorageDealsReturn.from_cbor(
            send(machine, miner.worker, STORAGE_MARKET, PUBLISH_STORAGE_DEALS, batch)
        )
        deal_ids += published.ids
    if len(deal_ids) != len(deals):
        raise LocalFault(f"the market took only {len(deal_ids)} of {len(deals)} deals of {address}")
    return _Made(miner, address, expiration, tuple(deal_ids))


def _deal(
    template: Template, miner: Miner, provider: Address, sector: Sector, end: int
) -> ClientDealProposal:
    """Return the signed deal that fills a sector, for nothing, as long as it lasts."""
    proposal = DealProposal(
        piece_cid=sector.unsealed_cid,
        piece_size=miner.sector_size,
        verified_deal=True,
        client=miner.client,
        provider=provider,
        label=sector.label,
        start_epoch=0,
        end_epoch=end,
        storage_price_per_epoch=ZERO,
        provider_collateral=ZERO,
        client_collateral=ZERO,
    )
    return ClientDealProposal(proposal, sign_deal(template, miner.client, proposal.to_cbor()))


def _commit_sector(machine: Machine, made: _Made, sector: Sector, deal_id: int) -> None:
    size = made.miner.sector_size
    quality_adjusted = quality_adjusted_power_max(size)
    # The network has this sector's power already; now the miner's claim brings it.
    power = load_state(machine, STORAGE_POWER, PowerState)
    _set_total_power(
        machine,
        power,
        power.total_raw_byte_power - size,
        power.total_quality_adjusted_power - quality_adjusted,
    )
    announced = SectorPreCommitInfo(
        seal_proof=sector.seal_proof,
        sector_number=sector.number,
        sealed_cid=sector.sealed_cid,
        seal_randomness_epoch=_BEFORE_GENESIS,
        deal_ids=(deal_id,),
        expiration=made.expiration,
        unsealed_cid=sector.unsealed_cid,
    )
    send(
        machine, made.miner.worker, made.address, PRE_COMMIT_SECTOR_BATCH_2,
        PreCommitSectorBatch2Params((announced,)), _deposit_and_pledge(machine, quality_adjusted),
    )  # fmt: skip
    # Quirk: Lotus gives no estimates, so that each sector's pledge becomes a single attoFIL.
    setup = InternalSectorSetupForPresealParams((sector.number,), _NO_ESTIMATE, 0, _NO_ESTIMATE)
    send(machine, SYSTEM, made.address, INTERNAL_SECTOR_SETUP_FOR_PRESEAL, setup)
    claim = UpdateClaimedPowerParams(size, quality_adjusted)
    send(machine, made.address, STORAGE_POWER, UPDATE_CLAIMED_POWER, claim)


def _creation_deposit(machine: Machine, policy: Policy) -> TokenAmount:
    """Return what the owner sends along; the actor asks for less, as nothing circulates yet."""
    power = load_state(machine, STORAGE_POWER, PowerState)
    minted = load_state(machine, REWARD, reward.State)
    return initial_pledge_for_power(
        policy.create_miner_deposit_power,
        minted.this_epoch_baseline_power,
        minted.this_epoch_reward_smoothed,
        power.this_epoch_quality_adjusted_power_smoothed,
        INITIAL_RESERVE,
        0,
        power.ramp_duration_epochs,
    )


def _deposit_and_pledge(machine: Machine, quality_adjusted: int) -> TokenAmount:
    """Return what the worker sends with a sector: its deposit and its pledge."""
    power = load_state(machine, STORAGE_POWER, PowerState)
    minted = load_state(machine, REWARD, reward.State)
    network_power = power.this_epoch_quality_adjusted_power_smoothed
    deposit = pre_commit_deposit_for_power(
        minted.this_epoch_reward_smoothed, network_power, quality_adjusted
    )
    pledge = initial_pledge_for_power(
        quality_adjusted,
        minted.this_epoch_baseline_power,
        minted.this_epoch_reward_smoothed,
        network_power,
        ZERO,
        0,
        0,
    )
    return deposit + pledge


def _set_power(machine: Machine, raw: int, quality_adjusted: int) -> None:
    power = replace(
        load_state(machine, STORAGE_POWER, PowerState),
        this_epoch_raw_byte_power=raw,
        this_epoch_quality_adjusted_power=quality_adjusted,
    )
    _set_total_power(machine, power, raw, quality_adjusted)


def _set_total_power(machine: Machine, power: PowerState, raw: int, quality_adjusted: int) -> None:
    changed = replace(
        power, total_raw_byte_power=raw, total_quality_adjusted_power=quality_adjusted
    )
    save_state(machine, STORAGE_POWER, changed)
