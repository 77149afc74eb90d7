"""The account actor: an ID that remembers the key it was made for.

Created by the system the first time value reaches a key address. It takes any exported method, so
that whatever is sent to a person arrives, and answers with nothing.
"""

from papyrus.actors.account.params import (
    AUTHENTICATE_MESSAGE,
    PUBKEY_ADDRESS,
    AuthenticateMessageParams,
)
from papyrus.actors.account.state import State
from papyrus.actors.dispatch import ActorCode, method
from papyrus.actors.singletons import SYSTEM
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.primitives.address import Address, Protocol
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm.aborts import illegal_argument, illegal_state
from papyrus.vm.runtime import Runtime

_SIGNATURE_TYPES = {
    Protocol.SECP256K1: SignatureType.SECP256K1,
    Protocol.BLS: SignatureType.BLS,
}


@method(METHOD_CONSTRUCTOR)
def constructor(rt: Runtime, address: Address) -> None:
    """Bind the new actor to a key address."""
    rt.require_caller(SYSTEM)
    if address.protocol not in _SIGNATURE_TYPES:
        raise illegal_argument(
            f"address must use BLS or SECP protocol, got {address.protocol.name}"
        )
    rt.create(State(address))


@method(PUBKEY_ADDRESS)
def pubkey_address(rt: Runtime, _: None) -> Address:
    """Return the key address."""
    rt.accept_any_caller()
    return rt.load(State).address


@method(AUTHENTICATE_MESSAGE)
def authenticate_message(rt: Runtime, claim: AuthenticateMessageParams) -> bool:
    """Return true, or abort: callers cannot mistake a bad signature for an answer."""
    rt.accept_any_caller()
    signer = rt.load(State).address
    kind = _SIGNATURE_TYPES.get(signer.protocol)
    if kind is None:
        # Genesis makes accounts that stand for no key, such as the one that funds are burnt at.
        raise illegal_state(
            f"account address must use BLS or SECP protocol, got {signer.protocol.name}"
        )
    signature = Signature(kind, claim.signature)
    if not rt.verify_signature(signature, signer, claim.message):
        raise illegal_argument("failed to authenticate message, signature invalid")
    return True


ACCOUNT = ActorCode(
    name="account",
    state=State,
    methods=(constructor, pubkey_address, authenticate_message),
    accepts_unknown_exported=True,
)
