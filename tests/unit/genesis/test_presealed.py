"""The manifests of lotus-seed, read."""

import base64
import json

import pytest
from genesis import build, devnet, worker

from papyrus.genesis.presealed import read_presealed
from papyrus.genesis.template import Account
from papyrus.primitives import base58
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import LocalFault

PEER = bytes.fromhex("00240801122000") + bytes(31)


def manifest(place=0, **changes):
    """Return what lotus-seed would write for a miner of two sectors, with changes to the second."""
    miner = devnet(place + 1, 2).miners[place]
    key = worker(place)
    sectors = [
        {
            "CommR": {"/": str(sector.sealed_cid)},
            "CommD": {"/": str(sector.unsealed_cid)},
            "SectorID": sector.number,
            "Deal": {
                "PieceCID": {"/": str(sector.unsealed_cid)},
                "PieceSize": 2048,
                "VerifiedDeal": False,
                "Client": miner.client.to_string("t"),
                "Provider": f"t0{1000 + place}",
                "Label": str(sector.number),
                "StartEpoch": 0,
                "EndEpoch": 9001,
                "StoragePricePerEpoch": "0",
                "ProviderCollateral": "0",
                "ClientCollateral": "0",
            },
            "DealClientKey": {
                "Type": "bls",
                "PrivateKey": base64.b64encode(key.secret).decode(),
            },
            "ProofType": 5,
        }
        for sector in miner.sectors
    ]
    for path, value in changes.items():
        *parents, name = path.split("__")
        target = sectors[1]
        for parent in parents:
            target = target[parent]
        target[name] = value
    row = {
        "ID": f"t0{1000 + place}",
        "Owner": miner.owner.to_string("t"),
        "Worker": miner.worker.to_string("t"),
        "PeerId": base58.encode(PEER),
        "MarketBalance": "0",
        "PowerBalance": "0",
        "SectorSize": 2048,
        "Sectors": sectors,
    }
    return json.dumps({f"t0{1000 + place}": row}).encode()


def test_manifest_gives_the_miner_and_its_key():
    miner, keys = read_presealed(manifest(place=1), 1)
    assert keys == (worker(1),)
    assert miner.worker == miner.owner == miner.client == worker(1).address
    assert miner.peer_id == PEER
    assert [sector.label for sector in miner.sectors] == ["0", "1"]
    assert miner.sectors[0].sealed_cid == devnet().miners[1].sectors[0].sealed_cid


def test_manifest_makes_a_genesis():
    miner, keys = read_presealed(manifest(), 0)
    funds = Account(miner.worker, TokenAmount.from_fil(1))
    build(devnet(accounts=(funds,), miners=(miner,), keys=keys))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (manifest(place=1), "the manifest is of f01001, and the next miner is f01000"),
        (manifest(Deal__PieceSize=1024), "deal of sector 1 does not fill it"),
        (manifest(Deal__ClientCollateral="1"), "deal of sector 1 does not fill it"),
        (manifest(Deal__Client="t0100"), "more than one client"),
        (manifest(DealClientKey__Type="delegated"), "of type 'delegated'"),
        (manifest(DealClientKey__PrivateKey="?"), "no base64"),
        (manifest(SectorID="one"), "no manifest of lotus-seed"),
        (b"[]", "no manifest of lotus-seed"),
        (b"\xff", "no manifest of lotus-seed"),
        (b'{"t01000": 5}', "no manifest of lotus-seed"),
    ],
)
def test_manifest_with_a_fault_is_refused(data, reason):
    with pytest.raises(LocalFault, match=reason):
        read_presealed(data, 0)
