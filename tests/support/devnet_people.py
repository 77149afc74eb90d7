"""People of a devnet whose keys are made without any words, for tests of genesis alone."""

from functools import cache

from papyrus.crypto.signatures import SignatureType, address_of
from papyrus.devnet.people import DevnetAccount, People
from papyrus.genesis.keys import key_from
from papyrus.genesis.template import Key


def made_up(name, kind=SignatureType.SECP256K1):
    """Return the key of someone of this name."""
    return key_from(kind, name.encode().ljust(32, b"."))


def ethereum(name):
    """Return the key of someone with an f410 address."""
    secret = made_up(name).secret
    return Key(address_of(SignatureType.DELEGATED, secret), secret)


@cache
def people(accounts=3, miners=1):
    """Return a devnet's people."""
    return People(
        accounts=tuple(
            DevnetAccount(made_up(f"account {place}"), ethereum(f"0x {place}"))
            for place in range(accounts)
        ),
        bls=made_up("bls", SignatureType.BLS),
        verifier=made_up("verifier"),
        client=made_up("client"),
        root=made_up("root"),
        remainder=made_up("remainder"),
        first_verifier=made_up("first verifier", SignatureType.BLS),
        workers=tuple(made_up(f"worker {place}", SignatureType.BLS) for place in range(miners)),
    )
