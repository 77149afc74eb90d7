"""Templates as people write them: TOML, read strictly and written in one way.

Amounts are text with their unit, addresses and CIDs text, what is bytes hexadecimal, and sectors
one line each, since a miner may have thousands.
"""

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from papyrus.genesis.sectors import is_simulated, name_of_size, seal_proof_of, size_named
from papyrus.genesis.template import Account, Holder, Key, Miner, Multisig, Sector, Template
from papyrus.ipld.cid import Cid
from papyrus.primitives import base58
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import DecodeError, LocalFault

T = TypeVar("T")

_HEAD = """\
# What a Filecoin network begins with: `papyrus genesis build` makes its first block of it.
"""
_KEYS_HEAD = """\
# Secrets, so that deals can be signed. Whoever has this file has these keys.
"""
_REQUIRED = object()
_INTEGERS = 1 << 63
"""TOML promises integers of 64 bits; Python would read any."""


def read_template(text: str) -> Template:
    """Return the template that a text holds; LocalFault says what is wrong with it and where."""
    try:
        top = _Table(tomllib.loads(text), "the template")
    except tomllib.TOMLDecodeError as error:
        raise LocalFault(f"the template is not TOML: {error}") from error
    prefix = "the template"
    template = Template(
        network=top.take("network", str),
        network_version=top.take("network_version", int),
        network_name=top.take("network_name", str),
        timestamp=_whole(top.take("timestamp", int), f"timestamp of {prefix}"),
        ticket=top.parse("ticket", bytes.fromhex),
        first_verifier=top.parse("first_verifier", Address.from_string),
        trusts_deals=top.take("trusts_deals", bool, default=False),
        root=_holder(top.table("root")),
        remainder=_holder(top.table("remainder")),
        accounts=tuple(map(_holder, top.tables("accounts"))),
        miners=tuple(map(_miner, top.tables("miners"))),
        keys=tuple(map(_key, top.tables("keys"))),
    )
    top.end()
    return template


def write_template(template: Template) -> str:
    """Return the text of a template, which reads back as the same."""
    sections = [
        _HEAD
        + _lines(
            network=template.network,
            network_version=template.network_version,
            network_name=template.network_name,
            timestamp=template.timestamp,
            ticket=template.ticket.hex(),
            first_verifier=str(template.first_verifier),
            trusts_deals=template.trusts_deals or None,
        ),
        "[root]\n" + _holder_lines(template.root),
        "[remainder]\n" + _holder_lines(template.remainder, with_balance=False),
    ]
    sections += ["[[accounts]]\n" + _holder_lines(holder) for holder in template.accounts]
    sections += ["[[miners]]\n" + _miner_lines(miner) for miner in template.miners]
    sections += [
        (_KEYS_HEAD if place == 0 else "")
        + "[[keys]]\n"
        + _lines(address=str(key.address), secret=key.secret.hex())
        for place, key in enumerate(template.keys)
    ]
    return "\n".join(sections)


def _holder(table: "_Table") -> Holder:
    balance = table.parse("balance", TokenAmount.parse, default=ZERO)
    if table.has("address"):
        holder: Holder = Account(table.parse("address", Address.from_string), balance)
    else:
        holder = Multisig(
            signers=table.parse_all("signers", Address.from_string),
            threshold=table.take("threshold", int),
            balance=balance,
            vesting_start=table.take("vesting_start", int, default=0),
            vesting_duration=table.take("vesting_duration", int, default=0),
        )
    table.end()
    return holder


def _miner(table: "_Table") -> Miner:
    size = table.parse("sector_size", size_named)
    worker = table.parse("worker", Address.from_string)
    miner = Miner(
        owner=table.parse("owner", Address.from_string, default=worker),
        worker=worker,
        client=table.parse("client", Address.from_string, default=worker),
        peer_id=table.parse("peer_id", base58.decode, default=b""),
        sector_size=size,
        market_balance=table.parse("market_balance", TokenAmount.parse, default=ZERO),
        sectors=tuple(_sector(row, size) for row in table.tables("sectors")),
    )
    table.end()
    return miner


def _sector(table: "_Table", size: int) -> Sector:
    number = _whole(table.take("number", int), f"number in {table.where}")
    sealed_cid = table.parse("sealed_cid", Cid.from_string)
    if table.take("simulated", bool, default=False) != is_simulated(sealed_cid):
        raise LocalFault(f"{table.where}: `simulated` is not what sealed_cid says")
    sector = Sector(
        number=number,
        sealed_cid=sealed_cid,
        unsealed_cid=table.parse("unsealed_cid", Cid.from_string),
        label=table.take("label", str),
        seal_proof=table.take("seal_proof", int, default=seal_proof_of(size)),
    )
    table.end()
    return sector


def _key(table: "_Table") -> Key:
    key = Key(table.parse("address", Address.from_string), table.parse("secret", bytes.fromhex))
    table.end()
    return key


def _holder_lines(holder: Holder, *, with_balance: bool = True) -> str:
    balance = holder.balance.to_fil() if with_balance else None
    if isinstance(holder, Account):
        return _lines(address=str(holder.address), balance=balance)
    return _lines(
        signers=[str(signer) for signer in holder.signers],
        threshold=holder.threshold,
        balance=balance,
        vesting_start=holder.vesting_start or None,
        vesting_duration=holder.vesting_duration or None,
    )


def _miner_lines(miner: Miner) -> str:
    return (
        _lines(
            owner=str(miner.owner) if miner.owner != miner.worker else None,
            worker=str(miner.worker),
            client=str(miner.client) if miner.client != miner.worker else None,
            peer_id=base58.encode(miner.peer_id) or None,
            sector_size=name_of_size(miner.sector_size),
            market_balance=miner.market_balance.to_fil() if miner.market_balance else None,
        )
        + "sectors = [\n"
        + "".join(f"  {_sector_line(sector, miner.sector_size)},\n" for sector in miner.sectors)
        + "]\n"
    )


def _sector_line(sector: Sector, size: int) -> str:
    unusual = sector.seal_proof != seal_proof_of(size)
    fields = {
        "number": sector.number,
        "sealed_cid": str(sector.sealed_cid),
        "unsealed_cid": str(sector.unsealed_cid),
        "label": sector.label,
        "seal_proof": sector.seal_proof if unusual else None,
        "simulated": is_simulated(sector.sealed_cid) or None,
    }
    return f"{{ {', '.join(_pairs(fields))} }}"


def _lines(**fields: Any) -> str:
    return "".join(f"{pair}\n" for pair in _pairs(fields))


def _pairs(fields: Mapping[str, Any]) -> Iterable[str]:
    for name, value in fields.items():
        if value is not None:
            # TOML writes text, numbers, truth and lists as JSON does, but for one character.
            yield f"{name} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f")


def _whole(number: int, what: str) -> int:
    if number < 0:
        raise LocalFault(f"{what}: {number} is below zero")
    return number


class _Table:
    """A table of the text, whose entries are taken one by one until none may be left."""

    def __init__(self, entries: dict[str, Any], where: str) -> None:
        self._entries = dict(entries)
        self.where = where

    def has(self, name: str) -> bool:
        return name in self._entries

    def take(self, name: str, kind: type[T], default: Any = _REQUIRED) -> T:
        """Return an entry of a kind, or the default where there is none."""
        value = self._entries.pop(name, default)
        if value is _REQUIRED:
            raise LocalFault(f"{self.where}: `{name}` is missing")
        if type(value) is not kind:
            raise LocalFault(f"{self.where}: `{name}` is {value!r}, which is no {_WORDS[kind]}")
        if isinstance(value, int) and not -_INTEGERS <= value < _INTEGERS:
            raise LocalFault(f"{self.where}: `{name}` is {value}, beyond 64 bits")
        return value

    def parse(self, name: str, read: Callable[[str], T], default: Any = _REQUIRED) -> T:
        """Return what a text stands for, or the default where there is none."""
        if default is not _REQUIRED and name not in self._entries:
            found: T = default
            return found
        return self._read(name, self.take(name, str), read)

    def parse_all(self, name: str, read: Callable[[str], T]) -> tuple[T, ...]:
        """Return what each text of a list stands for."""
        texts = self.take(name, list)
        if not all(isinstance(text, str) for text in texts):
            raise LocalFault(f"{self.where}: `{name}` is no list of text")
        return tuple(self._read(name, text, read) for text in texts)

    def table(self, name: str) -> "_Table":
        return _Table(self.take(name, dict), f"[{name}]")

    def tables(self, name: str) -> "list[_Table]":
        """Return the tables of a list, none where there is no list."""
        rows = self.take(name, list, default=[])
        if not all(isinstance(row, dict) for row in rows):
            raise LocalFault(f"{self.where}: `{name}` is no list of tables")
        inside = "" if self.where == "the template" else f" of {self.where}"
        return [
            _Table(row, f"entry {place} of {name}{inside}") for place, row in enumerate(rows, 1)
        ]

    def end(self) -> None:
        """Refuse what nobody asked for."""
        if self._entries:
            raise LocalFault(f"{self.where}: `{next(iter(self._entries))}` is unknown here")

    def _read(self, name: str, text: str, read: Callable[[str], T]) -> T:
        try:
            return read(text)
        except (DecodeError, ValueError, LocalFault) as error:
            raise LocalFault(f"{self.where}: `{name}` cannot be read: {error}") from error


_WORDS: dict[type, str] = {
    str: "text", int: "whole number", bool: "true or false", list: "list", dict: "table",
}  # fmt: skip
