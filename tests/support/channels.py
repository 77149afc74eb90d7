"""Payment channels in a test's state, and vouchers for them."""

from dataclasses import replace

from papyrus.actors.common.findings import Findings
from papyrus.actors.common.signatures import GivenSignature
from papyrus.actors.paych import params as methods
from papyrus.actors.paych.invariants import check_state_invariants
from papyrus.actors.paych.params import SignedVoucher, UpdateChannelStateParams
from papyrus.actors.paych.state import LANES, State
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount


def new_channel(one, payer, payee, *, lanes=None, **fields):
    """Return the state of a channel between two actor IDs, with lanes by number."""
    array = LANES.open(one.base, None)
    for number, lane in (lanes or {}).items():
        array.set(number, lane)
    state = State(
        payer=Address.from_id(payer),
        payee=Address.from_id(payee),
        to_send=ZERO,
        settling_at=0,
        min_settle_height=0,
        lanes=array.flush(),
    )
    return replace(state, **fields)


def put_channel(one, actor_id, payer, payee, *, balance=0, **fields):
    """Put a channel into a state."""
    state = new_channel(one, payer, payee, **fields)
    one.put_actor(actor_id, "paymentchannel", state, balance=balance)


def lanes_of(vm, actor_id):
    """Return the lanes of a channel by number."""
    state = vm.one.state(actor_id, State)
    return dict(LANES.open(vm.one.machine.store, state.lanes).items())


def voucher(channel, signer=None, **fields):
    """Return a voucher, signed where there is a signer; other fields as given."""
    found = SignedVoucher(
        channel=Address.from_id(channel) if isinstance(channel, int) else channel,
        time_lock_min=0,
        time_lock_max=0,
        secret_hash=b"",
        extra=None,
        lane=0,
        nonce=1,
        amount=TokenAmount(1),
        min_settle_height=0,
        merges=(),
        signature=None,
    )
    found = replace(found, **fields)
    return found if signer is None else signed(found, signer)


def signed(unsigned, signer):
    """Return a voucher with someone's signature."""
    signature = signer.sign(unsigned.signing_bytes())
    return replace(unsigned, signature=GivenSignature(signature.type, signature.data))


def redeem(vm, sender, channel, promised, secret=b""):
    """Hand in a voucher and return the outcome."""
    params = UpdateChannelStateParams(promised, secret)
    return vm.send(sender, channel, methods.UPDATE_CHANNEL_STATE, params)


def findings_of(one, actor_id):
    """Return what the invariants find wrong with a channel."""
    findings = Findings()
    state = one.state(actor_id, State)
    check_state_invariants(one.machine.store, state, one.balance(actor_id), findings)
    return findings.sentences
