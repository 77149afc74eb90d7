"""Miners that are made on a devnet: it seals for them, proves for them, and knows them again."""

import base64

import pytest
from devnet_desk import Refused, devnet_desk

from papyrus.actors.common.signatures import GivenSignature
from papyrus.actors.market.deals import ClientDealProposal, DealProposal
from papyrus.actors.market.params import (
    ADD_BALANCE,
    PUBLISH_STORAGE_DEALS,
    PublishStorageDealsParams,
)
from papyrus.actors.power.params import CREATE_MINER, CreateMinerParams
from papyrus.crypto.signatures import SignatureType
from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED, Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.policy import EPOCHS_IN_DAY

POWER, MARKET = "t04", "t05"
WINDOW_POST_2_KIB = 10
DEPOSIT = str(TokenAmount.from_fil(5))
PIECE = Cid.of_digest(bytes(32), FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED)


def base64_of(data):
    return base64.b64encode(data).decode()


def create_miner(desk, worker):
    """Make a miner, owned by the first account, and return its ID address."""
    owner, worker = map(Address.from_string, (desk.accounts[0], worker))
    params = CreateMinerParams(owner, worker, WINDOW_POST_2_KIB, b"", ())
    receipt = desk.send(desk.accounts[0], POWER, DEPOSIT, CREATE_MINER, base64_of(params.to_cbor()))
    assert receipt["ExitCode"] == 0
    made, _ = dag_cbor.decode(base64.b64decode(receipt["Return"]))
    return Address.from_bytes(made).to_string("t")


def publish(desk, miner, **terms):
    """Publish a deal of the devnet's client and a miner, and return what the market says."""
    client = desk.devnet.people.client.address
    start = desk("ChainHead")["Height"] + EPOCHS_IN_DAY
    proposal = DealProposal(
        **{
            "piece_cid": PIECE,
            "piece_size": 1 << 10,
            "verified_deal": True,
            "client": client,
            "provider": Address.from_string(miner),
            "label": "",
            "start_epoch": start,
            "end_epoch": start + 180 * EPOCHS_IN_DAY,
            "storage_price_per_epoch": TokenAmount(1000),
            "provider_collateral": TokenAmount.from_fil(1),
            "client_collateral": TokenAmount(0),
            **terms,
        }
    )
    signed = desk("WalletSign", client.to_string("t"), base64_of(proposal.to_cbor()))
    signature = GivenSignature(SignatureType(signed["Type"]), base64.b64decode(signed["Data"]))
    params = PublishStorageDealsParams((ClientDealProposal(proposal, signature),))
    data = base64_of(params.to_cbor())
    receipt = desk.send(desk.bls, MARKET, "0", PUBLISH_STORAGE_DEALS, data)
    assert receipt["ExitCode"] == 0
    [deal], _ = dag_cbor.decode(base64.b64decode(receipt["Return"]))
    return deal


def test_later_miner_is_looked_after_and_known_again(tmp_path):
    with devnet_desk(tmp_path) as desk:
        miner = create_miner(desk, desk.bls)
        address = desk("StateLookupRobustAddress", miner, [])
        assert desk("Papyrus.AddSector", address) == [0]
        assert miner in [one.to_string("t") for one in desk.devnet.miners]

        provider = dag_cbor.encode(bytes(Address.from_string(miner)))
        desk.send(desk.accounts[0], MARKET, DEPOSIT, ADD_BALANCE, base64_of(provider))
        deals = [publish(desk, miner, label=label) for label in ("one", "other")]
        with pytest.raises(Refused, match="the data of deals is for one sector"):
            desk("Papyrus.AddSector", miner, 2, deals)
        with pytest.raises(Refused, match="deal 0 is none that"):
            desk("Papyrus.AddSector", miner, 1, [0])
        with pytest.raises(Refused, match="do not fit into one sector"):
            desk("Papyrus.AddSector", miner, 1, deals * 2)
        assert desk("Papyrus.AddSector", miner, 1, deals) == [1]
        [sector] = [
            one for one in desk("StateMinerSectors", miner, None, []) if one["SectorNumber"] == 1
        ]
        assert int(sector["VerifiedDealWeight"]) > 0
        for deal in deals:
            assert desk("StateMarketStorageDeal", deal, [])["State"]["SectorNumber"] == 1
        assert len(desk("StateGetClaims", miner, [])) == len(deals)
        assert desk.findings() == ()

    with devnet_desk(tmp_path) as desk:
        desk.mine()
        assert miner in [one.to_string("t") for one in desk.devnet.miners]
        number = desk("Papyrus.Snapshot")
        one = desk.run(desk.devnet.look_after(Address.from_string(miner)))
        assert one.worker.to_string("t") == desk.bls
        desk.mine()
        desk("Papyrus.Revert", number)
        desk.mine()
        assert miner in [one.to_string("t") for one in desk.devnet.miners]


def test_miner_of_someone_else_is_left_alone():
    with devnet_desk() as desk:
        key = Address.from_string(desk.bls)
        stranger = Address.bls(bytes([*key.payload[:-1], key.payload[-1] ^ 1]))
        with pytest.raises(Refused, match="is no miner: `papyrus miner create` makes one"):
            desk("Papyrus.AddSector", stranger.to_string("t"))
        with pytest.raises(Refused, match="t00 is no miner"):
            desk("Papyrus.AddSector", "t00")
        # An account of somebody else, who lets it run a miner.
        desk.send(desk.accounts[0], stranger.to_string("t"), "1")
        miner = create_miner(desk, stranger.to_string("t"))
        with pytest.raises(
            Refused, match=r"the key of .3.*, the worker of .*, is not in the wallet"
        ):
            desk("Papyrus.AddSector", miner)
        assert len(desk.devnet.miners) == 1
