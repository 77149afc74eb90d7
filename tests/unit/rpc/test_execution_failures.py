"""What a client hears of a message that failed in a trial, in the words of Lotus."""

import pytest

from papyrus.consensus.verdicts import Fault
from papyrus.ipld import dag_cbor
from papyrus.primitives.errors import ActorError, Invalid
from papyrus.rpc.errors import RpcError
from papyrus.rpc.execution_failures import (
    execution_failed,
    failures_told,
    go_exit_code,
    revert_reason,
)


def word(number):
    return number.to_bytes(32, "big")


def error(text, offset=32):
    data = text.encode()
    padded = data + bytes(-len(data) % 32)
    return bytes.fromhex("08c379a0") + word(offset) + word(len(data)) + padded


def panic(code):
    return bytes.fromhex("4e487b71") + word(code)


@pytest.mark.parametrize(
    ("revert", "words"),
    [
        (b"", "none"),
        (b"\x01\x02", "0x0102"),
        (error("not allowed"), "Error(not allowed)"),
        (panic(0x11), "ArithmeticOverflow()"),
        (panic(0x99), "Panic(0x99)"),
        (error("x", offset=1 << 200), "0x" + error("x", offset=1 << 200).hex()),
        (error("cut off")[:-32], "0x" + error("cut off")[:-32].hex()),
        (bytes(36), "0x" + bytes(36).hex()),
    ],
)
def test_revert_is_told_in_words(revert, words):
    assert revert_reason(revert) == words


def test_failure_names_the_exit_code_the_revert_and_the_reason():
    told = execution_failed(ActorError(33, "it reverted", dag_cbor.encode(error("no"))))
    assert (told.code, told.data) == (3, "0x" + error("no").hex())
    assert told.message == (
        "message execution failed (exit=[33], revert reason=[Error(no)], vm error=[it reverted])"
    )


@pytest.mark.parametrize("returned", [b"", b"\xff", dag_cbor.encode(7)])
def test_failure_without_a_revert_names_none(returned):
    told = execution_failed(ActorError(18, "forbidden", returned))
    assert (
        told.message == "message execution failed (exit=[ErrForbidden(18)], vm error=[forbidden])"
    )
    assert told.data == "0x"


def test_lack_of_gas_has_a_code_of_its_own():
    told = execution_failed(ActorError(7, "out of gas"))
    assert (told.code, told.message) == (2, "call ran out of gas")


def test_exit_codes_are_spelled_as_go_spells_them():
    assert [go_exit_code(code) for code in (0, 6, 16, 77)] == [
        "Ok(0)",
        "SysErrInsufficientFunds(6)",
        "ErrIllegalArgument(16)",
        "77",
    ]


def test_sender_that_is_not_there_has_a_code_of_its_own():
    with pytest.raises(RpcError, match="actor not found") as told, failures_told():
        raise Invalid(Fault.SENDER_NOT_FOUND, "sender f09 not found on chain")
    assert told.value.code == 11
    with pytest.raises(Invalid), failures_told():
        raise Invalid(Fault.MESSAGE_VALUE, "a value")
