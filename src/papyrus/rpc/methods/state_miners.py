"""Miners, their sectors and their power: the State methods that storage providers live by."""

from papyrus.ipld.schema import U64
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rpc.declarations import HEAD, READ, Context, method
from papyrus.rpc.json_values import MaybeAddress
from papyrus.rpc.methods.looking import StateNode, look
from papyrus.rpc.views import miner_info, miner_sectors, power
from papyrus.types.tipset import TipsetKey


@method("StateMinerInfo", READ)
async def state_miner_info(
    context: Context[StateNode], miner: Address, key: TipsetKey = HEAD
) -> miner_info.MinerInfoView:
    """Return who a miner is: its owner, worker, beneficiary and sector size."""
    return await look(context, key, miner_info.miner_info, miner)


@method("StateMinerProvingDeadline", READ)
async def state_miner_proving_deadline(
    context: Context[StateNode], miner: Address, key: TipsetKey = HEAD
) -> miner_info.ProvingDeadline:
    """Return the deadline of a miner whose window is open or opens next."""
    return await look(context, key, miner_info.proving_deadline, miner)


@method("StateMinerAvailableBalance", READ)
async def state_miner_available_balance(
    context: Context[StateNode], miner: Address, key: TipsetKey = HEAD
) -> TokenAmount:
    """Return what a miner could withdraw now."""
    return await look(context, key, miner_info.available, miner)


@method("StateMinerAllocated", READ, versions=(1,))
async def state_miner_allocated(
    context: Context[StateNode], miner: Address, key: TipsetKey = HEAD
) -> BitField:
    """Return every sector number that a miner has ever used."""
    return await look(context, key, miner_info.allocated_numbers, miner)


@method("StateMinerDeadlines", READ)
async def state_miner_deadlines(
    context: Context[StateNode], miner: Address, key: TipsetKey = HEAD
) -> list[miner_sectors.DeadlineView]:
    """Return what has been proven of each of a miner's deadlines."""
    return await look(context, key, miner_sectors.deadlines, miner)


@method("StateMinerPartitions", READ)
async def state_miner_partitions(
    context: Context[StateNode], miner: Address, deadline: int, key: TipsetKey = HEAD
) -> list[miner_sectors.PartitionView]:
    """Return the sectors of a deadline, partition by partition."""
    return await look(context, key, miner_sectors.partitions, miner, deadline)


@method("StateMinerSectors", READ)
async def state_miner_sectors(
    context: Context[StateNode], miner: Address, numbers: BitField | None, key: TipsetKey = HEAD
) -> list[miner_sectors.SectorView]:
    """Return a miner's sectors, or those of some numbers."""
    return await look(context, key, miner_sectors.sectors, miner, numbers)


@method("StateMinerActiveSectors", READ)
async def state_miner_active_sectors(
    context: Context[StateNode], miner: Address, key: TipsetKey = HEAD
) -> list[miner_sectors.SectorView]:
    """Return the sectors that count for a miner's power."""
    return await look(context, key, miner_sectors.active_sectors, miner)


@method("StateMinerSectorCount", READ)
async def state_miner_sector_count(
    context: Context[StateNode], miner: Address, key: TipsetKey = HEAD
) -> miner_sectors.SectorCounts:
    """Return how many sectors a miner has."""
    return await look(context, key, miner_sectors.counts, miner)


@method("StateMinerFaults", READ)
async def state_miner_faults(
    context: Context[StateNode], miner: Address, key: TipsetKey = HEAD
) -> BitField:
    """Return the numbers of a miner's faulty sectors."""
    return await look(context, key, miner_sectors.faults, miner)


@method("StateMinerRecoveries", READ)
async def state_miner_recoveries(
    context: Context[StateNode], miner: Address, key: TipsetKey = HEAD
) -> BitField:
    """Return the numbers of the faulty sectors that are declared recovered."""
    return await look(context, key, miner_sectors.recoveries, miner)


@method("StateSectorGetInfo", READ)
async def state_sector_get_info(
    context: Context[StateNode], miner: Address, number: U64, key: TipsetKey = HEAD
) -> miner_sectors.SectorView | None:
    """Return a sector that is proven, null where there is none of the number."""
    return await look(context, key, miner_sectors.sector, miner, number)


@method("StateSectorPreCommitInfo", READ)
async def state_sector_pre_commit_info(
    context: Context[StateNode], miner: Address, number: U64, key: TipsetKey = HEAD
) -> miner_sectors.PreCommitView | None:
    """Return what was announced of a sector that is not yet proven, null where nothing was."""
    return await look(context, key, miner_sectors.pre_commit, miner, number)


@method("StateSectorPartition", READ)
async def state_sector_partition(
    context: Context[StateNode], miner: Address, number: U64, key: TipsetKey = HEAD
) -> miner_sectors.SectorLocation | None:
    """Return the deadline and partition that a sector is proven in."""
    return await look(context, key, miner_sectors.location, miner, number)


@method("StateSectorExpiration", READ)
async def state_sector_expiration(
    context: Context[StateNode], miner: Address, number: U64, key: TipsetKey = HEAD
) -> miner_sectors.SectorExpirationView | None:
    """Return when a sector ends, on time and early."""
    return await look(context, key, miner_sectors.expiration, miner, number)


@method("StateListMiners", READ)
async def state_list_miners(context: Context[StateNode], key: TipsetKey = HEAD) -> list[Address]:
    """Return every miner that has a claim of power."""
    return await look(context, key, power.list_miners)


@method("StateMinerPower", READ)
async def state_miner_power(
    context: Context[StateNode], miner: MaybeAddress, key: TipsetKey = HEAD
) -> power.MinerPowerView:
    """Return a miner's power beside the network's."""
    return await look(context, key, power.miner_power, miner)


@method("StateMinerPreCommitDepositForPower", READ)
async def state_miner_pre_commit_deposit_for_power(
    context: Context[StateNode],
    _miner: Address,
    announced: power.PreCommitted,
    key: TipsetKey = HEAD,
) -> TokenAmount:
    """Return the deposit for announcing a sector, with a margin of a tenth."""
    return await look(context, key, power.pre_commit_deposit, announced)


@method("StateMinerInitialPledgeForSector", READ, versions=(1,))
async def state_miner_initial_pledge_for_sector(
    context: Context[StateNode],
    duration: ChainEpoch,
    size: int,
    verified_size: int,
    key: TipsetKey = HEAD,
) -> TokenAmount:
    """Return the pledge for a sector, with a margin of a tenth."""
    return await look(context, key, power.sector_pledge, duration, size, verified_size)


@method("StateMinerCreationDeposit", READ, versions=(1,))
async def state_miner_creation_deposit(
    context: Context[StateNode], key: TipsetKey = HEAD
) -> TokenAmount:
    """Return what a new miner puts down."""
    return await look(context, key, power.creation_deposit)


class StateMiners:
    """The group, as a server registers and a client has it."""

    state_miner_info = state_miner_info
    state_miner_proving_deadline = state_miner_proving_deadline
    state_miner_available_balance = state_miner_available_balance
    state_miner_allocated = state_miner_allocated
    state_miner_deadlines = state_miner_deadlines
    state_miner_partitions = state_miner_partitions
    state_miner_sectors = state_miner_sectors
    state_miner_active_sectors = state_miner_active_sectors
    state_miner_sector_count = state_miner_sector_count
    state_miner_faults = state_miner_faults
    state_miner_recoveries = state_miner_recoveries
    state_sector_get_info = state_sector_get_info
    state_sector_pre_commit_info = state_sector_pre_commit_info
    state_sector_partition = state_sector_partition
    state_sector_expiration = state_sector_expiration
    state_list_miners = state_list_miners
    state_miner_power = state_miner_power
    state_miner_pre_commit_deposit_for_power = state_miner_pre_commit_deposit_for_power
    state_miner_initial_pledge_for_sector = state_miner_initial_pledge_for_sector
    state_miner_creation_deposit = state_miner_creation_deposit
