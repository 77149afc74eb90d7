"""What holds of a payment channel between messages.

The released actors' own check is written for channels that settle, and with vouchers of more than
nothing. Here the height is compared only once the channel settles, and a lane may have redeemed
nothing: a voucher of nothing is a good one, and opens its lane.
"""

from dataclasses import dataclass

from papyrus.actors.common.findings import Findings
from papyrus.actors.paych.state import LANES, State
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.address import Protocol
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import DecodeError


@dataclass(frozen=True, slots=True)
class Summary:
    """A payment channel in numbers."""

    lanes: int
    redeemed: TokenAmount
    """By all lanes, those merged into others counted again."""


def check_state_invariants(
    store: Blockstore, state: State, balance: TokenAmount, findings: Findings
) -> Summary:
    """Note what is wrong with a channel of some balance and return it in numbers."""
    for name, party in (("payer", state.payer), ("payee", state.payee)):
        findings.require(party.protocol is Protocol.ID, f"{name} address is not ID address {party}")
    findings.require(
        state.settling_at == 0 or state.settling_at >= state.min_settle_height,
        f"channel is settling at epoch {state.settling_at} before min settle height "
        f"{state.min_settle_height}",
    )
    lanes = 0
    redeemed = ZERO
    try:
        for number, lane in LANES.open(store, state.lanes).items():
            findings.require(
                lane.redeemed >= 0, f"lane {number} redeemed is less than zero {lane.redeemed}"
            )
            lanes += 1
            redeemed += lane.redeemed
    except DecodeError as error:
        findings.add(f"error iterating lanes: {error}")
    findings.require(state.to_send >= 0, f"channel owes less than nothing: {state.to_send}")
    findings.require(
        balance >= state.to_send,
        f"channel has insufficient funds to send ({balance} < {state.to_send})",
    )
    return Summary(lanes, redeemed)
