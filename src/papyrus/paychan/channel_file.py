"""The channels of this node and their vouchers on disk, in one SQLite file.

Whatever a method here has noted is on the disk when it returns: a voucher that was acknowledged is
money. What is to be sent is noted before it is sent, so that funds are neither sent twice nor lost
sight of, wherever the node ends.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from papyrus.actors.paych.params import SignedVoucher
from papyrus.ipld.cid import Cid
from papyrus.paychan.records import Channel, Direction, Funding
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import LocalFault
from papyrus.storage.sqlite_files import (
    SqliteFile,
    SqliteForm,
    open_sqlite,
    rows_of,
    to_signed,
    to_unsigned,
    transaction,
)
from papyrus.types.message import Message, SignedMessage

_FORM = SqliteForm(
    name="record of payment channels",
    application_id=int.from_bytes(b"PAPC"),
    version=1,
    statements=(
        """CREATE TABLE channel (
            number INTEGER PRIMARY KEY,
            address BLOB UNIQUE,
            direction INTEGER NOT NULL,
            control BLOB NOT NULL,
            target BLOB NOT NULL,
            next_lane INTEGER NOT NULL,
            confirmed TEXT NOT NULL,
            available TEXT NOT NULL,
            is_settling INTEGER NOT NULL
        )""",
        """CREATE TABLE funding (
            wish BLOB PRIMARY KEY,
            channel INTEGER REFERENCES channel ON DELETE SET NULL,
            draft BLOB NOT NULL,
            amount TEXT NOT NULL,
            available TEXT NOT NULL,
            cid BLOB UNIQUE,
            message BLOB,
            outcome TEXT
        ) WITHOUT ROWID""",
        # Nonces are big-endian bytes, which sort as the numbers do.
        """CREATE TABLE voucher (
            number INTEGER PRIMARY KEY,
            channel INTEGER NOT NULL REFERENCES channel ON DELETE CASCADE,
            lane INTEGER NOT NULL,
            nonce BLOB NOT NULL,
            has_merges INTEGER NOT NULL,
            is_submitted INTEGER NOT NULL,
            voucher BLOB NOT NULL,
            UNIQUE (channel, voucher)
        )""",
        "CREATE INDEX voucher_by_lane ON voucher (channel, lane, nonce)",
    ),
    remedy="restore a copy before you delete it: it holds vouchers, which are money",
    flushed=True,
)

_CHANNEL = (
    "SELECT number, address, direction, control, target, next_lane, confirmed, available, "
    "is_settling FROM channel"
)
_FUNDING = "SELECT wish, channel, draft, amount, available, message, outcome FROM funding"
_VOUCHER = "SELECT voucher FROM voucher"

_MOST_DECODED = 4096
"""Vouchers that are not decoded again: each new one of a channel is judged by those before it."""


class ChannelFile:
    """The file."""

    def __init__(self, path: Path) -> None:
        """Open the file, made empty where there is none; LocalFault where it cannot be used."""
        self._file: SqliteFile = open_sqlite(path, _FORM)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    # Channels.

    def channels(self) -> list[Channel]:
        """Return the channels that are there, or were, the first one first."""
        return self._channels("WHERE address IS NOT NULL ORDER BY number")

    def channel_at(self, address: Address) -> Channel | None:
        """Return the channel of an address."""
        return next(iter(self._channels("WHERE address = ?", bytes(address))), None)

    def channel(self, number: int) -> Channel:
        """Return the channel of a number that the records name."""
        return self._channels("WHERE number = ?", number)[0]

    def outbound(self, payer: Address, payee: Address) -> list[Channel]:
        """Return the channels from one to the other that nobody here settles, the last first."""
        return self._channels(
            "WHERE direction = ? AND control = ? AND target = ? AND NOT is_settling "
            "ORDER BY number DESC",
            int(Direction.OUTBOUND),
            bytes(payer),
            bytes(payee),
        )

    def add_inbound(
        self, address: Address, payer: Address, payee: Address, next_lane: int
    ) -> Channel:
        """Keep a channel whose payee is here, and return it."""
        with transaction(self._file) as connection:
            number = _add(connection, address, Direction.INBOUND, payee, payer, next_lane)
        return self.channel(number)

    def mark_settling(self, channel: Channel) -> None:
        """Note that a channel is being settled."""
        self._run("UPDATE channel SET is_settling = 1 WHERE number = ?", channel.number)

    def allocate_lane(self, channel: Channel) -> int:
        """Return a lane that nobody was given before."""
        lane = self.channel(channel.number).next_lane
        self._run(
            "UPDATE channel SET next_lane = ? WHERE number = ?", to_signed(lane + 1), channel.number
        )
        return lane

    # Funds.

    def begin(self, funding: Funding, payee: Address) -> Funding:
        """Note a message that is about to be sent, and the channel where it is to make one."""
        with transaction(self._file) as connection:
            number = funding.channel
            if number is None:
                payer = funding.draft.sender
                number = _add(connection, None, Direction.OUTBOUND, payer, payee, 0)
            connection.execute(
                "INSERT INTO funding (wish, channel, draft, amount, available) "
                "VALUES (?, ?, ?, ?, ?)",
                (
                    funding.wish.bytes,
                    number,
                    funding.draft.to_cbor(),
                    str(int(funding.amount)),
                    str(int(funding.available)),
                ),
            )
        return replace(funding, channel=number)

    def sent(self, wish: UUID, message: SignedMessage) -> None:
        """Note that a message waits for a block."""
        self._run(
            "UPDATE funding SET message = ?, cid = ? WHERE wish = ?",
            message.to_cbor(),
            bytes(message.cid),
            wish.bytes,
        )

    def withdraw(self, funding: Funding) -> None:
        """Forget a message that was not sent after all, and the channel it was to make."""
        with transaction(self._file) as connection:
            connection.execute("DELETE FROM funding WHERE wish = ?", (funding.wish.bytes,))
            _forget_unmade(connection, funding)

    def succeed(self, funding: Funding, address: Address) -> None:
        """Note that a message went well: its funds are in the channel at an address."""
        if funding.channel is None:
            raise LocalFault(f"message {funding.wish} was sent for no payment channel")
        found = self.channel(funding.channel)
        with transaction(self._file) as connection:
            connection.execute(
                "UPDATE channel SET address = ?, confirmed = ?, available = ? WHERE number = ?",
                (
                    bytes(address),
                    str(int(found.confirmed + funding.amount)),
                    str(int(found.available + funding.available)),
                    found.number,
                ),
            )
            connection.execute(
                "UPDATE funding SET outcome = '' WHERE wish = ?", (funding.wish.bytes,)
            )

    def fail(self, funding: Funding, why: str) -> None:
        """Note that a message failed; the channel that it was to make is forgotten."""
        with transaction(self._file) as connection:
            connection.execute(
                "UPDATE funding SET outcome = ? WHERE wish = ?", (why, funding.wish.bytes)
            )
            _forget_unmade(connection, funding)

    def reserve(self, channel: Channel, amount: TokenAmount) -> None:
        """Reserve some of what is available."""
        left = self.channel(channel.number).available - amount
        self._run(
            "UPDATE channel SET available = ? WHERE number = ?", str(int(left)), channel.number
        )

    def under_way(self) -> list[Funding]:
        """Return the messages of whose end nothing is known yet."""
        return self._fundings("WHERE outcome IS NULL")

    def funding_of(self, channel: Channel) -> Funding | None:
        """Return the message that is under way for a channel; there is one at most."""
        found = self._fundings("WHERE outcome IS NULL AND channel = ?", channel.number)
        return next(iter(found), None)

    def funding_by(self, cid: Cid) -> Funding | None:
        """Return what a message was sent for, however long ago."""
        return next(iter(self._fundings("WHERE cid = ?", bytes(cid))), None)

    # Vouchers.

    def vouchers(self, channel: Channel) -> list[SignedVoucher]:
        """Return the vouchers of a channel, in the order in which they came."""
        return decoded_vouchers(self.encoded_vouchers(channel))

    def encoded_vouchers(self, channel: Channel) -> list[bytes]:
        """Return what `vouchers` does, for `decoded_vouchers`, which takes longer than this."""
        return self._vouchers("WHERE channel = ? ORDER BY number", channel.number)

    def decisive_vouchers(self, channel: Channel) -> list[SignedVoucher]:
        """Return, in their order, the vouchers that all of them come to.

        That is the last of each lane, and all of them where one merges lanes.
        """
        merging = "SELECT 1 FROM voucher WHERE channel = ? AND has_merges LIMIT 1"
        if rows_of(self._file, merging, channel.number):
            return self.vouchers(channel)
        found = self._vouchers(
            "WHERE channel = ? AND nonce = (SELECT MAX(nonce) FROM voucher AS other "
            "WHERE other.channel = voucher.channel AND other.lane = voucher.lane) ORDER BY number",
            channel.number,
        )
        return decoded_vouchers(found)

    def best_nonce(self, channel: Channel, lane: int) -> int:
        """Return the highest nonce of a lane's vouchers, 0 where there is none."""
        [(nonce,)] = rows_of(
            self._file,
            "SELECT MAX(nonce) FROM voucher WHERE channel = ? AND lane = ?",
            channel.number,
            to_signed(lane),
        )
        return 0 if nonce is None else int.from_bytes(nonce)

    def is_submitted(self, channel: Channel, voucher: SignedVoucher) -> bool | None:
        """Return whether a voucher was handed in, or a later one; None where it is not kept."""
        rows = rows_of(
            self._file,
            "SELECT is_submitted FROM voucher WHERE channel = ? AND voucher = ?",
            channel.number,
            voucher.to_cbor(),
        )
        return bool(rows[0][0]) if rows else None

    def add_voucher(self, channel: Channel, voucher: SignedVoucher) -> None:
        """Keep a voucher; its lane is given to nobody from then on."""
        next_lane = max(self.channel(channel.number).next_lane, voucher.lane + 1)
        with transaction(self._file) as connection:
            connection.execute(
                "INSERT OR IGNORE INTO voucher "
                "(channel, lane, nonce, has_merges, is_submitted, voucher) "
                "VALUES (?, ?, ?, ?, 0, ?)",
                (
                    channel.number,
                    to_signed(voucher.lane),
                    _nonce(voucher),
                    bool(voucher.merges),
                    voucher.to_cbor(),
                ),
            )
            connection.execute(
                "UPDATE channel SET next_lane = ? WHERE number = ?",
                (to_signed(next_lane), channel.number),
            )

    def mark_submitted(self, channel: Channel, voucher: SignedVoucher) -> None:
        """Note that a voucher was handed in, and with it all before it on its lane."""
        self._run(
            "UPDATE voucher SET is_submitted = 1 "
            "WHERE channel = ? AND lane = ? AND (nonce < ? OR voucher = ?)",
            channel.number,
            to_signed(voucher.lane),
            _nonce(voucher),
            voucher.to_cbor(),
        )

    def _run(self, sql: str, *values: object) -> None:
        with transaction(self._file) as connection:
            connection.execute(sql, values)

    def _channels(self, where: str, *values: object) -> list[Channel]:
        return [
            Channel(
                number=number,
                address=None if address is None else Address.from_bytes(address),
                direction=Direction(direction),
                control=Address.from_bytes(control),
                target=Address.from_bytes(target),
                next_lane=to_unsigned(next_lane),
                confirmed=TokenAmount(int(confirmed)),
                available=TokenAmount(int(available)),
                is_settling=bool(settling),
            )
            for (
                number,
                address,
                direction,
                control,
                target,
                next_lane,
                confirmed,
                available,
                settling,
            ) in rows_of(self._file, f"{_CHANNEL} {where}", *values)
        ]

    def _fundings(self, where: str, *values: object) -> list[Funding]:
        return [
            Funding(
                wish=UUID(bytes=wish),
                channel=channel,
                draft=Message.from_cbor(draft),
                amount=TokenAmount(int(amount)),
                available=TokenAmount(int(available)),
                message=None if message is None else SignedMessage.from_cbor(message),
                outcome=outcome,
            )
            for wish, channel, draft, amount, available, message, outcome in rows_of(
                self._file, f"{_FUNDING} {where}", *values
            )
        ]

    def _vouchers(self, where: str, *values: object) -> list[bytes]:
        return [voucher for (voucher,) in rows_of(self._file, f"{_VOUCHER} {where}", *values)]


def decoded_vouchers(encoded: Iterable[bytes]) -> list[SignedVoucher]:
    """Return vouchers as they were kept; any thread may ask."""
    return [_decoded(voucher) for voucher in encoded]


def _add(
    connection: sqlite3.Connection,
    address: Address | None,
    direction: Direction,
    control: Address,
    target: Address,
    next_lane: int,
) -> int:
    cursor = connection.execute(
        "INSERT INTO channel (address, direction, control, target, next_lane, confirmed, "
        "available, is_settling) VALUES (?, ?, ?, ?, ?, '0', '0', 0)",
        (
            None if address is None else bytes(address),
            int(direction),
            bytes(control),
            bytes(target),
            to_signed(next_lane),
        ),
    )
    return cursor.lastrowid or 0


def _forget_unmade(connection: sqlite3.Connection, funding: Funding) -> None:
    connection.execute(
        "DELETE FROM channel WHERE number = ? AND address IS NULL", (funding.channel,)
    )


@lru_cache(maxsize=_MOST_DECODED)
def _decoded(voucher: bytes) -> SignedVoucher:
    return SignedVoucher.from_cbor(voucher)


def _nonce(voucher: SignedVoucher) -> bytes:
    return voucher.nonce.to_bytes(8)
