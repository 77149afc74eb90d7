"""The chain store: the blocks that were judged, and which tipset is the head (node.md 3.6).

A block comes here once it and its messages were found good, and its parent state is in the store.
It is on the disk before anybody hears of it. Then the tipset it makes with others of its height is
considered: the heaviest known chain is the chain, a tie broken by tickets. A new head is noted
before anything follows it, and names only what is in the store, so that whenever the process ends
the next one finds a head it can go on from; who writes the notes says when they are on the disk.
The observers hear of each change in order, the next change after all have heard the one before.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence

from papyrus.chain.head_changes import HeadChange, check_fork, path_between
from papyrus.chain.known_blocks import KnownBlocks
from papyrus.chain.skip_list import SkipList
from papyrus.consensus.chain import StoredChain
from papyrus.consensus.fork_choice import breaks_tie
from papyrus.consensus.weight import weight
from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import Blockstore, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.epochs import CHAIN_FINALITY, ChainEpoch
from papyrus.primitives.errors import DecodeError, Invalid, LocalFault, PapyrusError
from papyrus.storage import chain_index
from papyrus.storage.chain_index import IfNull
from papyrus.storage.chain_index_file import ChainIndex
from papyrus.storage.chain_notes import (
    CHECKPOINT,
    HEAD,
    ChainNotes,
    fact,
    note_fact,
    note_head,
)
from papyrus.storage.database import Database
from papyrus.types.block import BlockHeader, MsgMeta
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import Tipset, TipsetKey

Observer = Callable[[HeadChange], None]
"""Is told of each change; when it is on the disk, who writes the notes knows. Must not raise."""

Weigh = Callable[[Tipset, Blockstore], int]

_SEARCHED_ABOVE, _SEARCHED_BELOW = 5, 4
"""Where Lotus looks for another head after an equivocation: so many heights around the old one."""

_WEIGHTS_KEPT = 1024


class ChainStore:
    """The chain of one database; it belongs to the thread that opened it."""

    def __init__(
        self,
        database: Database,
        notes: ChainNotes,
        genesis: Tipset,
        *,
        index: ChainIndex | None = None,
        weigh: Weigh = weight,
    ) -> None:
        """Take up the chain where the notes left it, at `genesis` where they name no head.

        LocalFault where the head or the checkpoint is not in the store.
        """
        self.database = database
        self.blocks: Blockstore = database.store
        """All blocks, for reading; writes are durable one by one."""
        self.genesis = genesis
        self._notes = notes
        self._index = index
        self._weigh = weigh
        self._weights: OrderedDict[TipsetKey, int] = OrderedDict()
        self._headers = StoredChain(self.blocks)
        self._skips = SkipList(self)
        self._known = KnownBlocks(notes, self.blocks)
        self._observers: list[Observer] = []
        self._untold: deque[HeadChange] = deque()
        self._is_telling = False
        self._checkpoint = self._noted(CHECKPOINT)
        head = self._noted(HEAD)
        if head is None:
            self._expect_whole(genesis)
            note_head(notes, genesis.key, 0)
        self._head = head or genesis
        # A head that came from a snapshot or was set by hand takes part in the choice as well.
        self._known.add(self._head.blocks)

    # Reading.

    @property
    def head(self) -> Tipset:
        """The tipset that the chain ends in."""
        return self._head

    @property
    def checkpoint(self) -> Tipset | None:
        """The tipset that the chain will always contain, if one was set."""
        return self._checkpoint

    def tipset(self, key: TipsetKey) -> Tipset:
        """Return the tipset; LocalFault where a block of it is missing or is no block."""
        return self._headers.tipset(key)

    def tipset_at(
        self, height: ChainEpoch, base: Tipset | None = None, *, before_null: bool = True
    ) -> Tipset:
        """Return the tipset at a height on the chain that ends in `base`, or in the head.

        Where the epoch has none, the last one before it or the first one after it. LookupError for
        a height above the base or below zero.
        """
        top = self._head if base is None else base
        if self._index is not None and 0 <= height < top.height:
            if_null = IfNull.BEFORE if before_null else IfNull.AFTER
            found = chain_index.ancestor_at(self._index, top.key, height, if_null=if_null)
            if found is not None:
                return self.tipset(found.key)
        return self._skips.tipset_at(top, height, before_null=before_null)

    def is_ancestor(self, ancestor: Tipset, tipset: Tipset) -> bool:
        """Return whether one tipset is on the chain that ends in the other, and below it."""
        if ancestor.height >= tipset.height:
            return False
        return self.tipset_at(ancestor.height, tipset).key == ancestor.key

    def path(self, start: TipsetKey, end: TipsetKey) -> HeadChange:
        """Return how to get from one tipset to another; see `path_between`."""
        return path_between(self, self.tipset(start), self.tipset(end))

    def weight(self, tipset: Tipset) -> int:
        """Return the weight of the chain up to and including a tipset."""
        found = self._weights.get(tipset.key)
        if found is None:
            found = self._weights[tipset.key] = self._weigh(tipset, self.blocks)
            if len(self._weights) > _WEIGHTS_KEPT:
                self._weights.popitem(last=False)
        return found

    def tipsets_at(self, height: ChainEpoch) -> tuple[Tipset, ...]:
        """Return the tipsets that the known blocks of a height make, on any fork."""
        return self._known.tipsets_at(height)

    def has_block(self, header: BlockHeader) -> bool:
        """Return whether a judged block is known, of the heights that are remembered."""
        return self._known.has(header)

    # Keeping.

    def put_messages(self, bls: Sequence[Message], others: Sequence[SignedMessage]) -> Cid:
        """Keep the messages of a block, and return the CID its header names them by."""
        with self.database.batch() as batch:
            return _put_messages(batch, bls, others)

    def put_headers(self, headers: Iterable[BlockHeader]) -> None:
        """Keep headers that nobody has judged yet; they take no part in the choice of the head.

        Any thread may do that, as with messages.
        """
        with self.database.batch() as batch:
            for header in headers:
                batch.put(header.cid, header.to_cbor())

    def put_block(self, header: BlockHeader) -> None:
        """Keep a block that was judged good and whose messages and parent state are kept."""
        self.put_blocks([header])

    def put_blocks(self, headers: Sequence[BlockHeader]) -> None:
        """Keep blocks that were judged good, of one tipset or several; see `put_block`.

        LocalFault where their messages or parent states are not in the store.
        """
        for header in headers:
            self._expect_block_whole(header)
        self.put_headers(headers)
        self._known.add(headers)

    def take_up(self, headers: Sequence[BlockHeader]) -> None:
        """Do what `put_blocks` does with blocks whose headers are kept already."""
        for header in headers:
            self._expect_block_whole(header)
        self._known.add(headers)

    # The head.

    def consider(self, tipset: Tipset) -> HeadChange | None:
        """Let the tipset's blocks take part in the choice of the head; return what changed.

        Its blocks must have been put. The head afterwards is the heaviest of the old one, formed
        anew from its height's blocks, and the tipsets of this tipset's height. Where an
        equivocation made the head lighter, the heaviest tipset around its height takes its place.
        Raises Invalid where this tipset is the heaviest but its fork must not be followed; its
        blocks are good all the same.
        """
        if not all(self._known.has(block) for block in tipset.blocks):
            raise LocalFault(f"tipset {tipset.key} is considered before its blocks are put")
        old = self._head
        self._leave_equivocation()
        refused: Invalid | None = None
        for height in dict.fromkeys((self._head.height, tipset.height)):
            for challenger in self._by_strength(self._known.tipsets_at(height)):
                if not self._beats_head(challenger):
                    break
                try:
                    check_fork(self, self._head, challenger, self._checkpoint_key)
                except Invalid as fault:
                    if challenger.height == tipset.height and challenger.parents == tipset.parents:
                        refused = fault
                    continue
                self._take(challenger)
                break
        if refused is not None:
            raise refused
        return None if self._head.key == old.key else path_between(self, old, self._head)

    def set_head(self, tipset: Tipset, *, forget_above: bool = False) -> HeadChange:
        """Make a tipset the head whatever its weight, and remove the checkpoint.

        With `forget_above` the known blocks above it are forgotten, so that their producers may
        make others in their place without being taken for equivocators.
        """
        self.remove_checkpoint()
        if forget_above:
            self._known.forget_above(tipset.height)
        self._known.add(tipset.blocks)
        return self._take(tipset)

    def set_checkpoint(self, tipset: Tipset) -> HeadChange | None:
        """Never leave this tipset again; it becomes the head if it is not on the chain.

        Raises Invalid where that would revert a finality or more of the chain.
        """
        change = None
        if tipset.key != self._head.key and not self.is_ancestor(tipset, self._head):
            check_fork(self, self._head, tipset, None)
            self._known.add(tipset.blocks)
            change = self._take(tipset)
        note_fact(self._notes, CHECKPOINT, tipset.key.to_bytes())
        self._checkpoint = tipset
        return change

    def remove_checkpoint(self) -> None:
        """Let the chain leave any tipset again, within a finality."""
        if self._checkpoint is not None:
            note_fact(self._notes, CHECKPOINT, None)
            self._checkpoint = None

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Tell an observer of each change from now on; return what ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    # Below: how the head is chosen and moved.

    @property
    def _checkpoint_key(self) -> TipsetKey | None:
        return None if self._checkpoint is None else self._checkpoint.key

    def _leave_equivocation(self) -> None:
        """Move the head away from blocks that turned out to be an equivocator's."""
        head = self._head
        counting = {
            cid for tipset in self._known.tipsets_at(head.height) for cid in tipset.key.cids
        }
        if counting.issuperset(head.key.cids):
            return
        around = range(head.height + _SEARCHED_ABOVE, head.height - _SEARCHED_BELOW - 1, -1)
        others = [tipset for height in around for tipset in self._known.tipsets_at(height)]
        for challenger in self._by_strength(others):
            try:
                check_fork(self, head, challenger, self._checkpoint_key)
            except Invalid:
                continue
            self._take(challenger)
            return

    def _by_strength(self, tipsets: Iterable[Tipset]) -> list[Tipset]:
        """Return tipsets, the heaviest first, smaller tickets before larger where weights tie."""
        ordered: list[Tipset] = []
        for tipset in tipsets:
            place = 0
            while place < len(ordered) and not self._beats(tipset, ordered[place]):
                place += 1
            ordered.insert(place, tipset)
        return ordered

    def _beats_head(self, challenger: Tipset) -> bool:
        return self._beats(challenger, self._head)

    def _beats(self, challenger: Tipset, champion: Tipset) -> bool:
        ours, theirs = self.weight(challenger), self.weight(champion)
        return ours > theirs or (ours == theirs and breaks_tie(challenger, champion))

    def _take(self, tipset: Tipset) -> HeadChange:
        """Make a tipset the head: in the notes, here, and then for the observers."""
        change = path_between(self, self._head, tipset)
        self._expect_whole(tipset)
        lowest = tipset.height - CHAIN_FINALITY
        note_head(self._notes, tipset.key, lowest)
        self._known.drop_below(lowest)
        self._head = tipset
        if change.reverted or change.applied:
            self._tell(change)
        return change

    def _tell(self, change: HeadChange) -> None:
        """Tell the observers, after those changes that they are just being told of."""
        self._untold.append(change)
        if self._is_telling:
            return
        self._is_telling = True
        failed: PapyrusError | None = None
        try:
            while self._untold:
                told = self._untold.popleft()
                for observer in tuple(self._observers):
                    try:
                        observer(told)
                    except PapyrusError as error:  # the others must hear of the change as well
                        failed = failed or error
        finally:
            self._is_telling = False
        if failed is not None:
            raise failed

    def _expect_whole(self, tipset: Tipset) -> None:
        for block in tipset.blocks:
            if not self.blocks.has(block.cid):
                raise LocalFault(f"block {block.cid} is not in the store: it cannot be the head")
            self._expect_block_whole(block)

    def _expect_block_whole(self, header: BlockHeader) -> None:
        """Raise LocalFault unless the roots of what a block stands on are kept.

        A root is written together with what it leads to or after it, so it answers for the rest.
        """
        for what, cid in (
            ("messages", header.messages),
            ("parent state", header.parent_state_root),
        ):
            if not self.blocks.has(cid):
                raise LocalFault(f"the {what} {cid} of block {header.cid} must be kept before it")

    def _noted(self, name: str) -> Tipset | None:
        key = fact(self._notes, name)
        try:
            return None if key is None else self.tipset(TipsetKey.from_bytes(key))
        except (DecodeError, LocalFault) as error:
            raise LocalFault(
                f"the {name} that was written down cannot be read ({error}): import a snapshot"
            ) from error


def _put_messages(
    store: Blockstore, bls: Sequence[Message], others: Sequence[SignedMessage]
) -> Cid:
    roots = []
    for group in (bls, others):
        cids = []
        for message in group:
            cid = message.cid
            store.put(cid, message.to_cbor())
            cids.append(cid)
        roots.append(amt_root(store, cids))
    return put_cbor(store, MsgMeta(*roots).to_ipld())
