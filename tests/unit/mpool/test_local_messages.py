"""Users' messages on disk: whatever ends the process, what was taken is still there."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from pool_chain import PoolChain, person, pool_of

from papyrus.crypto.signatures import SignatureType
from papyrus.mpool.local_messages import LocalMessages, Put, Remove, Settle
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Invalid, LocalFault

ALICE, BOB = person(1), person(2)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mpool" / "local.sqlite"


@pytest.fixture
def file(path):
    opened = LocalMessages(path)
    yield opened
    opened.close()


def put(file, message):
    file.change(Put(message.cid, message.message.sender, message))


def test_what_is_put_is_there_again(path, file):
    messages = [ALICE.message(nonce) for nonce in (2, 0, 2**64 - 1)]
    for message in messages:
        put(file, message)
    again = LocalMessages(path)
    assert again.all() == [messages[1], messages[0], messages[2]]
    again.close()


@pytest.mark.usefixtures("file")
def test_the_file_is_its_owners_alone(path):
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_replacement_goes_in_as_the_other_goes_out(file):
    put(file, ALICE.message(0))
    put(file, BOB.message(0))
    put(file, ALICE.message(0, premium=5))
    assert set(file.all()) == {ALICE.message(0, premium=5), BOB.message(0)}


def test_what_is_removed_is_gone(file):
    put(file, ALICE.message(0))
    put(file, ALICE.message(1))
    file.change(Remove((ALICE.message(0).cid,)))
    assert file.all() == [ALICE.message(1)]


def test_what_the_chain_took_is_kept_for_a_finality(file):
    put(file, ALICE.message(0))
    put(file, ALICE.message(1))
    file.change(Settle(frozenset(), frozenset([(ALICE.address, 0)]), 100))
    file.change(Settle(frozenset(), frozenset(), 1000))
    assert file.all() == [ALICE.message(0), ALICE.message(1)]
    file.change(Settle(frozenset(), frozenset(), 1001))
    assert file.all() == [ALICE.message(1)]


def test_what_a_fork_gave_back_is_kept_longer(file):
    put(file, ALICE.message(0))
    file.change(Settle(frozenset(), frozenset([(ALICE.address, 0)]), 100))
    file.change(Settle(frozenset([(ALICE.address, 0)]), frozenset(), 101))
    file.change(Settle(frozenset(), frozenset(), 5000))
    assert file.all() == [ALICE.message(0)]


def test_another_file_is_not_touched(path):
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE mine (something)")
    connection.close()
    with pytest.raises(
        LocalFault, match="is no file of local messages of Papyrus: choose another file"
    ):
        LocalMessages(path)


def test_a_file_of_another_schema_is_not_guessed_at(path, file):
    file.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(LocalFault, match="has schema 9, and this Papyrus knows 1"):
        LocalMessages(path)


def test_what_is_no_database_is_told(path):
    path.parent.mkdir()
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(LocalFault, match="failed: file is not a database"):
        LocalMessages(path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LocalFault, match="cannot open the file of local messages"):
        LocalMessages(tmp_path / "file" / "local.sqlite")


def test_a_message_that_cannot_be_read_is_named(path, file):
    put(file, ALICE.message(0))
    connection = sqlite3.connect(path)
    connection.execute("UPDATE message SET data = x'80'")
    connection.commit()
    connection.close()
    with pytest.raises(LocalFault, match=f"message {ALICE.message(0).cid} in .* cannot be read"):
        file.all()


def test_a_message_that_cannot_be_kept_does_not_wait(path):
    chain = PoolChain()
    chain.fund(ALICE)
    file = LocalMessages(path)
    published = []
    pool = pool_of(chain, local=file, publish=published.append)
    file.close()
    with pytest.raises(LocalFault, match="Cannot operate on a closed database"):
        pool.push(ALICE.message(0))
    assert (pool.pending(), published) == ([], [])


# The pool and its file.


@pytest.fixture
def chain():
    built = PoolChain()
    built.fund(ALICE, BOB)
    return built


@pytest.fixture
def reopened(path):
    """Return what opens a pool on the file once more, as a process that starts does."""
    with ExitStack() as stack:

        def reopen(chain, at=path):
            pool = pool_of(chain, local=stack.enter_context(closing(LocalMessages(at))))
            assert pool.load_local() == []
            return pool

        yield reopen


def test_a_pool_begins_with_what_users_pushed(chain, file, reopened):
    pool = pool_of(chain, local=file)
    for nonce in range(10):
        pool.push(ALICE.message(nonce, premium=nonce + 1))
        pool.add(BOB.message(nonce))
    again = reopened(chain)
    assert again.pending() == pool.pending_of(ALICE.address)
    assert again.is_local(ALICE.address)
    assert not again.is_local(BOB.address)


def test_what_a_gateways_user_pushed_is_kept_too(chain, file, reopened):
    pool_of(chain, local=file).push_untrusted(ALICE.message(0))
    assert reopened(chain).pending() == [ALICE.message(0)]


def test_replaced_and_removed_messages_do_not_return(chain, file, reopened):
    pool = pool_of(chain, local=file)
    pool.push(ALICE.message(0))
    pool.push(ALICE.message(0, premium=9))
    pool.push(ALICE.message(1))
    pool.remove(ALICE.address, 1)
    assert reopened(chain).pending() == [ALICE.message(0, premium=9)]


def test_what_was_cleared_does_not_return(chain, file, reopened):
    pool = pool_of(chain, local=file)
    pool.push(ALICE.message(0))
    pool.clear(local=False)
    assert reopened(chain).pending() == [ALICE.message(0)]
    pool.clear(local=True)
    assert reopened(chain).pending() == []


def test_what_the_chain_took_does_not_wait_again(chain, file, reopened):
    pool = pool_of(chain, local=file)
    for nonce in range(3):
        pool.push(ALICE.message(nonce))
    chain.move(pool, chain.extend([ALICE.message(0)]))
    assert reopened(chain).pending() == [ALICE.message(1), ALICE.message(2)]


def test_what_a_fork_gives_back_after_a_restart_waits_again(chain, file, reopened):
    genesis = chain.head
    pool = pool_of(chain, local=file)
    pool.push(ALICE.message(0))
    chain.move(pool, chain.extend([ALICE.message(0)]))
    again = reopened(chain)
    chain.move(again, genesis)
    assert again.pending() == [ALICE.message(0)]
    assert reopened(chain).pending() == [ALICE.message(0)]


def test_what_a_fork_gives_back_without_its_signature_is_read_from_the_file(chain, file, reopened):
    genesis, bella = chain.head, person(3, SignatureType.BLS)
    chain.fund(bella)
    pool = pool_of(chain, local=file)
    pool.push(bella.message(0))
    pool.add(bella.message(0, premium=9))
    chain.move(pool, chain.extend([bella.message(0, premium=9)]))
    again = reopened(chain)
    chain.move(again, genesis)
    assert again.pending() == [bella.message(0)]
    again.clear(local=True)
    assert file.all() == []


def test_what_the_chain_took_while_the_node_was_down_is_forgotten_in_time(chain, file, reopened):
    pool_of(chain, local=file).push(ALICE.message(0))
    chain.head = chain.extend([ALICE.message(0)])
    again = reopened(chain)
    assert again.pending() == []
    assert file.all() == [ALICE.message(0)]
    chain.move(again, chain.extend(nulls=901))
    assert file.all() == []


def test_what_was_taken_waits_again_though_its_sender_got_poor(chain, file, reopened):
    pool_of(chain, local=file).push(ALICE.message(0))
    chain.fund(ALICE, fil=0)
    assert reopened(chain).pending() == [ALICE.message(0)]


def test_a_message_that_breaks_a_rule_now_is_told_and_left(chain, file):
    put(file, ALICE.message(0, gas_fee_cap=TokenAmount(5), gas_premium=TokenAmount(1)))
    put(file, BOB.message(0))
    pool = pool_of(chain, local=file)
    (problem,) = pool.load_local()
    assert isinstance(problem, Invalid)
    assert problem.fault == "fee-cap-below-minimum"
    assert pool.pending() == [BOB.message(0)]


WRITER = """
import sys
from pathlib import Path
from pool_chain import PoolChain, person, pool_of
from papyrus.crypto.signatures import SignatureType
from papyrus.mpool.local_messages import LocalMessages

alice, chain = person(1), PoolChain()
chain.fund(alice, fil=1000)
pool = pool_of(chain, local=LocalMessages(Path(sys.argv[1])))
for nonce in range(1000):
    premium = 1
    pool.push(alice.message(nonce))
    if nonce % 3 == 0:
        premium = 9
        pool.push(alice.message(nonce, premium=premium))
    print(nonce, premium, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_message_that_was_taken_survives_a_kill(path, chain, reopened):
    """The writer is killed at another point each time; what it told of is there, and only whole."""
    chain.fund(ALICE, fil=1000)
    support = Path(__file__).parents[2] / "support"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(support), *sys.path))}
    for told in (1, 4, 17, 40):
        target = path.with_name(f"{told}.sqlite")
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(target)],
            stdout=subprocess.PIPE, text=True, env=environment,
        ) as process:  # fmt: skip
            heard = [process.stdout.readline().split() for _ in range(told)]
            os.kill(process.pid, signal.SIGKILL)
            heard += [line.split() for line in process.stdout if line.endswith("\n")]
        pool = reopened(chain, target)
        waiting = [
            (signed.message.nonce, int(signed.message.gas_premium)) for signed in pool.pending()
        ]
        expected = [(int(nonce), int(premium)) for nonce, premium in heard]
        assert waiting[: len(expected)] == expected
        assert len(waiting) <= len(expected) + 1
        assert [nonce for nonce, _ in waiting] == list(range(len(waiting)))
