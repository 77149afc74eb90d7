import pytest
from markets import CLIENT, OTHER_CLIENT, START, active, piece, put_deals, settle, stored

from papyrus.actors.dispatch import frc42
from papyrus.actors.market.bounds import MIN_DURATION
from papyrus.actors.market.deals import DealID
from papyrus.actors.market.params import (
    EX_DEAL_EXPIRED,
    EX_DEAL_NOT_ACTIVATED,
    GetDealActivationReturn,
    GetDealDataCommitmentReturn,
    GetDealTermReturn,
)
from papyrus.actors.singletons import STORAGE_MARKET
from papyrus.ipld.schema import U64
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm.payloads import encoded

MINER = 110
DEALS = {
    0: (stored(MINER, 0, verified_deal=True, label=b"\xff"), None),
    1: (stored(MINER, 1, OTHER_CLIENT), active(7)),
    2: (stored(MINER, 2), active(8, updated=600, slashed=700)),
}
"""Deal 3 is over; 4 is yet to come."""

OF_THE_PROPOSAL = {
    "GetDealDataCommitment": GetDealDataCommitmentReturn(piece(0), 256).to_cbor(),
    "GetDealClient": encoded(U64, CLIENT.id),
    "GetDealProvider": encoded(U64, MINER),
    "GetDealLabel": b"\x41\xff",
    "GetDealTerm": GetDealTermReturn(START, MIN_DURATION).to_cbor(),
    "GetDealTotalPrice": encoded(TokenAmount, TokenAmount(10 * MIN_DURATION)),
    "GetDealClientCollateral": encoded(TokenAmount, TokenAmount(100)),
    "GetDealProviderCollateral": encoded(TokenAmount, TokenAmount(200)),
    "GetDealVerified": b"\xf5",
}
"""What is told of deal 0."""
QUERIES = [*OF_THE_PROPOSAL, "GetDealActivation", "GetDealSector"]


@pytest.fixture
def deals(vm):
    """Return a machine with the deals above."""
    extra = {3: (stored(MINER, 3), None)}

    def fill(one):
        put_deals(one, DEALS | extra)

    vm.each(fill)
    vm.each(lambda one: one.change(epoch=START))
    # Deal 3 times out.
    assert settle(vm, 3).code == 0
    return vm


def ask(vm, name, deal_id):
    return vm.send(CLIENT.id, STORAGE_MARKET, frc42(name), encoded(DealID, deal_id))


@pytest.mark.parametrize("name", OF_THE_PROPOSAL)
def test_the_terms_of_a_deal_are_told(deals, name):
    assert ask(deals, name, 0).value == OF_THE_PROPOSAL[name]


def test_a_label_of_text_is_told_as_text(deals):
    assert ask(deals, "GetDealLabel", 1).value == b"\x66deal 1"


@pytest.mark.parametrize("name", QUERIES)
def test_a_deal_that_is_over_is_told_from_one_that_never_was(deals, name):
    assert ask(deals, name, 3).code == EX_DEAL_EXPIRED
    assert ask(deals, name, 4).code == ExitCode.USR_NOT_FOUND
    assert ask(deals, name, 2**64 - 1).code == ExitCode.USR_ILLEGAL_STATE


def test_the_activation_of_a_deal_is_told(deals):
    answer = GetDealActivationReturn.from_cbor(ask(deals, "GetDealActivation", 1).value)
    assert answer == GetDealActivationReturn(500, -1)
    assert ask(deals, "GetDealSector", 1).value == b"\x07"


def test_a_deal_that_is_not_activated_is_in_no_sector(deals):
    answer = GetDealActivationReturn.from_cbor(ask(deals, "GetDealActivation", 0).value)
    assert answer == GetDealActivationReturn(-1, -1)
    assert ask(deals, "GetDealSector", 0).code == EX_DEAL_NOT_ACTIVATED


def test_a_deal_marked_for_termination_is_told_as_over(deals):
    assert ask(deals, "GetDealActivation", 2).code == EX_DEAL_EXPIRED
    assert ask(deals, "GetDealSector", 2).code == EX_DEAL_EXPIRED
    assert ask(deals, "GetDealVerified", 2).value == b"\xf4"
