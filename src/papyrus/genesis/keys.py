"""Keys of a genesis, and what they sign: the deals that fill the sectors of its miners."""

from papyrus.actors.account.params import AUTHENTICATE_MESSAGE
from papyrus.actors.common.signatures import GivenSignature
from papyrus.crypto import bls
from papyrus.crypto.hashing import blake2b_512
from papyrus.crypto.signatures import SignatureType, address_of, sign
from papyrus.genesis.template import Key, Template
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.errors import LocalFault
from papyrus.rules.policy import Policy
from papyrus.vm.kernel.kernel import Kernel
from papyrus.vm.machine import ActorEngine
from papyrus.vm.payloads import cbor_block
from papyrus.vm.runtime import Runtime

_SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

_TYPE_OF_PROTOCOL = {
    Protocol.SECP256K1: SignatureType.SECP256K1,
    Protocol.BLS: SignatureType.BLS,
}


def key_from(kind: SignatureType, entropy: bytes) -> Key:
    """Return the key, of BLS or secp256k1, that 32 or more random bytes stand for."""
    number = int.from_bytes(blake2b_512(entropy), "big")
    if kind is SignatureType.BLS:
        secret = (number % (bls.GROUP_ORDER - 1) + 1).to_bytes(bls.SECRET_LENGTH, "little")
    else:
        secret = (number % (_SECP256K1_ORDER - 1) + 1).to_bytes(32, "big")
    return Key(address_of(kind, secret), secret)


def sign_deal(template: Template, client: Address, proposal: bytes) -> GivenSignature:
    """Return the client's signature of a deal proposal.

    Where the template trusts deals and holds no key, the signature is empty. LocalFault where it
    holds none and does not.
    """
    kind = _TYPE_OF_PROTOCOL[client.protocol]
    for key in template.keys:
        if key.address == client:
            return GivenSignature(kind, sign(kind, key.secret, proposal).data)
    if template.trusts_deals:
        return GivenSignature(kind, b"")
    raise LocalFault(
        f"the key of {client}, whose deals fill sectors, is not in the template: without it nobody "
        "can sign them (`trusts_deals = true` takes them for signed)"
    )


class TrustingAccounts:
    """An engine on which every account finds that it has signed whatever it is asked about."""

    def __init__(self, engine: ActorEngine, policy: Policy) -> None:
        """Leave everything else to an engine of actors of this policy."""
        self._engine = engine
        self._policy = policy

    def invoke(self, kernel: Kernel, code: Cid, params_id: int) -> int:
        """Run the actor and return the number of its return block, or 0."""
        name = kernel.calls.machine.manifest.names.get(code)
        if name == "account" and kernel.method == AUTHENTICATE_MESSAGE:
            return Runtime(kernel, self._policy).put_block(cbor_block(True))
        return self._engine.invoke(kernel, code, params_id)
