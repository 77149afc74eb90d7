"""The storage miner actor: the table of its methods."""

from papyrus.actors.dispatch import ActorCode
from papyrus.actors.miner.methods import beneficiary, consensus_fault, control, payments
from papyrus.actors.miner.state import State

MINER_ACTOR = ActorCode(
    name="storageminer",
    state=State,
    methods=(
        control.constructor,
        control.control_addresses,
        control.get_owner,
        control.is_controlling_address,
        control.get_sector_size,
        control.get_peer_id,
        control.change_peer_id,
        control.get_multiaddrs,
        control.change_multiaddrs,
        control.change_worker_address,
        control.confirm_change_worker_address,
        control.change_owner_address,
        beneficiary.change_beneficiary,
        beneficiary.get_beneficiary,
        payments.apply_rewards,
        payments.withdraw_balance,
        payments.repay_debt,
        payments.get_available_balance,
        payments.get_vesting_funds,
        payments.max_termination_fee,
        payments.initial_pledge,
        consensus_fault.report_consensus_fault,
    ),
)
