"""The message pool: what comes in a second, and how long a choice takes from 10,000 messages.

The people and their messages are made here. Ratios compare with the part that cannot be saved: the
signature's check for what comes in, and sorting the messages by premium for a choice.
"""

import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from pool_chain import PoolChain, pending, person, pool_of

from papyrus.consensus.message_signatures import check_signer
from papyrus.crypto.signatures import SignatureType
from papyrus.mpool.config import MpoolConfig
from papyrus.mpool.local_messages import LocalMessages
from papyrus.primitives.amounts import TokenAmount
from papyrus.types.message import SignedMessage

SENDERS = 1000
WAITING = 10_000
BLS_SENDERS = 10
PUSHED = 300

Row = tuple[str, float, str, str, float | None]


def messages(kind: SignatureType, senders: int, count: int) -> list[SignedMessage]:
    """Return messages of people, in order of nonce, of any worth and gas."""
    source = random.Random(3)  # noqa: S311 - a sample that is the same each time
    return [
        person(1000 + number % senders, kind).message(
            number // senders,
            premium=source.randrange(100_000, 200_000),
            gas_limit=int(source.lognormvariate(16.5, 1.2)) + 2_000_000,
            gas_fee_cap=TokenAmount(10**6),
        )
        for number in range(count)
    ]


def chain_for(found: list[SignedMessage]) -> PoolChain:
    """Return a chain on which all senders have money."""
    chain = PoolChain()
    for one in {signed.message.sender: signed for signed in found}.values():
        person_of = _Holder(one.message.sender)
        chain.fund(person_of, fil=10_000)
    return chain


class _Holder:
    def __init__(self, address: object) -> None:
        self.address = address


def seconds(work: Callable[[], object]) -> float:
    """Return how long some work takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def best(work: Callable[[], object], rounds: int = 3) -> float:
    """Return how long some work takes at best."""
    return min(seconds(work) for _ in range(rounds))


def coming(kind: SignatureType, senders: int, count: int) -> tuple[float, float]:
    """Return messages a second that a pool takes from peers, and that are checked at all."""
    found = messages(kind, senders, count)
    pool = pool_of(chain_for(found))
    taken = count / seconds(lambda: [pool.add(signed) for signed in found])
    checked = count / seconds(
        lambda: [check_signer(signed, signed.message.sender, 314) for signed in found]
    )
    return taken, checked


def bench() -> list[Row]:
    """Return messages a second that come, and choices and clearances of a full pool a second."""
    unit = "messages/s"
    taken, checked = coming(SignatureType.SECP256K1, 100, 2000)
    taken_bls, checked_bls = coming(SignatureType.BLS, BLS_SENDERS, 200)
    rows: list[Row] = [
        ("check a secp256k1 signature", checked, unit, "", None),
        ("add, secp256k1", taken, unit, "its signature's check", taken / checked),
        ("check a BLS signature", checked_bls, unit, "", None),
        ("add, BLS", taken_bls, unit, "its signature's check", taken_bls / checked_bls),
    ]

    own = messages(SignatureType.SECP256K1, 30, PUSHED)
    with tempfile.TemporaryDirectory() as name:
        file = LocalMessages(Path(name) / "local.sqlite")
        pool = pool_of(chain_for(own), local=file)
        pushed = PUSHED / seconds(lambda: [pool.push(signed) for signed in own])
        file.close()
    rows.append(("push, kept on disk", pushed, unit, "add, secp256k1", pushed / taken))

    found = messages(SignatureType.SECP256K1, SENDERS, WAITING)
    chain = chain_for(found)
    pool = pool_of(chain, config=MpoolConfig(size_limit_low=WAITING // 2))
    for signed in found:
        pool.push(signed)
    waiting = [pending(signed) for signed in found]
    sorting = best(lambda: sorted(waiting, key=lambda one: (one.premium, one.gas_limit)))
    pool.select(chain.head, 1.0)  # so that accounts are known, as they are for a head
    for quality in (1.0, 0.8, 0.3, 0.01):
        took = best(lambda quality=quality: pool.select(chain.head, quality))
        rows.append(
            (f"select of {WAITING:,}, ticket {quality}", 1000 * took, "ms", "sorting them",
             took / sorting)
        )  # fmt: skip
    rows.append(("candidates", 1000 * best(lambda: pool.candidates(chain.head)), "ms", "", None))

    remote = pool_of(chain, config=MpoolConfig(size_limit_low=WAITING // 2))
    for signed in found:
        remote.add(signed)
    took = seconds(remote.prune)
    rows.append((f"prune {WAITING:,} to half", 1000 * took, "ms", "sorting them", took / sorting))

    tipset = chain.extend(pool.select(chain.head, 1.0))
    took = seconds(lambda: chain.move(pool, tipset))
    count = len(chain.messages_of(tipset))
    rows.append((f"a block takes {count}", 1000 * took, "ms", "", None))
    return rows
