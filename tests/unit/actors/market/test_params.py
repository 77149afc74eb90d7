"""Parameters decode as the released actors decode them, however they are written."""

import pytest
from markets import WORKER, proposal, signed

from papyrus.actors.dispatch import frc42
from papyrus.actors.market.params import (
    ADD_BALANCE,
    BATCH_ACTIVATE_DEALS,
    ON_MINER_SECTORS_TERMINATE,
    PUBLISH_STORAGE_DEALS,
    SETTLE_DEAL_PAYMENTS,
    VERIFY_DEALS_FOR_ACTIVATION,
    WITHDRAW_BALANCE,
    PublishStorageDealsParams,
)
from papyrus.actors.miner.params.numbers import SECTOR_CONTENT_CHANGED
from papyrus.actors.singletons import STORAGE_MARKET
from papyrus.ipld import dag_cbor
from papyrus.primitives.exit_codes import ExitCode

MINER = 110
METHODS = [
    ADD_BALANCE,
    WITHDRAW_BALANCE,
    PUBLISH_STORAGE_DEALS,
    VERIFY_DEALS_FOR_ACTIVATION,
    BATCH_ACTIVATE_DEALS,
    ON_MINER_SECTORS_TERMINATE,
    SETTLE_DEAL_PAYMENTS,
    SECTOR_CONTENT_CHANGED,
    frc42("GetBalance"),
    frc42("GetDealLabel"),
]


@pytest.mark.parametrize("method", METHODS)
def test_methods_with_parameters_need_them(vm, method):
    value = 1 if method == ADD_BALANCE else 0
    missing = vm.send(MINER, STORAGE_MARKET, method, b"", value=value)
    assert missing.code == ExitCode.USR_ILLEGAL_ARGUMENT
    for params in (b"\xf6", b"\x60", b"\x9f\xff", b"\xff"):
        refused = vm.send(MINER, STORAGE_MARKET, method, params, value=value)
        assert refused.code == ExitCode.USR_SERIALIZATION


# In each, the last byte of a deal's label is written in another way.
@pytest.mark.parametrize(
    ("label", "is_read"),
    [
        (b"\x61a", True),
        (b"\x78\x01a", True),
        (b"\x7b\x00\x00\x00\x00\x00\x00\x00\x01a", True),
        (b"\x41\xff", True),
        (b"\x58\x01a", True),
        (b"\x61\xff", False),
        (b"\x01a", False),
        (b"\x7f\x61a\xff", False),
        (b"\x5f\x41a\xff", False),
        (b"\xf6", False),
        (b"\x81\x61a", False),
        (b"\x18\x61", False),
    ],
)
def test_labels_are_text_or_bytes_of_definite_length(vm, miner, label, is_read):
    deal = PublishStorageDealsParams((signed(proposal(miner, label="a")),)).to_cbor()
    assert deal.count(b"\x61a") == 1
    outcome = vm.send(
        WORKER.id, STORAGE_MARKET, PUBLISH_STORAGE_DEALS, deal.replace(b"\x61a", label)
    )
    signed_as_read = label in (b"\x61a", b"\x78\x01a", b"\x7b" + bytes(7) + b"\x01a")
    expected = ExitCode.OK if signed_as_read else ExitCode.USR_ILLEGAL_ARGUMENT
    assert outcome.code == (expected if is_read else ExitCode.USR_SERIALIZATION)


@pytest.mark.parametrize("signature", [b"", b"\x00", b"\x03" + bytes(65), b"\x04"])
def test_signatures_of_unknown_types_do_not_decode(vm, miner, signature):
    deal = [proposal(miner).to_ipld(), signature]
    params = dag_cbor.encode([[deal]])
    outcome = vm.send(WORKER.id, STORAGE_MARKET, PUBLISH_STORAGE_DEALS, params)
    assert outcome.code == ExitCode.USR_SERIALIZATION
