"""Msig and Market: multisigs and escrow by the messages that a node makes for its clients."""

import base64

import pytest
from devnet_desk import Refused, devnet_desk

from papyrus.actors.init.params import ExecReturn
from papyrus.actors.multisig.params import ApproveReturn, ProposeReturn

FIL = 10**18


@pytest.fixture(scope="module")
def desk():
    with devnet_desk() as opened:
        opened.mine()
        yield opened


def execute(desk, prototype):
    """Send a prototype, see it executed, and return its receipt."""
    assert prototype["ValidNonce"] is False
    receipt = desk.receipt(desk("MpoolPushMessage", prototype["Message"], None)["CID"])
    assert receipt["ExitCode"] == 0, receipt
    return receipt


def returned(kind, receipt):
    return kind.from_cbor(base64.b64decode(receipt["Return"]))


def create(desk, signers, required=2, value=FIL, duration=0):
    prototype = desk("MsigCreate", required, signers, duration, str(value), signers[0], "0")
    made = returned(ExecReturn, execute(desk, prototype))
    return made.robust_address.to_string("t")


@pytest.fixture(scope="module")
def multisig(desk):
    return create(desk, desk.accounts)


def propose(desk, multisig, to, value, sender):
    prototype = desk("MsigPropose", multisig, to, str(value), sender, 0, None)
    return returned(ProposeReturn, execute(desk, prototype)).transaction_id


def test_proposal_is_sent_once_it_is_approved(desk, multisig):
    alice, bob, carol = desk.accounts
    before = desk.balance(carol)
    number = propose(desk, multisig, carol, FIL // 2, alice)
    [waiting] = desk("MsigGetPending", multisig, [])
    assert waiting == {
        "ID": number,
        "To": carol,
        "Value": str(FIL // 2),
        "Method": 0,
        "Params": waiting["Params"],
        "Approved": [desk("StateLookupID", alice, [])],
    }
    assert waiting["Params"] in ("", None)
    receipt = execute(desk, desk("MsigApprove", multisig, number, bob))
    assert returned(ApproveReturn, receipt).applied
    assert desk.balance(carol) == before + FIL // 2
    assert desk("MsigGetPending", multisig, []) == []
    assert desk("MsigGetAvailableBalance", multisig, []) == str(FIL // 2)


def test_approval_of_something_else_is_refused(desk, multisig):
    alice, bob, carol = desk.accounts
    number = propose(desk, multisig, carol, 5, alice)
    described = [multisig, number, alice, carol, "6", bob, 0, None]
    wrong = desk("MsigApproveTxnHash", *described)
    with pytest.raises(Refused, match="ErrIllegalArgument") as refused:
        desk("MpoolPushMessage", wrong["Message"], None)
    assert refused.value.code == 3
    described[4] = "5"
    receipt = execute(desk, desk("MsigApproveTxnHash", *described))
    assert returned(ApproveReturn, receipt).applied


def test_proposals_are_cancelled_by_their_proposer(desk, multisig):
    alice, _, carol = desk.accounts
    numbers = [propose(desk, multisig, carol, value, alice) for value in (7, 8)]
    execute(desk, desk("MsigCancel", multisig, numbers[0], alice))
    execute(desk, desk("MsigCancelTxnHash", multisig, numbers[1], carol, "8", alice, 0, None))
    assert desk("MsigGetPending", multisig, []) == []


def test_signers_come_and_go(desk):
    alice, bob, carol = desk.accounts
    multisig = create(desk, [alice, bob])
    pending = lambda: desk("MsigGetPending", multisig, [])  # noqa: E731 - asked again and again
    execute(desk, desk("MsigAddPropose", multisig, alice, carol, False))
    [added] = pending()
    execute(desk, desk("MsigAddCancel", multisig, alice, added["ID"], carol, False))
    execute(desk, desk("MsigAddPropose", multisig, alice, carol, False))
    [added] = pending()
    execute(desk, desk("MsigAddApprove", multisig, bob, added["ID"], alice, carol, False))

    execute(desk, desk("MsigSwapPropose", multisig, alice, carol, desk.bls))
    [swapped] = pending()
    execute(desk, desk("MsigSwapCancel", multisig, alice, swapped["ID"], carol, desk.bls))
    execute(desk, desk("MsigSwapPropose", multisig, alice, carol, desk.bls))
    [swapped] = pending()
    approval = desk("MsigSwapApprove", multisig, bob, swapped["ID"], alice, carol, desk.bls)
    execute(desk, approval)

    execute(desk, desk("MsigRemoveSigner", multisig, alice, bob, True))
    [removed] = pending()
    execute(desk, desk("MsigApprove", multisig, removed["ID"], desk.bls))
    assert desk("MsigGetPending", multisig, []) == []
    # One approval is enough from here on.
    before = desk.balance(carol)
    propose(desk, multisig, carol, 9, alice)
    assert desk.balance(carol) == before + 9


def test_locked_funds_are_released_over_time(desk):
    alice, bob, _ = desk.accounts
    multisig = create(desk, [alice, bob], value=1000, duration=100_000)
    schedule = desk("MsigGetVestingSchedule", multisig, [])
    assert (schedule["InitialBalance"], schedule["UnlockDuration"]) == ("1000", 100_000)
    start = desk("ChainHead")
    desk.mine(null_rounds=99)
    desk.mine()
    end = desk("ChainHead")
    vested = int(desk("MsigGetVested", multisig, start["Cids"], end["Cids"]))
    assert vested in (1, 2)
    assert desk("MsigGetVested", multisig, end["Cids"], end["Cids"]) == "0"
    with pytest.raises(Refused, match=r"start tipset .* is after end tipset"):
        desk("MsigGetVested", multisig, end["Cids"], start["Cids"])
    held = desk.balance(multisig)
    assert int(desk("MsigGetAvailableBalance", multisig, [])) < held == 1000


def test_older_interface_sends_at_once(desk):
    alice, bob, carol = desk.accounts

    def old(method, *params):
        cid = desk(method, *params, version=0)
        receipt = desk.receipt(cid)
        assert receipt["ExitCode"] == 0
        return receipt

    made = old("MsigCreate", 2, [alice, bob, carol], 0, "100", alice, "0")
    multisig = returned(ExecReturn, made).robust_address.to_string("t")
    first = returned(ProposeReturn, old("MsigPropose", multisig, carol, "1", alice, 0, None))
    old("MsigApprove", multisig, first.transaction_id, bob)
    second = returned(ProposeReturn, old("MsigPropose", multisig, carol, "2", alice, 0, None))
    number = second.transaction_id
    old("MsigApproveTxnHash", multisig, number, alice, carol, "2", bob, 0, None)
    third = returned(ProposeReturn, old("MsigPropose", multisig, carol, "3", alice, 0, None))
    old("MsigCancel", multisig, third.transaction_id, carol, "3", alice, 0, None)
    fourth = returned(ProposeReturn, old("MsigAddPropose", multisig, alice, desk.bls, True))
    old("MsigAddCancel", multisig, alice, fourth.transaction_id, desk.bls, True)
    fifth = returned(ProposeReturn, old("MsigAddPropose", multisig, alice, desk.bls, False))
    old("MsigAddApprove", multisig, bob, fifth.transaction_id, alice, desk.bls, False)
    sixth = returned(ProposeReturn, old("MsigSwapPropose", multisig, alice, desk.bls, desk.bls))
    old("MsigSwapCancel", multisig, alice, sixth.transaction_id, desk.bls, desk.bls)
    verifier = desk.devnet.people.verifier.address.to_string("t")
    swap = returned(ProposeReturn, old("MsigSwapPropose", multisig, alice, desk.bls, verifier))
    old("MsigSwapApprove", multisig, bob, swap.transaction_id, alice, desk.bls, verifier)
    gone = returned(ProposeReturn, old("MsigRemoveSigner", multisig, alice, verifier, False))
    old("MsigApprove", multisig, gone.transaction_id, bob)
    with pytest.raises(Refused, match="not found"):
        desk("MsigCancelTxnHash", multisig, 0, carol, "1", alice, 0, None, version=0)


def test_what_makes_no_sense_is_refused_before_it_is_sent(desk, multisig):
    alice, bob, _ = desk.accounts
    with pytest.raises(Refused, match="cannot require signing of more addresses than provided"):
        desk("MsigCreate", 3, [alice, bob], 0, "1", alice, "0")
    with pytest.raises(Refused, match="must provide a non-negative amount"):
        desk("MsigPropose", multisig, bob, "-1", alice, 0, None)
    with pytest.raises(Refused, match="out of range for int64"):
        desk("MsigApprove", multisig, 2**63, bob)
    with pytest.raises(Refused, match="is no multisig actor but account"):
        desk("MsigGetPending", alice, [])
    with pytest.raises(Refused, match="actor not found") as refused:
        desk("MsigGetAvailableBalance", "t0999999", [])
    assert refused.value.code == 11


# Market.


def escrow(desk, owner):
    return int(desk("StateMarketBalance", owner, [])["Escrow"])


def test_money_goes_into_escrow_and_out_of_it(desk):
    alice = desk.accounts[0]
    assert desk.receipt(desk("MarketAddBalance", alice, alice, "1000"))["ExitCode"] == 0
    assert escrow(desk, alice) == 1000
    assert desk.receipt(desk("MarketWithdraw", alice, alice, "400"))["ExitCode"] == 0
    assert escrow(desk, alice) == 600
    with pytest.raises(Refused, match=r"insufficient funds for withdrawal of .* net available"):
        desk("MarketWithdraw", alice, alice, "601")


def test_what_is_set_aside_is_in_escrow_and_stays_there(desk):
    bob = desk.accounts[1]
    assert desk("MarketGetReserved", bob) == "0"
    assert desk.receipt(desk("MarketReserveFunds", bob, bob, "100"))["ExitCode"] == 0
    assert (escrow(desk, bob), desk("MarketGetReserved", bob)) == (100, "100")
    with pytest.raises(Refused, match="insufficient funds for withdrawal"):
        desk("MarketWithdraw", bob, bob, "1")
    desk("MarketReleaseFunds", bob, "60")
    assert desk("MarketReserveFunds", bob, bob, "10") is None, "escrow has that much"
    assert desk("MarketGetReserved", bob) == "50"
    assert desk.receipt(desk("MarketWithdraw", bob, bob, "50"))["ExitCode"] == 0
    desk("MarketReleaseFunds", bob, "1000")
    assert desk("MarketGetReserved", bob) == "0"
    with pytest.raises(Refused, match="is less than nothing"):
        desk("MarketReserveFunds", bob, bob, "-1")


def test_reservations_of_one_owner_wait_for_each_other(desk):
    carol = desk.accounts[2]

    async def reserve_twice():
        first = await desk.ask("MarketReserveFunds", carol, carol, "5")
        waiting = desk.runner.get_loop().create_task(
            desk.ask("MarketReserveFunds", carol, carol, "7")
        )
        await desk.devnet.mine()
        return first, await waiting

    first, second = desk.run(reserve_twice())
    assert first != second
    assert desk.receipt(second)["ExitCode"] == 0
    assert escrow(desk, carol) == 12
