"""What people do with a Filecoin, by command on a devnet, from the first payment to the last.

The devnet is a process of its own. After each part the invariants of the whole state hold, as
`papyrus state check` finds them in a snapshot that the running devnet was asked for.
"""

import re
from pathlib import Path

import pytest
from command_shell import CommandShell
from running_devnet import running_devnet

pytestmark = pytest.mark.slow

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "node.md"
FIL = 10**18
DAY = 2880
WINDOW = 60
SECTOR = 2048
PIECE = "baga6ea4seaqpy7usqklokfx2vxuynmupslkeutzexe2uqurdg5vhtebhxqmpqai"
"""The commitment to some 2 KiB."""
SEALED = "bagboea4b5abcatlxechwbp7kjpjguna6r6q7ejrhe6mdp3lf34pmswn27pkkiekz"
"""That to a replica."""


@pytest.fixture(scope="module")
def papyrus(tmp_path_factory):
    """Give a shell beside a devnet."""
    folder = tmp_path_factory.mktemp("lifecycle")
    with running_devnet(folder) as facts, CommandShell(folder) as shell:
        shell.facts = facts
        shell.accounts = [account["filecoin"] for account in facts["accounts"]]
        yield shell


def expect_sound_state(papyrus):
    """Check the state that the head stands on: every actor's invariants, and those between them."""
    papyrus("mine")
    path = papyrus.folder / "state.car"
    path.unlink(missing_ok=True)
    papyrus("snapshot", "export", path, "--chain", "devnet", "--recent-stateroots", "900")
    report = papyrus("state", "check", path)
    assert (report["findings"], report["whole"]) == ([], True)
    return report


def balance(papyrus, address):
    return int(papyrus("wallet", "balance", address)["balance"])


def test_guide_names_whatever_lies_in_the_folder(papyrus):
    rows = [line for line in GUIDE.read_text().splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([^`/]+)/?`", row.split("|")[1])}
    # SQLite keeps two files beside each of its own.
    found = {
        path.name.removesuffix("-shm").removesuffix("-wal")
        for path in (papyrus.folder / "devnet").iterdir()
    }
    assert {"devnet.json", "datastore", "payment-channels.sqlite"} < found
    assert found - named == set()


def expect_done(done):
    assert done["lookup"]["Receipt"]["ExitCode"] == 0
    return done


# Money.


def test_funds_are_sent(papyrus):
    alice, bob = papyrus.accounts[:2]
    before = balance(papyrus, bob)
    expect_done(papyrus("send", bob, "1.5", "--from", alice, "--wait"))
    assert balance(papyrus, bob) == before + 15 * FIL // 10
    expect_sound_state(papyrus)


def test_multisig_decides_by_two_of_three(papyrus):
    alice, bob, carol = papyrus.accounts[:3]
    signers = (alice, bob, carol)
    made = expect_done(papyrus("msig", "create", "--required", "2", "--value", "10", *signers))
    multisig = made["multisig"]
    before = balance(papyrus, carol)
    proposed = papyrus("msig", "propose", multisig, carol, "2.5", "--from", alice)
    assert (proposed["transaction"], proposed["applied"]) == (0, False)
    assert balance(papyrus, carol) == before
    [waiting] = papyrus("msig", "inspect", multisig)["transactions"]
    assert waiting["ID"] == 0
    approved = papyrus("msig", "approve", multisig, "0", "--from", bob)
    assert approved["applied"] is True
    assert balance(papyrus, carol) == before + 25 * FIL // 10
    assert papyrus("msig", "inspect", multisig)["balance"] == str(75 * FIL // 10)
    expect_sound_state(papyrus)


def test_money_goes_into_the_market_and_back(papyrus):
    dave = papyrus.accounts[3]
    expect_done(papyrus("market", "add", "3", "--from", dave))
    assert papyrus("market", "balance", dave)["Escrow"] == str(3 * FIL)
    expect_done(papyrus("market", "withdraw", "1", "--from", dave))
    assert papyrus("market", "balance", dave)["Escrow"] == str(2 * FIL)
    told = papyrus.refused("market", "withdraw", "5", "--from", dave)
    assert "has 2 FIL in the market that no deal needs" in told
    expect_sound_state(papyrus)


def test_time_passes(papyrus):
    before = papyrus("chain", "head")["Height"]
    assert papyrus("mine", "2", "--null-rounds", "3")["Height"] >= before + 5
    head = papyrus("mine", "--epochs", "50")
    assert head["Height"] >= before + 55
    assert papyrus("chain", "head") == head
    assert str(head["Height"] + 1) in papyrus.text("mine")
    code, _, told = papyrus.run("mine", "2", "--epochs", "50")
    assert (code, "--epochs goes without a count" in told) == (2, True)


# Storage.


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"--piece-size": "2000"}, "a piece of 2000 bytes: padded it has 128, 256, 512"),
        ({"--piece-cid": "bafy2bzacebaolz"}, "CID"),
        ({"--piece-cid": SEALED}, "is no commitment to a piece: those begin with baga6ea4seaq"),
        ({"--start": "1"}, "the deal would begin at epoch 1, and it is"),
        ({"--start": "9000", "--end": "9001"}, "for 1 epochs: from 518400 to 3680640 are allowed"),
        ({"--price": "1"}, "free in the market, and the deal takes 518400 FIL: `papyrus market"),
        ({"--verified": None}, "has 0 B of DataCap, and the deal takes 2 KiB: `papyrus filplus"),
        ({"--provider": "t0999"}, "actor not found"),
        ({"--provider": "t04"}, "t04 is no storageminer actor"),
    ],
)
def test_deal_that_the_market_would_refuse_is_told_of(papyrus, changed, words):
    terms = {
        "--client": papyrus.accounts[6],
        "--provider": papyrus.facts["miners"][0],
        "--piece-cid": PIECE,
        "--piece-size": "2KiB",
        "--collateral": "0",
        **changed,
    }
    given = [word for option in terms.items() for word in option if word is not None]
    assert words in papyrus.refused("market", "publish", *given)


def test_client_with_an_ethereum_key_is_told_what_to_do(papyrus):
    client = papyrus.facts["accounts"][6]["delegated"]
    told = papyrus.refused(
        "market", "publish", "--client", client, "--provider", papyrus.facts["miners"][0],
        "--piece-cid", PIECE, "--piece-size", "2KiB", "--collateral", "0",
    )  # fmt: skip
    assert "signs as Ethereum does, which the market cannot check" in told


class Miner:
    """A new miner, and what its commands tell of it."""

    def __init__(self, papyrus):
        self.papyrus = papyrus
        self.owner, self.worker = papyrus.accounts[4], papyrus.facts["bls"]["address"]
        made = expect_done(
            papyrus(
                "miner", "create", "--owner", self.owner, "--worker", self.worker,
                "--sector-size", "2KiB",
            )
        )  # fmt: skip
        self.address = made["miner"]

    @property
    def states(self):
        """What the table for people says of each sector."""
        table = self.papyrus.text("miner", "sectors", "list", self.address)
        return dict(line.split()[:2] for line in table.splitlines()[1:])

    @property
    def raw_power(self):
        return int(self._power["RawBytePower"])

    @property
    def quality_adjusted_power(self):
        return int(self._power["QualityAdjPower"])

    @property
    def _power(self):
        return self.papyrus("state", "power", self.address)["MinerPower"]

    @property
    def faulty(self):
        return [one["sector"] for one in self.papyrus("miner", "proving", "faults", self.address)]

    @property
    def active(self):
        listed = self.papyrus("miner", "sectors", "list", self.address, "--active")
        return [one["SectorNumber"] for one in listed]

    def let_windows_pass(self, *sectors):
        """Let time pass until the next window of each sector has closed."""
        now = self.papyrus("miner", "proving", "info", self.address)
        epoch = now["CurrentEpoch"]
        ends = []
        for sector in sectors:
            place = self.papyrus("state", "sector", self.address, sector)["Location"]["Deadline"]
            end = now["PeriodStart"] + (place + 1) * WINDOW
            ends.append(end if end - WINDOW > epoch else end + DAY)
        self.papyrus("mine", "--epochs", max(ends) - epoch + 1)

    def let_window_of(self, sector):
        """Let time pass until nothing keeps a sector's deadline from being changed."""
        now = self.papyrus("miner", "proving", "info", self.address)
        place = self.papyrus("state", "sector", self.address, sector)["Location"]["Deadline"]
        if (place - now["Index"]) % now["WPoStPeriodDeadlines"] <= 1:
            self.papyrus("mine", "--epochs", 2 * WINDOW)


def test_miner_stores_and_ends(papyrus):
    miner = Miner(papyrus)
    found = papyrus("miner", "info", miner.address)
    assert (found["info"]["SectorSize"], found["sectors"]["Live"]) == (SECTOR, 0)
    expect_sound_state(papyrus)

    deal = publish_verified_deal(papyrus, miner)
    report = expect_sound_state(papyrus)
    assert (report["deals"], report["allocations"], report["claims"]) == (3, 1, 2)

    plain = papyrus("miner", "sectors", "add", miner.address, "--count", "2")["sectors"]
    assert plain == [0, 1]
    with_data = papyrus("miner", "sectors", "add", miner.address, "--deal", deal)["sectors"]
    assert with_data == [2]
    assert papyrus("market", "deal", deal)["State"]["SectorNumber"] == 2
    assert papyrus("filplus", "list-allocations") == {}
    [claim] = papyrus("filplus", "list-claims", miner.address).values()
    assert (claim["Sector"], claim["Size"]) == (2, SECTOR)
    assert papyrus("miner", "sectors", "status", miner.address, 0)["state"] == "proven"
    assert miner.raw_power == 0
    expect_sound_state(papyrus)

    miner.let_windows_pass(0, 1, 2)
    assert miner.active == [0, 1, 2]
    assert miner.raw_power == 3 * SECTOR
    assert miner.quality_adjusted_power == (1 + 1 + 10) * SECTOR
    expect_sound_state(papyrus)

    papyrus("miner", "sectors", "fault", miner.address, 0)
    assert miner.faulty == papyrus("miner", "info", miner.address)["faults"] == [0]
    assert miner.states == {"0": "faulty", "1": "active", "2": "active"}
    assert miner.raw_power == 2 * SECTOR
    expect_sound_state(papyrus)
    papyrus("miner", "sectors", "recover", miner.address, 0)

    head = papyrus("chain", "head")["Height"]
    changed = papyrus(
        "miner", "sectors", "set-expiration", miner.address, 1, "--epoch", head + WINDOW
    )
    ends = changed["sectors"][0]["expiration"]["OnTime"]
    assert head + WINDOW <= ends < head + WINDOW + DAY

    told = papyrus.refused("miner", "sectors", "terminate", miner.address, 2)
    assert "--really-do-it" in told
    miner.let_window_of(2)
    done = papyrus("miner", "sectors", "terminate", miner.address, 2, "--really-do-it")
    assert expect_done(done)["all_paid"] is True
    assert f"deal {deal} not found" in papyrus.refused("market", "deal", deal)
    assert papyrus("market", "balance", miner.address)["Locked"] == "0"
    expect_sound_state(papyrus)

    # It expires as the window closes in which it is proven, which may be the one after the next.
    if (left := ends - papyrus("chain", "head")["Height"]) > 0:
        papyrus("mine", "--epochs", left + 1)
    miner.let_windows_pass(0)
    assert miner.faulty == []
    assert miner.active == [0]
    assert miner.states == {"0": "active", "1": "over", "2": "over"}
    assert miner.raw_power == SECTOR
    expect_sound_state(papyrus)

    recent = papyrus("chain", "list", "--count", "80")
    assert miner.address in {one for tipset in recent for one in tipset["miners"]}

    before = balance(papyrus, miner.owner)
    paid = expect_done(papyrus("miner", "actor", "withdraw", miner.address))
    assert int(paid["withdrawn"]) > 0
    gas = papyrus("state", "replay", paid["cid"])["GasCost"]["TotalCost"]
    assert balance(papyrus, miner.owner) == before + int(paid["withdrawn"]) - int(gas)
    extend_claim(papyrus, miner)
    expect_sound_state(papyrus)


def publish_verified_deal(papyrus, miner):
    """Have a client get DataCap, both put money down, and the deal published; return its ID."""
    client = papyrus.accounts[5]
    expect_done(papyrus("filplus", "grant-datacap", client, "4KiB"))
    assert papyrus("filplus", "check-client-datacap", client) == str(2 * SECTOR)
    terms = (
        "--client", client, "--provider", miner.address, "--piece-cid", PIECE,
        "--piece-size", "2KiB", "--price", "0.000001", "--collateral", "1", "--verified",
        "--label", "all I know",
    )  # fmt: skip
    told = papyrus.refused("market", "publish", *terms)
    assert f"`papyrus market add 0.5184 --address {client}`" in told
    expect_done(papyrus("market", "add", "1", "--from", client))
    told = papyrus.refused("market", "publish", *terms)
    assert "has 0 FIL free in the market, and the deal takes 1 FIL" in told
    expect_done(papyrus("market", "add", "1", "--address", miner.address, "--from", miner.owner))
    done = expect_done(papyrus("market", "publish", *terms))
    deal = done["deal"]
    assert papyrus("market", "deals", "--client", client) == {
        str(deal): papyrus("market", "deals")[str(deal)]
    }
    shown = papyrus("market", "deal", deal)
    assert shown["Proposal"]["Label"] == "all I know"
    assert shown["State"]["SectorStartEpoch"] == -1
    assert shown["allocation"] == done["allocation"]
    assert "published" in papyrus.text("market", "deal", deal)
    [(number, allocation)] = papyrus("filplus", "list-allocations", client).items()
    assert (int(number), allocation["Size"]) == (done["allocation"], SECTOR)
    assert papyrus("filplus", "check-client-datacap", client) == str(SECTOR)
    locked = papyrus("market", "balance", client)["Locked"]
    assert int(locked) == 180 * DAY * FIL // 10**6
    return deal


def extend_claim(papyrus, miner):
    """Have the one claim of a miner extended by its client, and by another for DataCap."""
    client, other = papyrus.accounts[5], papyrus.accounts[6]
    [(number, claim)] = papyrus("filplus", "list-claims", miner.address).items()
    extend = ("filplus", "extend-claim", "--client")
    longer = claim["TermMax"] + 1000
    one = f"{miner.address}={number}"
    done = papyrus(*extend, client, one, "--term-max", longer)
    assert (done["claims"], done["datacap"], len(done["messages"])) == ([int(number)], "0", 1)
    assert papyrus("filplus", "list-claims", miner.address)[number]["TermMax"] == longer
    assert papyrus(*extend, client, one, "--term-max", longer)["claims"] == []
    assert "has no claim 99" in papyrus.refused(*extend, client, "--miner", miner.address, "99")

    everything = (*extend, other, "--miner", miner.address, "--all")
    assert "has 0 B of DataCap, and claims of others take 2 KiB" in papyrus.refused(*everything)
    expect_done(papyrus("filplus", "grant-datacap", other, "4KiB"))
    assert "say --assume-yes" in papyrus.refused(*everything)
    done = papyrus(*everything, "--assume-yes")
    assert (done["claims"], done["datacap"]) == ([int(number)], str(SECTOR))
    assert papyrus("filplus", "list-claims", miner.address)[number]["TermMax"] > 5 * 365 * DAY
    assert papyrus("filplus", "check-client-datacap", other) == str(SECTOR)
    expect_done(papyrus("filplus", "remove-expired-claims", miner.address))
    assert number in papyrus("filplus", "list-claims", miner.address)
