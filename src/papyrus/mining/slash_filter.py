"""What a producer must not sign, because it signed something else before (node.md 3.6).

Two blocks of one miner at one height, or on the same parents, are a provable fault, and so is a
block that leaves its miner's own block of the parent epoch out of its parents. Whoever reports it
has the miner fined and barred for a finality. Honest producers get there by restarting, by running
twice, or by changing their mind when their base changes; so what was signed is kept on disk, and
asked before each block leaves (Lotus chain/gen/slashfilter).

A block is written down, durably, before anyone is told that it may go: whatever happens to the
process or the machine afterwards, no other block passes in its place. The file belongs to the
miner's key, not to the node: two nodes with one key and two files protect nobody.
"""

from dataclasses import dataclass
from pathlib import Path

from papyrus.ipld.cid import Cid
from papyrus.primitives.epochs import ChainEpoch
from papyrus.storage.sqlite_files import (
    SqliteFile,
    SqliteForm,
    open_sqlite,
    rows_of,
    to_signed,
    transaction,
)
from papyrus.types.block import BlockHeader
from papyrus.vm.externs import ConsensusFaultType

_FORM = SqliteForm(
    name="slash filter",
    application_id=int.from_bytes(b"PAPS"),
    version=1,
    statements=(
        """CREATE TABLE block (
            miner INTEGER NOT NULL,
            height INTEGER NOT NULL,
            parents BLOB NOT NULL,
            cid BLOB NOT NULL,
            PRIMARY KEY (miner, height),
            UNIQUE (miner, parents)
        ) WITHOUT ROWID""",
    ),
    remedy="restore a copy, or stop producing for 900 epochs before you delete it: without it a "
    "miner may sign two blocks of one epoch and be slashed",
    flushed=True,
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why a block must not go out."""

    fault: ConsensusFaultType
    """What the two blocks together would prove."""
    witness: Cid
    """The block that was signed before."""

    def __str__(self) -> str:
        return f"{_SENTENCES[self.fault]} {self.witness}"


class SlashFilter:
    """The blocks that the miners of one file have signed."""

    def __init__(self, path: Path) -> None:
        """Open the file, made empty where there is none; LocalFault where it cannot be used."""
        self._file: SqliteFile = open_sqlite(path, _FORM)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def admit(self, block: BlockHeader, parent_height: ChainEpoch) -> Conflict | None:
        """Write a block down and return None, or return why it must not go out.

        When None is returned the block is on the disk. The same block may be admitted again.
        `parent_height` is that of its parent tipset.
        """
        miner, cid = to_signed(block.miner.id), block.cid
        # A fault is proven by equal sets of parents, whatever their order.
        parents = b"".join(sorted(block.parents))
        with transaction(self._file) as connection:
            same_height = connection.execute(
                "SELECT cid FROM block WHERE miner = ? AND height = ?", (miner, block.height)
            ).fetchone()
            if same_height is not None:
                earlier = Cid(same_height[0])
                if earlier == cid:
                    return None
                return Conflict(ConsensusFaultType.DOUBLE_FORK_MINING, earlier)
            same_parents = connection.execute(
                "SELECT cid FROM block WHERE miner = ? AND parents = ?", (miner, parents)
            ).fetchone()
            if same_parents is not None:
                return Conflict(ConsensusFaultType.TIME_OFFSET_MINING, Cid(same_parents[0]))
            own = connection.execute(
                "SELECT cid FROM block WHERE miner = ? AND height = ?", (miner, parent_height)
            ).fetchone()
            if own is not None and Cid(own[0]) not in block.parents:
                return Conflict(ConsensusFaultType.PARENT_GRINDING, Cid(own[0]))
            connection.execute(
                "INSERT INTO block (miner, height, parents, cid) VALUES (?, ?, ?, ?)",
                (miner, block.height, parents, cid),
            )
        return None

    def signed_above(self, height: ChainEpoch) -> list[Cid]:
        """Return the blocks above a height that were written down, the lowest first."""
        rows = rows_of(
            self._file, "SELECT cid FROM block WHERE height > ? ORDER BY height, miner", height
        )
        return [Cid(cid) for (cid,) in rows]

    def forget_above(self, height: ChainEpoch) -> None:
        """Forget the blocks above a height, so that others may be signed in their place.

        For development networks that go back in time: anywhere else their miners would be slashed.
        """
        with transaction(self._file) as connection:
            connection.execute("DELETE FROM block WHERE height > ?", (height,))


_SENTENCES = {
    ConsensusFaultType.DOUBLE_FORK_MINING: "at this height the miner has signed another block,",
    ConsensusFaultType.TIME_OFFSET_MINING: "on these parents the miner has signed another block,",
    ConsensusFaultType.PARENT_GRINDING: "the parents leave out the miner's own block,",
}
