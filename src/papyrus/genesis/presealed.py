"""Sectors that Lotus' tools have sealed for a genesis: the `pre-seal-f01000.json` of lotus-seed.

A manifest has the miners by their ID address, each with its worker's address and for each sector
the commitments, the deal it holds and the key of the client, who is the worker.
"""

import base64
import binascii
import json
from typing import Any

from papyrus.crypto.signatures import SignatureType, address_of
from papyrus.genesis.sectors import name_of_size
from papyrus.genesis.template import FIRST_MINER_ID, Key, Miner, Sector
from papyrus.ipld.cid import Cid
from papyrus.primitives import base58
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError, LocalFault

_KEY_TYPES = {"bls": SignatureType.BLS, "secp256k1": SignatureType.SECP256K1}


def read_presealed(data: bytes, place: int) -> tuple[Miner, tuple[Key, ...]]:
    """Return the miner that a manifest has for a place in the template, and its clients' keys.

    LocalFault where it has none, or anything but what lotus-seed writes.
    """
    try:
        miners = {Address.from_string(name).id: row for name, row in json.loads(data).items()}
        row = miners.get(FIRST_MINER_ID + place)
        if row is None:
            held = ", ".join(f"f0{number}" for number in miners)
            raise LocalFault(f"the manifest is of {held}, and the next miner is "
                             f"f0{FIRST_MINER_ID + place}")  # fmt: skip
        return _miner(row)
    except (KeyError, TypeError, ValueError, AttributeError, DecodeError) as error:
        raise LocalFault(f"this is no manifest of lotus-seed: {error!r}") from error


def _miner(row: dict[str, Any]) -> tuple[Miner, tuple[Key, ...]]:
    size = int(row["SectorSize"])
    name_of_size(size)
    keys: dict[Address, Key] = {}
    sectors = []
    clients = set()
    for sealed in row["Sectors"]:
        deal = sealed["Deal"]
        _check_deal(deal, sealed, size)
        clients.add(Address.from_string(deal["Client"]))
        key = _key(sealed["DealClientKey"])
        keys[key.address] = key
        sectors.append(
            Sector(
                number=int(sealed["SectorID"]),
                sealed_cid=_cid(sealed["CommR"]),
                unsealed_cid=_cid(sealed["CommD"]),
                label=str(deal["Label"]),
                seal_proof=int(sealed["ProofType"]),
            )
        )
    worker = Address.from_string(row["Worker"])
    if len(clients) > 1:
        raise LocalFault("the deals of a miner are of more than one client")
    miner = Miner(
        owner=Address.from_string(row["Owner"]),
        worker=worker,
        client=clients.pop() if clients else worker,
        peer_id=base58.decode(row["PeerId"]),
        sector_size=size,
        market_balance=TokenAmount(int(row["MarketBalance"])),
        sectors=tuple(sectors),
    )
    return miner, tuple(keys.values())


def _check_deal(deal: dict[str, Any], sealed: dict[str, Any], size: int) -> None:
    """Refuse a deal other than those of lotus-seed, which fill the sector for nothing."""
    fills = int(deal["PieceSize"]) == size and _cid(deal["PieceCID"]) == _cid(sealed["CommD"])
    amounts = ("StoragePricePerEpoch", "ProviderCollateral", "ClientCollateral")
    if not fills or any(int(deal[name]) for name in amounts) or int(deal["StartEpoch"]):
        raise LocalFault(
            f"the deal of sector {sealed['SectorID']} does not fill it from epoch 0 for nothing"
        )


def _key(row: dict[str, Any]) -> Key:
    kind = _KEY_TYPES.get(row["Type"])
    if kind is None:
        raise LocalFault(f"a client's key is of type {row['Type']!r}")
    try:
        secret = base64.b64decode(row["PrivateKey"], validate=True)
    except binascii.Error as error:
        raise LocalFault("a client's key is no base64") from error
    return Key(address_of(kind, secret), secret)


def _cid(link: dict[str, str]) -> Cid:
    return Cid.from_string(link["/"])
