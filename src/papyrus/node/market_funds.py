"""Money in the market that is set aside for deals not yet published (Lotus FundManager).

Whoever prepares deals reserves what they will lock. What is reserved is in escrow: where less is
there, the difference is sent. Nobody withdraws below what is reserved. For each address there is
one message under way at a time, so that what escrow holds is known when the next is decided on;
what is reserved is on the disk before it is answered.
"""

import asyncio

from papyrus.actors.market.params import ADD_BALANCE, WITHDRAW_BALANCE, WithdrawBalanceParams
from papyrus.actors.market.state import BALANCES, State
from papyrus.actors.singletons import STORAGE_MARKET
from papyrus.ipld.blockstore import load
from papyrus.ipld.cid import Cid
from papyrus.node.node import Node
from papyrus.node.sending import Sending
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import LocalFault
from papyrus.storage.sqlite_files import (
    SqliteFile,
    SqliteForm,
    open_sqlite,
    rows_of,
    transaction,
)
from papyrus.types.message import Message, draft
from papyrus.vm.payloads import encoded
from papyrus.vm.state_tree import StateTree

_FORM = SqliteForm(
    name="record of funds in the market",
    application_id=int.from_bytes(b"PAPF"),
    version=1,
    statements=(
        """CREATE TABLE reserved (
            address BLOB PRIMARY KEY,
            amount TEXT NOT NULL,
            message BLOB
        ) WITHOUT ROWID""",
    ),
    remedy="delete it; nothing is then set aside in the market",
    flushed=True,
)


def add_balance(wallet: Address, owner: Address, amount: TokenAmount) -> Message:
    """Return what puts money of a wallet into escrow for someone."""
    params = encoded(Address, owner)
    return draft(wallet, STORAGE_MARKET, amount, ADD_BALANCE, params)


def withdraw_balance(wallet: Address, owner: Address, amount: TokenAmount) -> Message:
    """Return what takes money of someone out of escrow."""
    params = WithdrawBalanceParams(owner, amount).to_cbor()
    return draft(wallet, STORAGE_MARKET, method=WITHDRAW_BALANCE, params=params)


class MarketFunds:
    """What is reserved, by address as it was given."""

    def __init__(self, node: Node, sending: Sending) -> None:
        """Open the record; LocalFault where it cannot be used."""
        self._node, self._sending = node, sending
        path = node.plan.repository.folder / "market-funds.sqlite"
        self._file: SqliteFile = open_sqlite(path, _FORM)
        self._turns: dict[Address, asyncio.Lock] = {}

    def close(self) -> None:
        """Let go of the record."""
        self._file.close()

    def reserved(self, owner: Address) -> TokenAmount:
        """Return the attoFIL set aside for someone."""
        return self._noted(owner)[0]

    async def reserve(self, wallet: Address, owner: Address, amount: TokenAmount) -> Cid | None:
        """Set more aside; return the message that brings what escrow lacks, None for none."""
        _expect_positive(amount)
        async with self._turn(owner):
            await self._settled(owner)
            wanted = self.reserved(owner) + amount
            missing = wanted - self._available(owner)
            cid = None
            if missing > 0:
                cid = (await self._sending.send(add_balance(wallet, owner, missing))).cid
            self._note(owner, wanted, cid)
            return cid

    async def release(self, owner: Address, amount: TokenAmount) -> None:
        """Set less aside, nothing at the least."""
        _expect_positive(amount)
        async with self._turn(owner):
            _, cid = self._noted(owner)
            self._note(owner, max(self.reserved(owner) - amount, ZERO), cid)

    async def withdraw(self, wallet: Address, owner: Address, amount: TokenAmount) -> Cid:
        """Send what takes money out of escrow; LocalFault where so much is not free."""
        _expect_positive(amount)
        async with self._turn(owner):
            await self._settled(owner)
            available, reserved = self._available(owner), self.reserved(owner)
            if amount > available - reserved:
                raise LocalFault(
                    f"insufficient funds for withdrawal of {amount.to_fil()}: net available "
                    f"({_fil(available - reserved)}) = available ({available.to_fil()}) - "
                    f"reserved ({reserved.to_fil()})"
                )
            cid = (await self._sending.send(withdraw_balance(wallet, owner, amount))).cid
            self._note(owner, reserved, cid)
            return cid

    def _turn(self, owner: Address) -> asyncio.Lock:
        return self._turns.setdefault(owner, asyncio.Lock())

    async def _settled(self, owner: Address) -> None:
        """Return when the message under way for someone no longer waits for a block."""
        _, cid = self._noted(owner)
        pool = self._node.pool
        changed = asyncio.Event()
        end = pool.subscribe(lambda _change: changed.set())
        try:
            while cid is not None and pool.find(cid) is not None:
                changed.clear()
                await changed.wait()
        finally:
            end()

    def _available(self, owner: Address) -> TokenAmount:
        """Return what is free in escrow after the head."""
        node = self._node
        store = node.chain.blocks
        head = node.executed.head
        tree = StateTree(store, node.states.known_after(head).state_root)
        market, owner_id = tree.get(STORAGE_MARKET.id), tree.resolve(owner)
        if market is None or owner_id is None:
            return ZERO
        state = State.from_cbor(load(store, market.head))
        key = Address.from_id(owner_id)
        escrow = BALANCES.open(store, state.escrow_table).get(key) or ZERO
        return escrow - (BALANCES.open(store, state.locked_table).get(key) or ZERO)

    def _noted(self, owner: Address) -> tuple[TokenAmount, Cid | None]:
        rows = rows_of(
            self._file, "SELECT amount, message FROM reserved WHERE address = ?", bytes(owner)
        )
        if not rows:
            return ZERO, None
        [(amount, cid)] = rows
        return TokenAmount(int(amount)), None if cid is None else Cid(cid)

    def _note(self, owner: Address, amount: TokenAmount, cid: Cid | None) -> None:
        with transaction(self._file) as connection:
            connection.execute(
                "INSERT OR REPLACE INTO reserved VALUES (?, ?, ?)",
                (bytes(owner), str(int(amount)), None if cid is None else bytes(cid)),
            )


def _expect_positive(amount: TokenAmount) -> None:
    if amount < 0:
        raise LocalFault(f"{amount.to_fil()} is less than nothing")


def _fil(amount: int) -> str:
    return TokenAmount(amount).to_fil()
