"""The names of the rules."""

import re

from papyrus.consensus.verdicts import Fault, fault_of, is_temporary
from papyrus.primitives.errors import Invalid


def test_every_rule_says_what_it_is_in_a_sentence():
    for fault in Fault:
        assert re.fullmatch(r"[A-Z][^\n]*\.", fault.explanation), fault
        assert fault.__doc__ == fault.explanation


def test_names_are_words_and_the_members_own():
    for fault in Fault:
        assert fault.value == fault.name.lower().replace("_", "-")


def test_only_what_depends_on_this_node_is_temporary():
    assert {fault for fault in Fault if fault.is_temporary} == {
        Fault.EPOCH_OUT_OF_RANGE,
        Fault.CHAIN_NOT_KNOWN,
        Fault.ALREADY_SEEN,
        Fault.TIMESTAMP_IN_FUTURE,
    }


def test_a_broken_rule_is_known_again_by_its_name():
    assert fault_of(Invalid(Fault.TICKET, "")) is Fault.TICKET
    assert fault_of(Invalid("message-fees", "")) is Fault.MESSAGE_FEES
    assert is_temporary(Invalid(Fault.TIMESTAMP_IN_FUTURE, ""))
    assert not is_temporary(Invalid(Fault.TIMESTAMP, ""))
    assert not is_temporary(Invalid("a rule of someone else's", ""))
