"""Random messages to accounts of all kinds, for engines to agree on."""

from driver_traffic import ETH_ACCOUNT, PEOPLE, PLACEHOLDER, UNBUILT, Traffic
from mutations import mangled
from network import SYSTEM

from papyrus.actors.account.params import (
    AUTHENTICATE_MESSAGE,
    PUBKEY_ADDRESS,
    AuthenticateMessageParams,
)
from papyrus.ipld import dag_cbor
from papyrus.primitives.address import Address
from papyrus.types.message import METHOD_CONSTRUCTOR, METHOD_SEND

KEYLESS = 98
"""An account such as genesis makes, which stands for no key."""


class AccountTraffic(Traffic):
    """Accounts that are made, asked who they are, and whether they have signed something."""

    unbuilt = "account"

    def fill(self, one):
        """Put one more account into a machine, which has no key."""
        super().fill(one)
        one.put_account(KEYLESS, Address.from_id(KEYLESS))

    def message(self):
        """Return the next message."""
        random = self.random
        kinds = ["sign", "key", "build", "send", "other"]
        match random.choices(kinds, [50, 10, 15, 10, 15])[0]:
            case "sign":
                params = self._signed()
                return self.anyone(), self._account(), AUTHENTICATE_MESSAGE, params, 0
            case "key":
                return self.anyone(), self._account(), PUBKEY_ADDRESS, None, 0
            case "build":
                key = random.choice([person.key for person in PEOPLE])
                odd = [Address.from_id(7), Address.actor(b"x"), Address.delegated(10, bytes(20))]
                chosen = random.choice(odd) if random.random() < 0.2 else key
                to = random.choice([*UNBUILT, *UNBUILT, PEOPLE[0].id])
                return SYSTEM, to, METHOD_CONSTRUCTOR, chosen, 0
            case "send":
                return self.person(), self._account(), METHOD_SEND, None, random.choice([0, 1])
        params = random.choice([None, b"\x80", b"\x42\x00\x00"])
        return self.anyone(), self._account(), self.number(), params, 0

    def _account(self):
        some = [self.person(), self.random.choice(UNBUILT), ETH_ACCOUNT, PLACEHOLDER, KEYLESS]
        return self.random.choices(some, [10, 3, 2, 1, 1])[0]

    def _signed(self):
        """Return a message with a signature, mostly that of the next account to be asked."""
        random = self.random
        person = random.choice(PEOPLE)
        message = random.randbytes(random.choice([0, 1, 32, 300]))
        signature = person.sign(message).data
        if random.random() < 0.15:
            signature = random.choice([b"", signature[:-1], bytes(65), bytes(96), bytes(1000)])
        if random.random() < 0.1:
            message += b"!"
        params = AuthenticateMessageParams(signature, message)
        if random.random() < 0.05:
            return mangled(random, dag_cbor.encode([signature, message]))
        return params
