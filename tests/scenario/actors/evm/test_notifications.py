"""A contract is told of the data in a miner's sectors, as any actor can be (FIP-0109)."""

from dataclasses import replace

import pytest
from calls import last_call
from contracts import CALL_ACTOR_BY_ID, REVERTED, WORD, deploy, invoke, returned, word
from evm_assembly import initcode
from upkeep import CLIENT, SEALING, WORKER, announce, new_miner, piece, prove, sector, wait

from papyrus.actors.miner.params.notifications import (
    PieceChange,
    SectorChanges,
    SectorContentChangedParams,
)
from papyrus.actors.miner.params.numbers import SECTOR_CONTENT_CHANGED
from papyrus.actors.miner.params.onboarding import DataActivationNotification
from papyrus.actors.power.params import MINER_RAW_POWER
from papyrus.actors.singletons import STORAGE_POWER
from papyrus.ipld.cid import CBOR
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode

HANDLE_FILECOIN_METHOD = bytes.fromhex("868e10c4")
"""What contracts are called with when they are sent a method (FIP-0054): its selector."""

KEPT_WORDS = 4
ACCEPTED = bytes.fromhex("8181f5")
"""The answer that the one piece of the one sector is accepted."""

KEEP = "".join(
    f"{4 + (4 + place) * WORD} CALLDATALOAD 0 SLOAD 8 SHL {1 + place} ADD SSTORE\n"
    for place in range(KEPT_WORDS)
)
TELL = "".join(
    f"0 CALLDATALOAD 8 SHL {place} ADD SLOAD {place * WORD} MSTORE\n"
    for place in range(1 + KEPT_WORDS)
)

RECEIVER = f"""
    ; Asked with a number, it tells how many notes it has taken in slot 0, and each note's length
    ; and first words from the note's number times 256 on.
    0 CALLDATALOAD 224 SHR {int.from_bytes(HANDLE_FILECOIN_METHOD, "big")} EQ @told JUMPI
    {TELL} {(1 + KEPT_WORDS) * WORD} 0 RETURN

    ; It takes notes of nothing but changes in sectors, in CBOR.
    told: 4 CALLDATALOAD {SECTOR_CONTENT_CHANGED} EQ ISZERO @refuse JUMPI
    36 CALLDATALOAD {CBOR} EQ ISZERO @refuse JUMPI

    ; Whoever has no address but an ID may be a miner: the power actor is asked for its power.
    CALLER 64 SHR {0xFF << 88} EQ ISZERO @refuse JUMPI
    {MINER_RAW_POWER} 0 MSTORE
    {CBOR} {3 * WORD} MSTORE {6 * WORD} {4 * WORD} MSTORE 4 {5 * WORD} MSTORE
    9 {6 * WORD} MSTORE
    CALLER {(1 << 64) - 1} AND {0x1B << 64} OR {8 * (WORD - 9)} SHL {7 * WORD} MSTORE
    {WORD} 0 {8 * WORD} 0 {CALL_ACTOR_BY_ID} GAS DELEGATECALL ISZERO @refuse JUMPI
    0 MLOAD @refuse JUMPI

    1 0 SLOAD ADD 0 SSTORE
    100 CALLDATALOAD 0 SLOAD 8 SHL SSTORE
    {KEEP}
    0 0 MSTORE {CBOR} {WORD} MSTORE {3 * WORD} {2 * WORD} MSTORE {len(ACCEPTED)} {3 * WORD} MSTORE
    {int.from_bytes(ACCEPTED.ljust(WORD, bytes(1)), "big")} {4 * WORD} MSTORE
    {5 * WORD} 0 RETURN
    refuse: 0 0 REVERT
"""


@pytest.fixture
def receiver(network):
    return deploy(network, WORKER.id, initcode(RECEIVER))


def notes(vm, receiver):
    """Return what a receiver was told, the newest last."""
    count = returned(vm, CLIENT.id, receiver, word(0))[0]
    found = []
    for number in range(1, 1 + count):
        length, *kept = returned(vm, CLIENT.id, receiver, word(number))
        found.append(SectorContentChangedParams.from_cbor(b"".join(map(word, kept))[:length]))
    return found


def test_a_contract_is_told_of_a_sectors_data(network, receiver):
    vm = network
    miner = new_miner(vm)
    address = Address.from_ethereum(receiver.ethereum)
    data = replace(piece(1), notify=(DataActivationNotification(address, b"\xca\xfe"),))
    assert announce(vm, miner, {100: [data]}).code == ExitCode.OK
    assert notes(vm, receiver) == []
    wait(vm, SEALING)
    outcome = prove(vm, miner, {100: [data]})
    assert outcome.code == ExitCode.OK, outcome.failure

    change = PieceChange(data.cid, data.size, b"\xca\xfe")
    told = SectorChanges(100, sector(vm, miner, 100).expiration, (change,))
    assert notes(vm, receiver) == [SectorContentChangedParams((told,))]


def test_only_a_miner_is_listened_to(network, receiver):
    change = PieceChange(piece(1).cid, 2048, b"\xca\xfe")
    told = SectorContentChangedParams((SectorChanges(100, 1000, (change,)),)).to_cbor()
    head = SECTOR_CONTENT_CHANGED, CBOR, 3 * WORD, len(told)
    data = HANDLE_FILECOIN_METHOD + b"".join(map(word, head)) + told
    assert invoke(network, WORKER.id, receiver, data)[0] == REVERTED
    (asked,) = last_call(network).calls
    assert (asked.to, asked.method) == (STORAGE_POWER, MINER_RAW_POWER)
    assert asked.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert notes(network, receiver) == []
