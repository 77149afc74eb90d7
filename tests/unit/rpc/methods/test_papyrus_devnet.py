"""Papyrus: time, state and sectors by hand; after each the state of all actors still holds."""

import asyncio
import base64

import pytest
from devnet_desk import Refused, devnet_desk

from papyrus.actors.init.params import ExecReturn
from papyrus.devnet.devnet import Mining
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.vm.state_tree import StateTree

FIL = 10**18
MINER = "t01000"
RESERVE = "t090"


@pytest.fixture(scope="module")
def shared_desk():
    with devnet_desk() as opened:
        opened.mine()
        yield opened


@pytest.fixture
def desk(shared_desk):
    """Return a devnet whose state must hold after the test too."""
    yield shared_desk
    assert shared_desk.findings() == ()


@pytest.fixture
def own():
    with devnet_desk() as opened:
        opened.mine()
        yield opened


# Time.


def test_tipsets_are_made_when_asked_for(desk):
    height = desk("ChainHead")["Height"]
    assert desk("Papyrus.MineTipset")["Height"] >= height + 1
    head = desk("Papyrus.MineTipset", 3, 10)
    assert head["Height"] >= height + 14
    assert head == desk("ChainHead")
    with pytest.raises(Refused, match="0 tipsets after 0 null rounds: 1 to"):
        desk("Papyrus.MineTipset", 0)
    with pytest.raises(Refused, match="after 100 null rounds at most"):
        desk("Papyrus.MineTipset", 1, 101)


def test_epochs_pass_with_a_tipset_now_and_then(desk):
    height = desk("ChainHead")["Height"]
    head = desk("Papyrus.AdvanceEpochs", 50)
    assert height + 50 <= head["Height"] < height + 60
    with pytest.raises(Refused, match="0 epochs: 1 to"):
        desk("Papyrus.AdvanceEpochs", 0)


# State.


def test_balance_is_set_out_of_the_reserve(desk):
    alice = desk.accounts[0]
    before, reserve = desk.balance(alice), desk.balance(RESERVE)
    head = desk("Papyrus.SetBalance", alice, str(before + FIL))
    assert head == desk("ChainHead")
    assert desk.balance(alice) == before + FIL
    assert desk.balance(RESERVE) == reserve - FIL
    desk("Papyrus.SetBalance", alice, str(before))
    assert (desk.balance(alice), desk.balance(RESERVE)) == (before, reserve)


@pytest.mark.parametrize(
    "address",
    [
        Address.secp256k1(b"\x04" + bytes(63) + b"\x01"),
        Address.delegated(10, bytes(19) + b"\x01"),
    ],
)
def test_balance_makes_an_account_of_an_address(desk, address):
    text = address.to_string("t")
    desk("Papyrus.SetBalance", text, "7")
    assert desk.balance(text) == 7
    assert desk("StateLookupID", text, []).startswith("t0")


def test_message_is_sent_out_of_a_balance_that_was_set(desk):
    alice, bob, _ = desk.accounts
    sent = desk("MpoolPushMessage", {"From": alice, "To": bob, "Value": str(FIL)}, None)
    desk("Papyrus.SetBalance", alice, "1")
    assert desk("MpoolPending", []) == [sent], "it can no longer be paid for"
    desk("Papyrus.SetBalance", alice, str(10 * FIL))
    assert desk.receipt(sent["CID"])["ExitCode"] == 0


def test_what_would_break_the_state_is_refused(desk):
    head = desk("ChainHead")
    with pytest.raises(Refused, match="the state would no longer hold together: t01000"):
        desk("Papyrus.SetBalance", MINER, "0")
    with pytest.raises(Refused, match=r"the reserve t090 has .* left, and this takes"):
        desk("Papyrus.SetBalance", desk.accounts[0], str(10**9 * FIL))
    with pytest.raises(Refused, match="the reserve t090 cannot be changed"):
        desk("Papyrus.SetBalance", RESERVE, "0")
    with pytest.raises(Refused, match="is less than nothing"):
        desk("Papyrus.SetBalance", desk.accounts[0], "-1")
    assert desk("ChainHead") == head


def test_actor_is_put_at_an_address(desk):
    alice, bob, _ = desk.accounts
    actor = desk("StateGetActor", alice, [])
    changed = {**actor, "Nonce": actor["Nonce"] + 5, "Balance": "12345"}
    desk("Papyrus.SetActor", alice, changed)
    assert desk("StateGetActor", alice, []) == changed
    assert desk("MpoolGetNonce", alice) == actor["Nonce"] + 5
    desk("Papyrus.SetBalance", alice, str(FIL))
    assert desk.send(alice, bob)["ExitCode"] == 0
    empty = {"/": "bafy2bzacedp4zj7fwtq3nmtt6gzxjcmzsaz2e66yuaxtl3x5ey4vmbi4bpmae"}
    with pytest.raises(Refused, match="is the code of no actor here"):
        desk("Papyrus.SetActor", alice, {**actor, "Code": desk("ChainHead")["Cids"][0]})
    with pytest.raises(Refused, match="is not in the store: put it there first"):
        desk("Papyrus.SetActor", alice, {**actor, "Head": empty})
    with pytest.raises(Refused, match="no longer hold together"):
        desk("Papyrus.SetActor", alice, {**actor, "Head": desk("ChainHead")["Cids"][0]})


def test_new_actor_gets_an_id(desk):
    alice = desk.accounts[0]
    key = Address.secp256k1(b"\x04" + bytes(62) + b"\x01\x02")
    state = b"\x81\x55" + bytes(key)
    desk("ChainPutObj", base64.b64encode(state).decode())
    account = {**desk("StateGetActor", alice, []), "Head": {"/": str(Cid.of(state))}}
    text = key.to_string("t")
    desk("Papyrus.SetActor", text, {**account, "Nonce": 0, "Balance": "1"})
    assert desk("StateAccountKey", desk("StateLookupID", text, []), []) == text


def test_message_is_run_as_anybodys(desk):
    bob = desk.accounts[1]
    before = desk.balance(bob)
    answer = desk("Papyrus.Impersonate", {"From": RESERVE, "To": bob, "Value": "50"})
    assert (answer["Receipt"]["ExitCode"], answer["Error"]) == (0, "")
    assert answer["Head"] == desk("ChainHead")
    assert desk.balance(bob) == before + 50
    refused = desk("Papyrus.Impersonate", {"From": bob, "To": MINER, "Value": "0", "Method": 3})
    assert refused["Receipt"]["ExitCode"] != 0
    assert refused["Error"]


def test_impersonated_messages_make_different_actors(desk):
    alice, bob, _ = desk.accounts
    prototype = desk("MsigCreate", 1, [alice, bob], 0, "0", alice, "0")["Message"]
    made = set()
    for _ in range(2):
        receipt = desk("Papyrus.Impersonate", prototype)["Receipt"]
        assert receipt["ExitCode"] == 0
        made.add(ExecReturn.from_cbor(base64.b64decode(receipt["Return"])))
    assert len({one.robust_address for one in made}) == 2


def test_changed_state_is_judged_and_outlives_the_process(tmp_path):
    with devnet_desk(tmp_path) as desk:
        desk.mine()
        bob = desk.accounts[1]
        head = desk("Papyrus.SetBalance", bob, "42")
        assert desk("SyncValidateTipset", head["Cids"]) is True
        desk.mine()
    with devnet_desk(tmp_path) as desk:
        assert desk.balance(bob) == 42
        assert desk("ChainHead")["Height"] > head["Height"]
        desk.mine()
        assert desk.balance(bob) == 42
        assert desk.findings() == ()


def test_genesis_can_be_changed(tmp_path):
    with devnet_desk(tmp_path) as desk:
        bob = desk.accounts[1]
        desk("Papyrus.SetBalance", bob, "42")
        assert desk.balance(bob) == 42
        assert desk.findings() == ()


# Back in time.


def test_snapshot_brings_everything_back(own):
    alice, bob, _ = own.accounts
    waiting = own("MpoolPushMessage", {"From": alice, "To": bob, "Value": "5"}, None)
    head, balance, nonce = own("ChainHead"), own.balance(bob), own("MpoolGetNonce", alice)
    number = own("Papyrus.Snapshot")
    for _ in range(2):
        own.mine(2)
        own("Papyrus.SetBalance", bob, "1")
        own("MpoolPushMessage", {"From": alice, "To": bob, "Value": "6"}, None)
        own.mine(3, null_rounds=2)
        assert own("Papyrus.Revert", number) == head == own("ChainHead")
        assert own.balance(bob) == balance
        assert own("MpoolPending", []) == [waiting]
        assert own("MpoolGetNonce", alice) == nonce
        assert own.findings() == ()
        number = own("Papyrus.Snapshot")
    assert own.receipt(waiting["CID"])["ExitCode"] == 0
    assert own.balance(bob) == balance + 5


def test_state_that_was_set_is_undone_with_its_tipset(own):
    bob = own.accounts[1]
    balance = own.balance(bob)
    number = own("Papyrus.Snapshot")
    own("Papyrus.SetBalance", bob, "1")
    assert own.balance(bob) == 1
    own("Papyrus.Revert", number)
    # The same blocks are made again, and what was set after them is not there.
    own.mine(3)
    assert own.balance(bob) == balance
    own("Papyrus.SetBalance", bob, "2")
    number = own("Papyrus.Snapshot")
    own("Papyrus.SetBalance", bob, "3")
    own("Papyrus.Revert", number)
    own.mine(2)
    assert own.balance(bob) == 2


def test_snapshots_end_with_the_one_gone_back_to(own):
    first, second = own("Papyrus.Snapshot"), own("Papyrus.Snapshot")
    assert second == first + 1
    own("Papyrus.Revert", first)
    for number in (first, second, 99):
        with pytest.raises(Refused, match=f"there is no snapshot {number}"):
            own("Papyrus.Revert", number)


def test_head_set_by_hand_is_mined_on(own):
    head = own("ChainHead")
    own.mine(3)
    own("ChainSetHead", head["Cids"])
    assert own("ChainHead") == head
    assert own("Papyrus.MineTipset", 4)["Height"] >= head["Height"] + 4
    assert own.findings() == ()


# Sectors and DataCap.


def test_sectors_are_added(own):
    assert own("Papyrus.AddSector", MINER, 2) == [2, 3]
    listed = own("StateMinerSectors", MINER, None, [])
    assert [one["SectorNumber"] for one in listed] == [0, 1, 2, 3]
    assert own.findings() == ()


@pytest.mark.slow
def test_sector_breaks_down_and_recovers_while_others_are_proven(own):
    power = own("StateMinerPower", MINER, [])["MinerPower"]
    assert own("Papyrus.Fault", MINER, [1])["/"].startswith("bafy2bz")
    assert own("StateMinerFaults", MINER, []) == [1, 1]
    halved = own("StateMinerPower", MINER, [])["MinerPower"]
    assert int(halved["RawBytePower"]) == int(power["RawBytePower"]) // 2
    own("Papyrus.Recover", MINER, [1])
    assert own("StateMinerRecoveries", MINER, []) == [1, 1]
    place = own("StateSectorPartition", MINER, 1, [])["Deadline"]
    now = own("StateMinerProvingDeadline", MINER, [])
    closes = now["PeriodStart"] + (place + 1) * 60
    closes += 2880 if closes <= now["CurrentEpoch"] else 0
    own("Papyrus.AdvanceEpochs", closes - now["CurrentEpoch"] + 1)
    assert own("StateMinerFaults", MINER, []) == [0]
    assert own("StateMinerPower", MINER, [])["MinerPower"] == power
    assert own.findings() == ()


def test_sectors_that_are_not_there_are_told_of(desk):
    with pytest.raises(Refused, match="t01000 has no sector 77"):
        desk("Papyrus.Fault", MINER, [77])
    with pytest.raises(Refused, match="no sectors were named"):
        desk("Papyrus.Recover", MINER, [])
    with pytest.raises(Refused, match="t01001 is no miner: `papyrus miner create` makes one"):
        desk("Papyrus.AddSector", "t01001")
    with pytest.raises(Refused, match="0 sectors: 1 to 100"):
        desk("Papyrus.AddSector", MINER, 0)


def test_datacap_is_granted(desk):
    alice = desk.accounts[0]
    desk("Papyrus.GrantDatacap", alice, str(1 << 30))
    assert desk("StateVerifiedClientStatus", alice, []) == str(1 << 30)
    with pytest.raises(Refused, match="failed"):
        desk("Papyrus.GrantDatacap", alice, str(1 << 60))


# Everything in one piece.


def test_accounts_are_told_with_their_keys(desk):
    found = desk("Papyrus.Accounts")
    assert [one["Role"] for one in found].count("account") == 6
    assert found[0]["Address"] == desk.accounts[0]
    assert found[1]["Ethereum"].startswith("0x")
    assert found[0]["Ethereum"] == ""
    assert len(found[0]["PrivateKey"]) == 64
    assert {one["Role"] for one in found} >= {"bls", "verifier", "client", "root", "worker"}
    assert int(found[-1]["Balance"]) > 0


def test_state_is_kept_in_one_piece_and_gone_on_with(own):
    alice, bob, _ = own.accounts
    own("Papyrus.SetBalance", bob, "42")
    sent = own("MpoolPushMessage", {"From": alice, "To": bob, "Value": "5"}, None)
    head = own("ChainHead")
    kept = own("Papyrus.DumpState")
    own.mine(5)
    own("Papyrus.SetBalance", bob, "7")
    assert own("Papyrus.LoadState", kept) == head == own("ChainHead")
    assert own("MpoolPending", []) == [sent]
    assert own.receipt(sent["CID"])["ExitCode"] == 0
    assert own.balance(bob) == 47
    assert own.findings() == ()


def test_state_of_another_devnet_is_refused(own):
    with devnet_desk(accounts=4) as other:
        other.mine()
        kept = other("Papyrus.DumpState")
    head = own("ChainHead")
    with pytest.raises(Refused, match="another devnet"):
        own("Papyrus.LoadState", kept)
    with pytest.raises(Refused, match="cannot be read"):
        own("Papyrus.LoadState", {**kept, "Snapshot": "AAAA"})
    assert own("ChainHead") == head
    own.mine()


def test_messages_at_once_are_mined_and_not_after_going_back():
    with devnet_desk(mining=Mining.INSTANT) as desk:
        alice, bob, _ = desk.accounts

        moved = asyncio.Semaphore(0)
        desk.node.executed.subscribe(lambda _change: moved.release())

        async def act():
            making = asyncio.create_task(desk.devnet.run())
            number = await desk.ask("Papyrus.Snapshot")
            head = await desk.ask("ChainHead")
            await desk.ask("MpoolPushMessage", {"From": alice, "To": bob, "Value": "5"}, None)
            # One tipset takes it, and one more tells what became of it.
            for _ in range(2):
                await moved.acquire()
            balance = (await desk.ask("StateGetActor", bob, []))["Balance"]
            await desk.ask("Papyrus.Revert", number)
            for _ in range(50):
                await asyncio.sleep(0)
            back = await desk.ask("ChainHead")
            making.cancel()
            return head, balance, back

        before = desk.balance(bob)
        head, balance, back = desk.run(act())
        assert int(balance) == before + 5
        assert back == head
        assert desk("MpoolPending", []) == []


def test_root_of_the_state_is_the_one_blocks_stand_on(desk):
    head = desk("Papyrus.SetBalance", desk.accounts[2], "99")
    root = desk.node.chain.head.parent_state_root
    assert {"/": str(root)} == head["Blocks"][0]["ParentStateRoot"]
    tree = StateTree(desk.node.chain.blocks, root)
    key = Address.from_string(desk.accounts[2])
    assert tree.get(tree.resolve(key)).balance == 99
