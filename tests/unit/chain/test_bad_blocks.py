from papyrus.chain.bad_blocks import BadBlock, BadBlocks
from papyrus.consensus.verdicts import Fault
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import Invalid

CIDS = [Cid.of(b"%d" % number) for number in range(5)]


def test_bad_block_is_remembered_with_its_first_reason():
    bad = BadBlocks()
    bad.add(CIDS[0], "no ticket")
    bad.add(CIDS[0], "something else")
    assert bad.reason(CIDS[0]) == "no ticket"
    assert bad.reason(CIDS[1]) is None
    assert bad.blocks() == [BadBlock(CIDS[0], "no ticket")]


def test_verdict_is_remembered_unless_it_may_change():
    bad = BadBlocks()
    bad.add_verdict(CIDS[0], Invalid(Fault.NO_TICKET, "block x"))
    bad.add_verdict(CIDS[1], Invalid(Fault.TIMESTAMP_IN_FUTURE, "block y"))
    assert str(bad.reason(CIDS[0])) == "no-ticket: block x"
    assert bad.reason(CIDS[1]) is None


def test_only_so_many_are_remembered_those_asked_for_longest():
    bad = BadBlocks(3)
    for cid in CIDS[:3]:
        bad.add(cid, "bad")
    bad.reason(CIDS[0])
    bad.add(CIDS[3], "bad")
    assert [each.cid for each in bad.blocks()] == [CIDS[2], CIDS[0], CIDS[3]]
    assert len(bad) == 3


def test_block_may_be_forgotten():
    bad = BadBlocks()
    for cid in CIDS:
        bad.add(cid, "bad")
    bad.remove(CIDS[0])
    bad.remove(CIDS[0])
    assert bad.reason(CIDS[0]) is None
    bad.clear()
    assert len(bad) == 0
