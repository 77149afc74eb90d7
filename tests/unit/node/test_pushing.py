"""Users' messages on a devnet: taken in order, acknowledged when on the disk, with few flushes."""

import asyncio
import json
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from devnet_desk import Refused, devnet_desk

from papyrus.crypto.signatures import SignatureType
from papyrus.mpool.config import MpoolConfig
from papyrus.mpool.local_messages import LocalMessages
from papyrus.node.pool_settings import keep_settings, kept_settings
from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault
from papyrus.types.json import from_json, to_json
from papyrus.types.message import SignedMessage

LOST = Address.delegated(10, b"\x01\x02").to_string("t")
"""An address that no Ethereum account can have."""


@pytest.fixture
def home():
    memory = Path("/dev/shm")  # noqa: S108 - only its speed is wanted
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture
def desk(home):
    with devnet_desk(home) as opened:
        opened.mine()
        yield opened


def file_of(desk):
    return desk.node.plan.repository.folder / "mpool.sqlite"


def signed(desk, sender, nonce, to=None, **fields):
    """Return a message that is good, in JSON."""
    message = {
        "Version": 0, "To": to or desk.accounts[2], "From": sender, "Nonce": nonce, "Value": "1",
        "GasLimit": 2_000_000, "GasFeeCap": str(10**10), "GasPremium": str(10**5), "Method": 0,
        "Params": None, **fields,
    }  # fmt: skip
    return desk("WalletSignMessage", sender, message)


def batch(desk, sender, count, first=0):
    return [signed(desk, sender, first + place) for place in range(count)]


def waiting(desk):
    return [one["CID"] for one in desk("MpoolPending", [])]


def kept(desk):
    """Return what is on the disk, in order of nonce."""
    with closing(sqlite3.connect(file_of(desk))) as file:
        rows = file.execute("SELECT data FROM message ORDER BY nonce, sender").fetchall()
    return [to_json(SignedMessage.from_cbor(data), "t")["CID"] for (data,) in rows]


async def until(holds):
    """Return when something holds, whose change nobody tells."""
    while not holds():  # noqa: ASYNC110 - a pool has no event
        await asyncio.sleep(0.001)


async def until_there_are(desk, count):
    await until(lambda: len(desk.node.pool) >= count)


@contextmanager
def held(desk):
    """Keep the file from being written, as a disk does that is busy."""
    with closing(sqlite3.connect(file_of(desk), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def refusing(desk):
    """Let the file refuse whatever is to be written, as a full disk does."""
    with closing(sqlite3.connect(file_of(desk), isolation_level=None)) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON message "
            "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
        yield
        other.execute("DROP TRIGGER full")


def test_message_is_acknowledged_once_it_is_on_the_disk_and_the_loop_goes_on_meanwhile(desk):
    message = signed(desk, desk.accounts[0], 0)

    async def push():
        with held(desk):
            pushing = asyncio.create_task(desk.ask("MpoolPush", message))
            await until_there_are(desk, 1)
            assert await desk.ask("MpoolPending", []) == [message]
            for _ in range(50):
                await asyncio.sleep(0.001)
            assert not pushing.done()
            assert kept(desk) == []
        return await pushing

    assert desk.run(push()) == message["CID"]
    assert kept(desk) == [message["CID"]]


def test_those_who_push_at_once_share_a_flush(home, monkeypatch):
    written = []
    change_all = LocalMessages.change_all

    def count(file, changes):
        written.append(len(changes))
        change_all(file, changes)

    monkeypatch.setattr(LocalMessages, "change_all", count)
    with devnet_desk(home) as desk:
        desk.mine()
        messages = batch(desk, desk.accounts[0], 40)

        async def push_all():
            with held(desk):
                pushes = [asyncio.create_task(desk.ask("MpoolPush", one)) for one in messages]
                await until_there_are(desk, len(messages))
            return await asyncio.gather(*pushes)

        pushed = desk.run(push_all())
        assert pushed == [one["CID"] for one in messages] == kept(desk) == waiting(desk)
    assert sum(written) == len(messages)
    assert len(written) <= 2


def test_batch_stops_at_the_first_bad_message_and_keeps_those_before_it(desk):
    alice = desk.accounts[0]
    messages = batch(desk, alice, 40)
    forged = {**messages[20], "Signature": messages[21]["Signature"]}
    forged.pop("CID")
    with pytest.raises(Refused, match="signature"):
        desk("MpoolBatchPush", [*messages[:20], forged, *messages[21:]])
    before = [one["CID"] for one in messages[:20]]
    assert waiting(desk) == kept(desk) == before
    # What a state says against a message stops a batch as what it is itself does.
    with pytest.raises(Refused, match="already in mpool"):
        desk("MpoolBatchPush", [messages[20], messages[0], messages[21]])
    assert waiting(desk) == kept(desk) == [*before, messages[20]["CID"]]


def test_batch_in_which_one_message_would_lose_its_funds_is_not_begun(desk):
    alice = desk.accounts[0]
    with pytest.raises(Refused, match="not a valid Eth Address"):
        desk("MpoolBatchPush", [signed(desk, alice, 0), signed(desk, alice, 1, to=LOST)])
    assert waiting(desk) == []


def test_signatures_of_every_kind_are_checked(desk):
    bella = desk.bls
    messages = batch(desk, bella, 20)
    assert from_json(SignedMessage, messages[0]).signature.type is SignatureType.BLS
    assert desk("MpoolBatchPush", messages) == [one["CID"] for one in messages]
    worse = {**signed(desk, bella, 21), "Signature": messages[0]["Signature"]}
    worse.pop("CID")
    with pytest.raises(Refused, match="signature"):
        desk("MpoolPush", worse)
    desk.mine(2)
    assert waiting(desk) == []


def test_one_of_many_with_one_nonce_is_taken(desk):
    alice = desk.accounts[0]
    rivals = [signed(desk, alice, 0, Value=str(value)) for value in range(20)]

    async def push_all():
        pushes = [desk.ask("MpoolPush", one) for one in rivals]
        return await asyncio.gather(*pushes, return_exceptions=True)

    answers = desk.run(push_all())
    assert answers[0] == rivals[0]["CID"]
    assert all(isinstance(answer, Refused) for answer in answers[1:])
    assert waiting(desk) == kept(desk) == [rivals[0]["CID"]]


def test_untrusted_messages_are_taken_in_the_order_they_came_though_all_come_at_once(desk):
    """They may leave no gap, so that any other order would be refused."""
    messages = batch(desk, desk.accounts[0], 60)

    async def push_all():
        pushes = [asyncio.create_task(desk.ask("MpoolPushUntrusted", one)) for one in messages]
        return await asyncio.gather(*pushes)

    assert desk.run(push_all()) == [one["CID"] for one in messages]


def test_wishes_and_messages_of_one_sender_at_once_get_their_own_nonces(desk):
    alice, bob = desk.accounts[:2]
    wish = {"From": alice, "To": bob, "Value": "1"}
    theirs = batch(desk, alice, 12)

    async def send_all():
        specs = [{"MaxFee": "0", "MsgUuid": str(UUID(int=number))} for number in range(1, 6)]
        wishes = [desk.ask("MpoolPushMessage", wish, spec) for spec in [*specs, None, None]]
        pushes = [desk.ask("MpoolPush", one) for one in theirs]
        return await asyncio.gather(*wishes, *pushes, return_exceptions=True)

    answers = desk.run(send_all())
    sent = [answer["Message"]["Nonce"] for answer in answers[:7]]
    pushed = [answer for answer in answers[7:] if not isinstance(answer, Refused)]
    assert len(set(sent)) == len(sent)
    nonces = [one["Message"]["Nonce"] for one in desk("MpoolPending", [])]
    assert nonces == list(range(len(nonces)))
    assert len(nonces) == len(sent) + len(pushed)


def test_message_that_cannot_be_kept_does_not_wait_and_what_it_replaced_does_again(desk):
    alice, bob = desk.accounts[:2]
    first, other = signed(desk, alice, 0), signed(desk, bob, 0)
    desk("MpoolPush", first)
    dearer = signed(desk, alice, 0, GasPremium=str(10**6))
    with refusing(desk):
        with pytest.raises(Refused, match="full"):
            desk("MpoolBatchPush", [dearer, signed(desk, alice, 1), other])
        with pytest.raises(Refused, match="full"):
            desk("MpoolPushMessage", {"From": bob, "To": alice, "Value": "1"}, None)
        assert waiting(desk) == kept(desk) == [first["CID"]]
        assert desk("MpoolGetNonce", alice) == 1
        assert desk("MpoolGetNonce", bob) == 0
    assert desk("MpoolPush", other) == other["CID"]
    assert waiting(desk) == [first["CID"], other["CID"]]
    assert len(kept(desk)) == 2


@pytest.mark.parametrize("kind", ["secp256k1", "bls"])
def test_replaced_message_is_still_found_and_after_another_start_too(home, kind):
    with devnet_desk(home) as desk:
        desk.mine()
        alice = desk.bls if kind == "bls" else desk.accounts[0]
        first = signed(desk, alice, 0)
        dearer = signed(desk, alice, 0, GasPremium=str(10**6))
        desk("MpoolPush", first)
        desk("MpoolPush", dearer)
        desk.mine(2)
        assert waiting(desk) == []
        found = desk("StateSearchMsg", [], first["CID"], -1, True)
        assert found["Message"] == dearer["CID"]
        assert desk("StateWaitMsg", first["CID"], 0, -1, True)["Message"] == dearer["CID"]
        assert desk("StateSearchMsg", [], first["CID"], -1, False) is None
        unsigned = {name: first["Message"][name] for name in ("From", "Nonce", "GasPremium")}
        assert desk("ChainGetMessage", first["CID"]).items() >= unsigned.items()
    with devnet_desk(home) as desk:
        assert desk("StateSearchMsg", [], first["CID"], -1, True) == found


def test_too_many_messages_lose_the_worst_but_not_those_of_users(desk):
    settings = desk("MpoolGetConfig") | {"SizeLimitHigh": 10, "SizeLimitLow": 4}
    desk("MpoolSetConfig", settings)
    alice, bob = desk.accounts[:2]
    mine, others = batch(desk, alice, 3), batch(desk, bob, 12)
    desk("MpoolBatchPush", mine)
    pool = desk.node.pool

    async def hear():
        for one in others:
            pool.add(from_json(SignedMessage, one))
        await until(lambda: len(pool) <= 10)

    desk.run(hear())
    left = waiting(desk)
    assert left[:3] == [one["CID"] for one in mine]
    assert len(left) < 10


def test_settings_are_kept_for_the_next_start(home):
    with devnet_desk(home) as desk:
        settings = desk("MpoolGetConfig") | {
            "PriorityAddrs": [desk.accounts[0]], "SizeLimitHigh": 77, "SizeLimitLow": 7,
            "ReplaceByFeeRatio": 1.5, "PruneCooldown": 1_500_000_000,
        }  # fmt: skip
        desk("MpoolSetConfig", settings)
    with devnet_desk(home) as desk:
        assert desk("MpoolGetConfig") == settings
        with pytest.raises(Refused, match="SizeLimitLow"):
            desk("MpoolSetConfig", settings | {"SizeLimitLow": 78})
        assert desk("MpoolGetConfig") == settings


def test_settings_come_back_as_they_were_kept(tmp_path):
    path = tmp_path / "mpool-settings.json"
    assert kept_settings(path) is None
    config = MpoolConfig((Address.from_id(101),), 9, 8, 110, 0.5, 1.0)
    keep_settings(path, config)
    assert kept_settings(path) == config
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{}", "nonsense", '{"size_limit_high": 3}',
        MpoolConfig.__name__, '"\\ud800"', "[" * 5000,
    ],
)  # fmt: skip
def test_settings_that_cannot_be_used_are_told_with_what_to_do(tmp_path, content):
    path = tmp_path / "mpool-settings.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(LocalFault, match=r"delete the file, and those of config\.toml apply"):
        kept_settings(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("priority_addresses", 7), ("priority_addresses", ["nobody"]), ("size_limit_high", "9"),
        ("size_limit_low", 10**6), ("prune_cooldown", None), ("gas_limit_overestimation", 0.5),
    ],
)  # fmt: skip
def test_settings_with_a_wrong_value_are_told(tmp_path, name, value):
    path = tmp_path / "mpool-settings.json"
    keep_settings(path, MpoolConfig())
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
    with pytest.raises(LocalFault, match="delete the file"):
        kept_settings(path)
