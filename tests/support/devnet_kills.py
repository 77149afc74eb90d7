"""A devnet with traffic that is killed at random moments, and an account of all it promised.

What a node says it must keep: a tipset that was announced stays on the chain, a checkpoint that
was set stays, a message whose CID was answered waits or is on the chain, a wish told twice is sent
once, and no miner ever signs two blocks of one epoch or on the same parents.
"""

import asyncio
import json
import random
import signal
from collections import Counter
from contextlib import closing, suppress
from uuid import UUID

from devnet_process import PATIENCE, DevnetProcess, GoneError, RefusedCallError, connection

from papyrus.actors.checks.state import check_state
from papyrus.consensus.chain import StoredChain
from papyrus.consensus.selection import messages_of
from papyrus.devnet.options import SETTINGS_FILE
from papyrus.devnet.people import people_of
from papyrus.genesis.initial_state import TOTAL_SUPPLY
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rpc.json_codecs import codec_of
from papyrus.storage.chain_notes import CHECKPOINT, HEAD, fact, known_blocks, open_notes
from papyrus.storage.database import NOTES_FILE, check_blocks, open_database
from papyrus.types.block import BlockHeader
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import TipsetKey

BLOCK_TIME = 0.2
KILLED_STARTING = 0.25
"""How often it is killed before it has come up."""
START_SECONDS, LIFE_SECONDS = 1.5, 3.0
"""Within which it is killed, from its start or from when it has come up."""
MINERS = 2
GAS_LIMIT, FEE_CAP, PREMIUM = 10_000_000, 10**9, 10**5
METHOD_NOT_FOUND = -32601
MOST_WAITING = 60
CHECKPOINT_DEPTH = 5


class BrokenPromiseError(AssertionError):
    """The node did not keep a promise."""


class KilledDevnet:
    """A devnet that is killed again and again, and what it has promised so far."""

    def __init__(self, folder, seed):
        self.process = DevnetProcess(
            folder, "--block-time", str(BLOCK_TIME), "--miners", str(MINERS)
        )
        self.datastore = self.process.folder / "devnet" / "datastore"
        self.chance = random.Random(seed)  # noqa: S311 - any moments, the same each time
        people = people_of(miners=MINERS)
        self.senders = [account.key for account in people.accounts[:3]] + [people.bls]
        self.wisher = people.accounts[4].key
        self.counts = Counter()
        self.announced = {}
        self.checkpoint = None
        self.signed = {}
        self.on_parents = {}
        self.chain = {0: None}
        self.acknowledged = set()
        self.taken = set()
        self.waiting = set()
        """What waited after the last start."""
        self.wishes = {}
        """The answer to each wish, None where there was none."""
        self.sent_wishes = Counter()

    # One life.

    async def live(self):
        """Start the devnet, use it, and kill it at some moment; then look at what it left."""
        loop = asyncio.get_running_loop()
        await self.process.start()
        killing = None
        if self.chance.random() < KILLED_STARTING:
            killing = loop.call_later(self.chance.random() * START_SECONDS, self.process.kill)
        try:
            with suppress(GoneError):
                facts = await asyncio.wait_for(self.process.ready(), PATIENCE)
                self.counts["lives in which it came up"] += 1
                if killing is None:
                    lifetime = self.chance.random() * LIFE_SECONDS
                    killing = loop.call_later(lifetime, self.process.kill)
                await self._use(facts)
        finally:
            if killing is not None:
                killing.cancel()
            self.process.kill()
        code = await self.process.ended()
        if code != -signal.SIGKILL:
            raise BrokenPromiseError(f"it ended by itself with {code}: {self._last_words()}")
        self.counts["kills"] += 1
        self.inspect()

    async def _use(self, facts):
        async with connection(facts) as feed, connection(facts) as calls:
            feed.listen(self._hear)
            await feed.call("Filecoin.ChainNotify")
            await self._look_around(calls)
            try:
                while True:
                    await self._act(calls)
            finally:
                await feed.closed()

    async def _look_around(self, calls):
        """See that what was promised is still there, as far as it can be asked for."""
        await self._note_waiting(calls)
        for wish, answer in list(self.wishes.items()):
            if answer is None:
                await self._wish(calls, wish)
        highest = max(self.announced, default=0)
        head = await calls.call("Filecoin.ChainHead")
        if head["Height"] < highest:
            raise BrokenPromiseError(
                f"the head is at {head['Height']}, and {highest} was announced"
            )

    async def _note_waiting(self, calls):
        pending = await calls.call("Filecoin.MpoolPending", [])
        self.waiting = set()
        for signed in pending:
            self.waiting |= {signed["CID"]["/"], signed["Message"]["CID"]["/"]}
        return len(pending)

    async def _act(self, calls):
        draw = self.chance.random()
        if draw < 0.6:
            await self._push(calls)
        elif draw < 0.8:
            number = len(self.wishes) + 1
            self.wishes[number] = None
            await self._wish(calls, number)
        elif draw < 0.85:
            await self._set_checkpoint(calls)
        if await self._note_waiting(calls) > MOST_WAITING:
            await asyncio.sleep(BLOCK_TIME)
        await asyncio.sleep(self.chance.random() * 0.05)

    async def _push(self, calls):
        key = self.chance.choice(self.senders)
        nonce = await calls.call("Filecoin.MpoolGetNonce", key.address.to_string("t"))
        message = _transfer(key.address, TokenAmount(self.chance.randrange(10**9)), nonce)
        signed = SignedMessage(message, key.sign(bytes(message.cid)))
        answer = await calls.call("Filecoin.MpoolPush", codec_of(SignedMessage).write(signed, "t"))
        self.acknowledged.add(answer["/"])
        self.counts["messages pushed"] += 1

    async def _wish(self, calls, number):
        """Tell a wish, or tell it again: it is known by the amount that it sends."""
        message = _transfer(self.wisher.address, TokenAmount(10**12 + number), 0)
        plain = codec_of(Message).write(message, "t") | {
            "GasLimit": 0, "GasFeeCap": "0", "GasPremium": "0"
        }  # fmt: skip
        answer = await calls.call(
            "Filecoin.MpoolPushMessage", plain,
            {"MaxFee": "0", "MsgUuid": str(UUID(int=number)), "MaximizeFeeCap": False},
        )  # fmt: skip
        self.wishes[number] = answer["CID"]["/"]
        self.acknowledged.add(answer["CID"]["/"])
        self.counts["wishes told"] += 1

    async def _set_checkpoint(self, calls):
        head = await calls.call("Filecoin.ChainHead")
        if head["Height"] <= CHECKPOINT_DEPTH:
            return
        base = await calls.call(
            "Filecoin.ChainGetTipSetByHeight", head["Height"] - CHECKPOINT_DEPTH, []
        )
        try:
            await calls.call("Filecoin.SyncCheckpoint", base["Cids"])
        except RefusedCallError as error:
            if error.code != METHOD_NOT_FOUND:
                raise
            return
        self.checkpoint = base["Height"], _cids(base)
        self.counts["checkpoints set"] += 1

    def _hear(self, message):
        for change in message["params"][1] if message["method"] == "xrpc.ch.val" else ():
            tipset = change["Val"]
            if change["Type"] == "revert":
                raise BrokenPromiseError(f"the announced tipset at {tipset['Height']} was reverted")
            self._note_announced(tipset["Height"], _cids(tipset))
            for cid, block in zip(_cids(tipset), tipset["Blocks"], strict=True):
                self._note_block(codec_of(BlockHeader).read(block), cid)

    def _note_announced(self, height, cids):
        known = self.announced.setdefault(height, cids)
        if known != cids:
            raise BrokenPromiseError(f"{known} and then {cids} were announced for {height}")

    def _note_block(self, header, cid):
        if header.height == 0:
            return
        for seen, place in (
            (self.signed, (header.miner.id, header.height)),
            (self.on_parents, (header.miner.id, header.parents)),
        ):
            if seen.setdefault(place, cid) != cid:
                raise BrokenPromiseError(
                    f"{header.miner} signed {seen[place]} and {cid} for {place[1]}"
                )

    # Afterwards.

    def inspect(self):
        """Look at the files of the dead process, changing none."""
        if not (self.process.folder / "devnet" / SETTINGS_FILE).exists():
            return
        if not (self.datastore / NOTES_FILE).exists() or not self._has_head():
            if self.announced:
                raise BrokenPromiseError("there is no head any more")
            return
        with (
            open_database(self.datastore, read_only=True) as database,
            closing(open_notes(self.datastore / NOTES_FILE, read_only=True)) as notes,
        ):
            checked = check_blocks(database.blocks)
            if checked.damaged or checked.unknown:
                raise BrokenPromiseError(f"damaged blocks: {checked.damaged + checked.unknown}")
            source = StoredChain(database.store)
            head = source.tipset(TipsetKey.from_bytes(fact(notes, HEAD)))
            self._walk(source, database.store, head)
            noted = fact(notes, CHECKPOINT)
            if self.checkpoint is not None:
                checkpoint = source.tipset(TipsetKey.from_bytes(noted))
                if checkpoint.height < self.checkpoint[0]:
                    raise BrokenPromiseError(
                        f"the checkpoint {self.checkpoint} is gone: {checkpoint.height}"
                    )
            for _, cid in known_blocks(notes):
                self._note_block(BlockHeader.from_cbor(database.store.get(cid)), str(cid))
        self._compare()

    def _has_head(self):
        with closing(open_notes(self.datastore / NOTES_FILE, read_only=True)) as notes:
            return fact(notes, HEAD) is not None

    def _walk(self, source, store, head):
        """Note what is on the chain above what was there before."""
        tipset, found = head, []
        while self.chain.get(tipset.height) != tipset.key and tipset.height > 0:
            if tipset.height in self.chain:
                raise BrokenPromiseError(f"the chain has another tipset at {tipset.height}")
            found.append(tipset)
            tipset = source.tipset(tipset.parents)
        for tipset in reversed(found):
            self.chain[tipset.height] = tipset.key
            for block in tipset.blocks:
                for message in messages_of(store, block):
                    self._take(message)
        self.counts["epochs"] = head.height
        self.counts["tipsets"] = len(self.chain) - 1

    def _take(self, message):
        plain = getattr(message, "message", message)
        cids = {str(message.cid), str(plain.cid)}
        if plain.sender == self.wisher.address and not cids & self.taken:
            self.sent_wishes[int(plain.value)] += 1
            if self.sent_wishes[int(plain.value)] > 1:
                raise BrokenPromiseError(f"a wish was sent twice: {plain.value}")
        self.taken |= cids

    def _compare(self):
        for height, cids in self.announced.items():
            key = self.chain.get(height)
            if height and (key is None or tuple(map(str, key.cids)) != cids):
                raise BrokenPromiseError(f"the tipset announced at {height} is not on the chain")
        if self.checkpoint is not None:
            height, cids = self.checkpoint
            if self.announced.get(height, cids) != cids or (
                height and tuple(map(str, self.chain[height].cids)) != cids
            ):
                raise BrokenPromiseError(f"the checkpoint at {height} is not on the chain")

    # The end.

    async def settle(self):
        """Start it a last time until nothing waits, stop it, and see that all promises hold."""
        await self.process.start()
        try:
            async with asyncio.timeout(2 * PATIENCE):
                facts = await self.process.ready()
                async with connection(facts) as calls:
                    await self._look_around(calls)
                    while await self._note_waiting(calls):  # noqa: ASYNC110 - it is asked
                        await asyncio.sleep(BLOCK_TIME)
                    await asyncio.sleep(3 * BLOCK_TIME)
            code = await self.process.stop()
        finally:
            self.process.kill()
        if code != 0:
            raise BrokenPromiseError(f"it stopped with {code}: {self._last_words()}")
        self.inspect()
        self._check_store()
        if lost := self.acknowledged - self.taken:
            raise BrokenPromiseError(
                f"{len(lost)} acknowledged messages are lost: {sorted(lost)[:5]}"
            )
        twice = [amount for amount, count in self.sent_wishes.items() if count > 1]
        if twice or len(self.sent_wishes) != len(self.wishes):
            raise BrokenPromiseError(
                f"of {len(self.wishes)} wishes, {len(self.sent_wishes)} were sent: {twice}"
            )
        said = self.process.stderr_path.read_text()
        if "Traceback" in said:
            raise BrokenPromiseError(f"it has written a stack trace: {said[-3000:]}")
        self.counts["messages acknowledged"] = len(self.acknowledged)
        self.counts["tipsets announced"] = len(self.announced)
        self.counts["blocks signed"] = len(self.signed)

    def _check_store(self):
        """See that `papyrus db check` is content, and the state of all actors sound."""
        done = self.process.command("db", "check", "--folder", self.datastore, "--json")
        if done.returncode or not json.loads(done.stdout)["ok"]:
            raise BrokenPromiseError(f"the check of the store says {done.stdout}{done.stderr}")
        with open_database(self.datastore, read_only=True) as database:
            height = max(self.chain)
            block = StoredChain(database.store).tipset(self.chain[height]).blocks[0]
            report = check_state(
                database.store, block.parent_state_root, epoch=height - 1, total=TOTAL_SUPPLY
            )
        if report.findings:
            raise BrokenPromiseError(f"the state is unsound: {report.findings}")

    def _last_words(self):
        return self.process.stderr_path.read_text()[-2000:]


async def kill_at_birth(folder, chance, kills=3):
    """Kill a devnet that is just being made, some times over; then it must come up."""
    process = DevnetProcess(folder, "--block-time", str(BLOCK_TIME))
    for _ in range(kills):
        await process.start()
        await asyncio.sleep(0.3 + chance.random() * 1.2)
        process.kill()
        await process.ended()
    await process.start()
    try:
        await asyncio.wait_for(process.ready(), PATIENCE)
    except GoneError as error:
        words = process.stderr_path.read_text()[-2000:]
        raise BrokenPromiseError(f"it does not come up any more: {error}: {words}") from error
    finally:
        process.kill()
        await process.ended()


def _transfer(sender, value, nonce):
    return Message(
        0, Address.from_id(1000), sender, nonce, value, GAS_LIMIT, TokenAmount(FEE_CAP),
        TokenAmount(PREMIUM), 0, b"",
    )  # fmt: skip


def _cids(tipset):
    return tuple(cid["/"] for cid in tipset["Cids"])


def figures(counts):
    """Return counts as text, a line each."""
    return "\n".join(f"{number:>8,}  {what}" for what, number in counts.items())
