"""Sentences keep the addresses that they name until somebody knows the network."""

import pickle

import pytest

from papyrus.primitives.address import Address
from papyrus.primitives.errors import Invalid, LocalFault
from papyrus.primitives.sentences import sentence, told

MINER = Address.from_id(1000)
ACTOR = Address.actor(b"actor")


def test_addresses_begin_with_the_letter_of_the_network():
    found = sentence("{} owes {:,} attoFIL to {}", MINER, 1000, ACTOR)
    assert found.told("t") == f"t01000 owes 1,000 attoFIL to {ACTOR.to_string('t')}"
    assert str(found) == f"f01000 owes 1,000 attoFIL to {ACTOR.to_string('f')}"


def test_nothing_but_addresses_is_changed():
    assert told(sentence("{{}} f01000 {}", "f01000 {}"), "t") == "{} f01000 f01000 {}"
    assert told("f01000 {}", "t") == "f01000 {}"


def test_error_says_what_its_sentence_says():
    error = LocalFault(sentence("there is no miner {}", MINER))
    assert str(error) == "there is no miner f01000"
    assert told(error, "t") == "there is no miner t01000"
    assert told(LocalFault("no {}"), "t") == "no {}"
    assert told(LocalFault(), "t") == ""
    assert told(KeyError("a"), "t") == "'a'"


@pytest.mark.parametrize(
    "inner", [LocalFault(sentence("no {}", MINER)), LookupError(sentence("no {}", MINER))]
)
def test_addresses_of_an_error_within_are_kept(inner):
    assert told(sentence("failed: {}", inner), "t") == "failed: no t01000"
    assert told(Invalid("fault", inner), "t") == "fault: no t01000"
    assert str(Invalid("fault", inner)) == "fault: no f01000"
    assert Invalid("fault", inner).detail == "no f01000"
    assert told(sentence("{}; {}", sentence("{}", MINER), "x"), "t") == "t01000; x"


def test_address_is_told_alone():
    assert told(MINER, "t") == "t01000"
    assert told(12, "t") == "12"


def test_sentence_goes_to_another_process_and_back():
    found = sentence("no {}", ACTOR)
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - our own bytes
