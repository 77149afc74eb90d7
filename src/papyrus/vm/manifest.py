"""Which code is which built-in actor (FIP-0030).

The system actor's state names the manifest: a list of pairs of name and code CID. Actors ask
for each other's code by the place in that list, counted from 1, so its order is consensus.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import LocalFault

_NEEDED = ("system", "init", "account", "placeholder", "eam", "ethaccount")
"""The actors that the machine itself creates or recognises."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The built-in actors of one network version."""

    codes: dict[str, Cid]
    """Code by name, in the manifest's order."""

    names: dict[Cid, str]
    """Name by code."""

    types: dict[Cid, int]
    """Place in the manifest by code, counted from 1."""

    account: Cid
    placeholder: Cid
    ethaccount: Cid

    def code_of_type(self, number: int) -> Cid | None:
        """Return the code at a place in the manifest, or None where there is none."""
        codes = tuple(self.codes.values())
        return codes[number - 1] if 1 <= number <= len(codes) else None


@lru_cache(maxsize=16)
def manifest_of(block: bytes) -> Manifest:
    """Return the manifest that a block of state holds, the same as long as that is the same.

    Every machine needs one, and it changes with the network version alone.
    """
    return manifest_from(dag_cbor.decode(block))


def manifest_from(entries: Iterable[tuple[str, Cid]]) -> Manifest:
    """Return the manifest of these names and codes, in order; the machine's own must be there."""
    codes = dict(entries)
    missing = [name for name in _NEEDED if name not in codes]
    if missing:
        raise LocalFault(f"the actors' manifest names no {', '.join(missing)}")
    return Manifest(
        codes=codes,
        names={code: name for name, code in codes.items()},
        types={code: number for number, code in enumerate(codes.values(), start=1)},
        account=codes["account"],
        placeholder=codes["placeholder"],
        ethaccount=codes["ethaccount"],
    )
