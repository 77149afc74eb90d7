"""What every message on chain must look like, whatever the state (node.md 3.8.2, spec 4.3.2).

Lotus calls it validity for inclusion in a block (chain/types/message.go). A node asks it of
messages it hears of as well, so that none waits that no block could ever carry.
"""

from papyrus.consensus.base_fee import BLOCK_GAS_LIMIT
from papyrus.consensus.verdicts import Fault
from papyrus.crypto.bls import ZERO_PUBLIC_KEY
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Invalid
from papyrus.primitives.sentences import sentence
from papyrus.rules.gas_prices import GasPrices
from papyrus.types.message import MESSAGE_VERSION, Message
from papyrus.vm.gas import round_up
from papyrus.vm.gas_charges import on_chain_message, total

ZERO_ADDRESS = Address.bls(ZERO_PUBLIC_KEY)
"""The BLS address whose secret is zero, and so everybody's."""

MAX_VALUE = TokenAmount.from_fil(2_000_000_000)
"""All the FIL that there can ever be."""


def check_message(message: Message, chain_length: int, prices: GasPrices) -> None:
    """Raise Invalid unless a block may carry a message.

    `chain_length` is the bytes the message takes in a block, its signature included where that
    stands beside it; `prices` are the network's for inclusion at the block's epoch.
    """
    check_form(message)
    minimum = minimum_gas(chain_length, prices)
    if message.gas_limit < minimum:
        raise Invalid(
            Fault.MESSAGE_MINIMUM_GAS,
            f"a gas limit of {message.gas_limit}, which does not pay the {minimum} that "
            f"{chain_length} bytes on chain cost",
        )


def check_form(message: Message) -> None:
    """Raise Invalid unless a message is one that a block may carry, leaving aside its length."""
    if message.version != MESSAGE_VERSION:
        raise Invalid(Fault.MESSAGE_VERSION, f"version {message.version} is not supported")
    if message.to == ZERO_ADDRESS:
        raise Invalid(
            Fault.MESSAGE_TO_ZERO_ADDRESS, sentence("nobody can be behind {}", message.to)
        )
    if not 0 <= message.value <= MAX_VALUE:
        raise Invalid(
            Fault.MESSAGE_VALUE, f"a value of {message.value} attoFIL is not from 0 to all FIL"
        )
    if message.gas_fee_cap < 0:
        raise Invalid(Fault.MESSAGE_FEE_CAP, f"a fee cap of {message.gas_fee_cap} attoFIL")
    if not 0 <= message.gas_premium <= message.gas_fee_cap:
        raise Invalid(
            Fault.MESSAGE_PREMIUM,
            f"a premium of {message.gas_premium} attoFIL is not from 0 to the fee cap, "
            f"{message.gas_fee_cap}",
        )
    if not 0 < message.gas_limit <= BLOCK_GAS_LIMIT:
        raise Invalid(
            Fault.MESSAGE_GAS_LIMIT,
            f"a gas limit of {message.gas_limit} is not from 1 to a block's, {BLOCK_GAS_LIMIT}",
        )


def minimum_gas(chain_length: int, prices: GasPrices) -> int:
    """Return the gas that a message of so many bytes costs before it runs."""
    return round_up(total(on_chain_message(prices, chain_length)))
