"""Accounts that tests sign and send with: a few keys of each kind, and their IDs."""

from dataclasses import dataclass

from papyrus.crypto.signatures import SignatureType, address_of, sign
from papyrus.primitives.address import Address

RICH = 10**24
"""A million FIL."""


@dataclass(frozen=True)
class Person:
    """An account and its secret."""

    id: int
    kind: SignatureType
    secret: bytes
    key: Address

    @property
    def address(self):
        """The ID address."""
        return Address.from_id(self.id)

    def sign(self, message):
        """Return a signature of a message."""
        return sign(self.kind, self.secret, message)


def people(count, first_id=100):
    """Return people with IDs from some number on, whose keys are of both kinds in turn."""
    found = []
    for place in range(count):
        kind = SignatureType.BLS if place % 2 else SignatureType.SECP256K1
        secret = bytes([1 + place]) * 32
        found.append(Person(first_id + place, kind, secret, address_of(kind, secret)))
    return found


def put_people(one, everyone, balance=RICH):
    """Put accounts into a state, and let the init actor know them."""
    for person in everyone:
        one.put_account(person.id, person.key, balance)
    one.put_addresses({person.key: person.id for person in everyone})
