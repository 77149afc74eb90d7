"""Whatever a devnet says, the addresses in it are the ones of a test network."""

import asyncio
import re

import pytest
from command_shell import CommandShell
from devnet_process import RefusedCallError, connection
from running_devnet import running_devnet

from papyrus.primitives.address import Address

pytestmark = pytest.mark.slow

MAINNET = re.compile(r"(?<![\w/.])f[0-4][0-9a-z]{1,120}\b")
ACTORS_WORDS = re.compile(r"vm error=\[.*\]|\d\d: f0\d+ \(method .*")
"""What actors say, in mainnet's letters on every network, as those that are released do."""

NOBODY = Address.from_id(99_999).to_string("t")
STRANGER = Address.secp256k1(b"\x04" + bytes(64)).to_string("t")
MADE_UP = Address.actor(b"nobody made it").to_string("t")
FOREIGN = Address.delegated(32, b"name").to_string("t")
MINER, POWER = "t01000", "t04"
NOTHING = {"/": "bafy2bzacecnamqgqmifpluoeldx7zzglxcljo6oja4vrmtj7432rphldpdmm2"}


@pytest.fixture(scope="module")
def devnet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("letters")
    with running_devnet(folder) as facts, CommandShell(folder) as shell:
        shell.facts = facts
        yield shell


def mainnet_addresses(text):
    return MAINNET.findall(ACTORS_WORDS.sub("", text))


def message(sender, to, **fields):
    return {"From": sender, "To": to, "Value": "1", "Method": 0, **fields}


def refused_calls(alice, ethereum):
    """Return calls that a devnet refuses, most of them with an address in the answer."""
    whole = message(
        alice, STRANGER, Version=0, Nonce=0, GasLimit=10**7, GasFeeCap="1000000000", GasPremium="1",
        Params=None,
    )  # fmt: skip
    signed = {"Message": whole, "Signature": {"Type": 1, "Data": "A" * 84 + "AA=="}}
    voucher = {
        "ChannelAddr": MADE_UP, "TimeLockMin": 0, "TimeLockMax": 0, "SecretHash": None,
        "Extra": None, "Lane": 0, "Nonce": 1, "Amount": "1", "MinSettleHeight": 0,
        "Merges": None, "Signature": None,
    }  # fmt: skip
    return [
        ("Filecoin.StateGetActor", STRANGER, None),
        ("Filecoin.StateLookupID", MADE_UP, None),
        ("Filecoin.StateAccountKey", MINER, None),
        ("Filecoin.StateAccountKey", NOBODY, None),
        ("Filecoin.StateLookupRobustAddress", STRANGER, None),
        ("Filecoin.StateLookupRobustAddress", NOBODY, None),
        ("Filecoin.StateReadState", NOBODY, None),
        ("Filecoin.StateMinerInfo", POWER, None),
        ("Filecoin.StateMinerPower", alice, None),
        ("Filecoin.StateSectorGetInfo", POWER, 0, None),
        ("Filecoin.StateDecodeParams", alice, 77, "", None),
        ("Filecoin.StateCall", message(NOBODY, alice), None),
        ("Filecoin.StateCall", message(MINER, alice), None),
        ("Filecoin.MinerGetBaseInfo", POWER, 10, None),
        ("Filecoin.MpoolGetNonce", STRANGER),
        ("Filecoin.MpoolPush", signed),
        ("Filecoin.MpoolPush", {**signed, "Message": {**whole, "From": STRANGER}}),
        ("Filecoin.MpoolPush", {**signed, "Message": {**whole, "To": "t00"}}),
        ("Filecoin.MpoolPush", {**signed, "Message": {**whole, "From": MINER}}),
        ("Filecoin.MpoolPushMessage", message(STRANGER, alice), None),
        ("Filecoin.MpoolPushMessage", message(MINER, alice), None),
        ("Filecoin.MpoolPushMessage", message(alice, "t00"), None),
        ("Filecoin.MpoolPushMessage", message(alice, FOREIGN), None),
        ("Filecoin.MpoolPushMessage", message(ethereum, MINER, Method=99), None),
        ("Filecoin.MpoolPushMessage", message(alice, MINER, Method=3), None),
        ("Filecoin.GasEstimateMessageGas", message(STRANGER, alice), None, None),
        ("Filecoin.WalletSign", STRANGER, ""),
        ("Filecoin.WalletSign", MINER, ""),
        ("Filecoin.WalletExport", STRANGER),
        ("Filecoin.WalletSetDefault", STRANGER),
        ("Filecoin.WalletImport", "alice again"),
        ("Filecoin.MsigGetAvailableBalance", MINER, None),
        ("Filecoin.MsigPropose", MINER, alice, "1", alice, 0, None),
        ("Filecoin.PaychSettle", MADE_UP),
        ("Filecoin.PaychStatus", MADE_UP),
        ("Filecoin.PaychVoucherList", MADE_UP),
        ("Filecoin.PaychVoucherAdd", MADE_UP, voucher, None, "0"),
        ("Filecoin.PaychVoucherAdd", MINER, {**voucher, "ChannelAddr": MINER}, None, "0"),
        ("Filecoin.PaychGet", alice, STRANGER, "1", {"OffChain": True}),
        ("Filecoin.PaychFund", STRANGER, alice, "1"),
        ("Filecoin.MarketWithdraw", STRANGER, alice, "1"),
        ("Filecoin.SyncCheckBad", NOTHING),
        ("Papyrus.AddSector", POWER),
        ("Papyrus.AddSector", MINER, 1, [77]),
        ("Papyrus.Fault", MINER, [77]),
        ("Papyrus.SetBalance", "t090", "1"),
        ("Papyrus.SetBalance", alice, str(10**27)),
        ("Papyrus.SetExpiration", NOBODY, [0], 10**6),
        ("Papyrus.SetExpiration", POWER, [0], 10**6),
        ("Papyrus.GrantDatacap", FOREIGN, 1 << 20),
    ]


def test_answers_name_addresses_of_the_network(devnet):
    accounts = devnet.facts["accounts"]
    calls = refused_calls(accounts[0]["filecoin"], accounts[0]["delegated"])

    async def answers():
        found = []
        async with connection(devnet.facts) as node:
            exported = await node.call("Filecoin.WalletExport", accounts[0]["filecoin"])
            for method, *params in calls:
                given = [exported if one == "alice again" else one for one in params]
                try:
                    answer = str(await node.call(method, *given))
                except RefusedCallError as error:
                    answer = error.message
                found.append((method, answer))
        return found

    told = asyncio.run(answers())
    assert [(method, text) for method, text in told if mainnet_addresses(text)] == []
    named = [text for _, text in told if re.search(r"\bt[0-4][0-9a-z]+", text)]
    assert len(named) > len(calls) // 2


COMMANDS = [
    ("state", "get-actor", STRANGER),
    ("state", "miner-info", POWER),
    ("state", "sector", MINER, "77"),
    ("send", "--from", STRANGER, "ALICE", "1"),
    ("send", "ALICE", "99999999"),
    ("send", MINER, "1", "--method", "99"),
    ("msig", "inspect", MINER),
    ("paych", "status", MADE_UP),
    ("paych", "settle", MADE_UP),
    ("miner", "sectors", "fault", MINER, "77"),
    ("miner", "sectors", "add", POWER),
    ("miner", "actor", "withdraw", MINER, "99999999"),
    ("filplus", "grant-datacap", STRANGER, "1GiB", "--from", "ALICE"),
    ("wallet", "market", "withdraw", "99999999", "--from", "ALICE"),
    ("wallet", "export", STRANGER, "--chain", "devnet"),
    ("wallet", "delete", STRANGER, "--chain", "devnet"),
    ("mpool", "nonce", STRANGER),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_command_fails_with_addresses_of_the_network(devnet, command):
    alice = devnet.facts["accounts"][0]["filecoin"]
    devnet.run("wallet", "new", "--chain", "devnet")
    code, out, err = devnet.run(*(alice if word == "ALICE" else word for word in command))
    assert code == 1
    assert err.startswith("papyrus: ")
    assert mainnet_addresses(out + err) == []


def test_commands_that_go_well_print_addresses_of_the_network(devnet):
    alice, bob = (account["filecoin"] for account in devnet.facts["accounts"][:2])
    printed = [
        devnet.text("wallet", "balance"),
        devnet.text("wallet", "list", "--chain", "devnet"),
        devnet.text("send", bob, "1"),
        devnet.text("state", "list-miners"),
        devnet.text("state", "list-actors"),
        devnet.text("miner", "sectors", "list", MINER),
        devnet.text("msig", "inspect", "t080"),
        devnet.text("chain", "head"),
        devnet.text("paych", "add-funds", alice, bob, "1"),
        devnet.text("filplus", "list-notaries"),
        devnet.text("info"),
    ]
    assert [text for text in printed if mainnet_addresses(text)] == []
