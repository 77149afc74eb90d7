"""Who gets what a miner earns: proposing, approving and asking for a beneficiary (FIP-0029)."""

from dataclasses import replace

from papyrus.actors.dispatch import method
from papyrus.actors.miner.info import BeneficiaryTerm, MinerInfo, PendingBeneficiaryChange
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.control import (
    ActiveBeneficiary,
    ChangeBeneficiaryParams,
    GetBeneficiaryReturn,
)
from papyrus.actors.miner.state import State, load_info, with_info
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO
from papyrus.vm.aborts import forbidden, illegal_argument
from papyrus.vm.runtime import Runtime


@method(numbers.CHANGE_BENEFICIARY, numbers.CHANGE_BENEFICIARY_EXPORTED)
def change_beneficiary(rt: Runtime, params: ChangeBeneficiaryParams) -> None:
    """Propose a beneficiary, as the owner, or approve the one that is proposed.

    The change takes effect once the proposed beneficiary has approved it and so has the one there
    is, as long as that one has time and quota left.
    """
    rt.accept_any_caller()
    actor_id = rt.resolve(params.new_beneficiary)
    if actor_id is None:
        raise illegal_argument(f"unable to resolve address: {params.new_beneficiary}")
    new_beneficiary = Address.from_id(actor_id)
    state = rt.load(State)
    info = load_info(rt.store, state)
    if rt.caller == info.owner:
        proposal = _proposal(rt, info, new_beneficiary, params)
    elif info.pending_beneficiary_term is not None:
        proposal = info.pending_beneficiary_term
        _require_same_proposal(rt, info, proposal, new_beneficiary, params)
    else:
        raise forbidden("No changeBeneficiary proposal exists")

    proposal = replace(
        proposal,
        approved_by_beneficiary=proposal.approved_by_beneficiary or rt.caller == info.beneficiary,
        approved_by_nominee=proposal.approved_by_nominee or rt.caller == new_beneficiary,
    )
    rt.save(with_info(rt.store, state, _with_proposal(info, proposal)))


@method(numbers.GET_BENEFICIARY, numbers.GET_BENEFICIARY_EXPORTED)
def get_beneficiary(rt: Runtime, _: None) -> GetBeneficiaryReturn:
    """Return the beneficiary there is and the one that is proposed, if any."""
    rt.accept_any_caller()
    info = load_info(rt.store, rt.load(State))
    active = ActiveBeneficiary(info.beneficiary, info.beneficiary_term)
    return GetBeneficiaryReturn(active, info.pending_beneficiary_term)


def _proposal(
    rt: Runtime, info: MinerInfo, new_beneficiary: Address, params: ChangeBeneficiaryParams
) -> PendingBeneficiaryChange:
    """Return the owner's proposal, which replaces any there is."""
    if new_beneficiary != info.owner:
        if params.new_quota <= 0:
            raise illegal_argument(f"beneficial quota {params.new_quota} must bigger than zero")
    elif params.new_quota != 0:
        raise illegal_argument(f"owner beneficial quota {params.new_quota} must be zero")
    elif params.new_expiration != 0:
        raise illegal_argument(f"owner beneficial expiration {params.new_expiration} must be zero")
    return PendingBeneficiaryChange(
        new_beneficiary,
        params.new_quota,
        params.new_expiration,
        # A beneficiary who can withdraw nothing any more is not asked.
        approved_by_beneficiary=info.beneficiary_term.available(rt.epoch) == 0,
        approved_by_nominee=False,
    )


def _require_same_proposal(
    rt: Runtime,
    info: MinerInfo,
    proposal: PendingBeneficiaryChange,
    new_beneficiary: Address,
    params: ChangeBeneficiaryParams,
) -> None:
    """Abort unless one of the two concerned approves exactly what is proposed."""
    if rt.caller not in (info.beneficiary, proposal.new_beneficiary):
        raise forbidden(
            f"message caller {rt.caller} is neither proposal beneficiary {params.new_beneficiary} "
            f"nor current beneficiary {info.beneficiary}"
        )
    for what, proposed, approved in (
        ("new beneficiary address", proposal.new_beneficiary, new_beneficiary),
        ("new beneficiary quota", proposal.new_quota, params.new_quota),
        ("new beneficiary expire date", proposal.new_expiration, params.new_expiration),
    ):
        if proposed != approved:
            raise illegal_argument(f"{what} must be equal expect {proposed}, but got {approved}")


def _with_proposal(info: MinerInfo, proposal: PendingBeneficiaryChange) -> MinerInfo:
    """Return the info with a proposal pending, or in effect where both have approved it."""
    if not (proposal.approved_by_beneficiary and proposal.approved_by_nominee):
        return replace(info, pending_beneficiary_term=proposal)
    stays = proposal.new_beneficiary == info.beneficiary
    term = BeneficiaryTerm(
        quota=proposal.new_quota,
        used_quota=info.beneficiary_term.used_quota if stays else ZERO,
        expiration=proposal.new_expiration,
    )
    return replace(
        info,
        beneficiary=proposal.new_beneficiary,
        beneficiary_term=term,
        pending_beneficiary_term=None,
    )
