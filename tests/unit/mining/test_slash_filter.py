"""The slash filter: no two blocks pass that together would be a fault, whatever happens between."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.consensus.faults import fault_kind
from papyrus.ipld.cid import Cid
from papyrus.mining.slash_filter import Conflict, SlashFilter
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import LocalFault
from papyrus.types.block import BlockHeader
from papyrus.types.ticket import Ticket
from papyrus.vm.externs import ConsensusFaultType as Kind

SRC = Path(__file__).resolve().parents[3] / "src"
HERE = Path(__file__).resolve().parent


def named(text):
    return Cid.of(text.encode())


NOTHING = named("nothing")


def block(height, *parents, miner=1000, salt=0):
    """Return a block of a miner; the salt makes another one of the same place."""
    return BlockHeader(
        miner=Address.from_id(miner),
        ticket=Ticket(salt.to_bytes(4, "big")),
        election_proof=None,
        beacon_entries=(),
        win_post_proof=(),
        parents=tuple(named(parent) if isinstance(parent, str) else parent for parent in parents),
        parent_weight=0,
        height=height,
        parent_state_root=NOTHING,
        parent_message_receipts=NOTHING,
        messages=NOTHING,
        bls_aggregate=None,
        timestamp=0,
        block_sig=None,
        fork_signaling=0,
        parent_base_fee=TokenAmount(100),
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "slash_filter.sqlite"


@pytest.fixture
def kept(path):
    made = SlashFilter(path)
    yield made
    made.close()


def test_first_block_passes_and_passes_again(kept):
    first = block(5, "a")
    assert kept.admit(first, 4) is None
    assert kept.admit(first, 4) is None


def test_second_block_of_a_height_is_refused(kept):
    first = block(5, "a")
    kept.admit(first, 4)
    other = Conflict(Kind.DOUBLE_FORK_MINING, first.cid)
    assert kept.admit(block(5, "b"), 4) == other
    assert kept.admit(replace(first, timestamp=9), 4) == other


def test_second_block_on_the_same_parents_is_refused(kept):
    first = block(5, "a", "b")
    kept.admit(first, 4)
    assert kept.admit(block(6, "a", "b"), 4) == Conflict(Kind.TIME_OFFSET_MINING, first.cid)
    assert kept.admit(block(6, "b", "a"), 4) == Conflict(Kind.TIME_OFFSET_MINING, first.cid)
    assert kept.admit(block(6, "a", "c"), 4) is None


def test_block_that_leaves_out_its_own_sibling_is_refused(kept):
    own = block(5, "a")
    kept.admit(own, 4)
    assert kept.admit(block(6, "x", "y"), 5) == Conflict(Kind.PARENT_GRINDING, own.cid)
    assert kept.admit(block(6, own.cid, "y"), 5) is None


def test_block_over_another_epoch_need_not_name_its_own(kept):
    kept.admit(block(5, "a"), 4)
    assert kept.admit(block(7, "x"), 6) is None


def test_block_that_was_refused_was_not_written_down(kept):
    kept.admit(block(5, "a"), 4)
    kept.admit(block(6, "a"), 4)
    assert kept.admit(block(6, "b"), 4) is None


def test_each_miner_is_on_its_own(kept):
    kept.admit(block(5, "a"), 4)
    assert kept.admit(block(5, "a", miner=1001), 4) is None
    assert kept.admit(block(6, "x", miner=1002), 5) is None
    assert kept.admit(block(5, "a", miner=2**64 - 1), 4) is None


def test_conflict_says_why():
    sentences = {str(Conflict(kind, NOTHING)) for kind in Kind}
    assert all(str(NOTHING) in sentence for sentence in sentences)
    assert len(sentences) == len(Kind)


def test_filter_remembers_when_it_is_opened_again(path):
    first = block(5, "a")
    for _ in range(2):
        filter_ = SlashFilter(path)
        assert filter_.admit(first, 4) is None
        filter_.close()
    again = SlashFilter(path)
    assert again.admit(block(5, "b"), 4) == Conflict(Kind.DOUBLE_FORK_MINING, first.cid)
    again.close()


def test_two_that_are_open_know_of_each_other(path, kept):
    other = SlashFilter(path)
    first = block(5, "a")
    assert kept.admit(first, 4) is None
    assert other.admit(block(5, "b"), 4) == Conflict(Kind.DOUBLE_FORK_MINING, first.cid)
    other.close()


def test_file_of_another_kind_is_refused(path):
    path.write_bytes(b"this is no database, and long enough to be taken for a damaged one" * 20)
    with pytest.raises(LocalFault, match=r"slash filter .* stop producing for 900 epochs"):
        SlashFilter(path)


def test_file_is_its_owner_s(path, kept):
    assert kept.admit(block(1, "a"), 0) is None
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o077 == 0


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
from test_slash_filter import block
from papyrus.mining.slash_filter import SlashFilter
filter_ = SlashFilter(Path({path!r}))
for height in range(1, 100_000):
    if filter_.admit(block(height, f"parent {{height}}"), height - 1000) is None:
        sys.stdout.write(f"{{height}}\\n")
        sys.stdout.flush()
"""


def test_killed_process_has_written_down_what_it_let_go(path):
    """What was told to anybody before the kill is there after it, and nothing passes beside it."""
    for told_before_kill in (1, 7, 23):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD.format(here=str(HERE), path=str(path))],
            env={"PYTHONPATH": str(SRC)},
            stdout=subprocess.PIPE,
            text=True,
        )
        told = [child.stdout.readline() for _ in range(told_before_kill)]
        child.kill()
        told += child.stdout.readlines()
        child.stdout.close()
        child.wait()
        heights = [int(line) for line in told if line.endswith("\n")]
        assert len(heights) >= told_before_kill
        after = SlashFilter(path)
        for height in heights:
            refused = after.admit(block(height, f"parent {height}", salt=1), height - 1000)
            assert refused.fault == Kind.DOUBLE_FORK_MINING
        after.close()
        path.unlink()


HEIGHTS = st.integers(1, 6)
BLOCKS = st.builds(
    lambda height, parents, salt: block(height, *sorted(parents), salt=salt),
    HEIGHTS,
    st.sets(st.sampled_from("abc"), min_size=1),
    st.integers(0, 2),
)


@given(blocks=st.lists(BLOCKS, max_size=12))
def test_no_two_blocks_that_pass_are_a_fault(tmp_path_factory, blocks):
    """Whatever is asked for, in whatever order, `fault_kind` finds nothing in what passed."""
    filter_ = SlashFilter(tmp_path_factory.mktemp("filter") / "filter.sqlite")
    passed = [one for one in blocks if filter_.admit(one, one.height - 1) is None]
    filter_.close()
    for first in passed:
        for second in passed:
            assert fault_kind(first, second, None) is None


def test_what_lies_above_a_height_is_told_and_forgotten(tmp_path):
    filter_ = SlashFilter(tmp_path / "filter.sqlite")
    blocks = [block(height, f"parent {height}") for height in (3, 1, 2)]
    for one in blocks:
        assert filter_.admit(one, 0) is None
    assert filter_.signed_above(1) == [blocks[2].cid, blocks[0].cid]
    filter_.forget_above(1)
    assert filter_.signed_above(0) == [blocks[1].cid]
    assert filter_.admit(block(3, "parent 3", salt=1), 0) is None
    assert filter_.admit(block(1, "parent 1", salt=1), 0) is not None
    filter_.close()
