"""Templates as text: what is written reads back, and what is wrong is named."""

from dataclasses import replace

import pytest
from genesis import devnet, key, worker
from hypothesis import given
from hypothesis import strategies as st

from papyrus.genesis.sectors import simulated_sector
from papyrus.genesis.template import Account, Multisig, Sector
from papyrus.genesis.template_text import read_template, write_template
from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import LocalFault

ANN, BOB = (key(name).address for name in ("Ann", "Bob"))
SEALED = Cid.from_string("bagboea4b5abcakhkluvtlavbm6ruy34zb3shpr7jho6ylf7jz7bn6xlq5ay5plyz")
UNSEALED = simulated_sector(0, 0, 2048).unsealed_cid

amounts = st.integers(0, 2 * 10**27).map(TokenAmount)
accounts = st.builds(Account, st.sampled_from((ANN, BOB)), amounts)
multisigs = st.builds(
    Multisig,
    signers=st.lists(st.sampled_from((ANN, BOB)), min_size=1, max_size=2).map(tuple),
    threshold=st.integers(1, 2),
    balance=amounts,
    vesting_start=st.integers(-5, 5),
    vesting_duration=st.integers(0, 10),
)
sectors = st.builds(
    Sector,
    number=st.integers(0, 2**63 - 1),
    sealed_cid=st.just(SEALED),
    unsealed_cid=st.just(UNSEALED),
    label=st.text(max_size=20).filter(lambda text: "\ud800" not in text),
    seal_proof=st.integers(5, 14),
)
miners = st.builds(
    replace,
    st.just(devnet().miners[0]),
    owner=st.sampled_from((ANN, worker(0).address)),
    client=st.sampled_from((ANN, worker(0).address)),
    peer_id=st.binary(max_size=40),
    market_balance=amounts,
    sectors=st.lists(sectors, max_size=3).map(tuple),
)


@given(
    network_name=st.text(max_size=20),
    timestamp=st.integers(0, 2**63 - 1),
    ticket=st.binary(min_size=32, max_size=32),
    root=accounts | multisigs,
    accounts=st.lists(accounts | multisigs, max_size=3).map(tuple),
    miners=st.lists(miners, max_size=2).map(tuple),
    trusts_deals=st.booleans(),
)
def test_template_reads_back_as_it_was_written(**changes):
    template = devnet(**changes)
    assert read_template(write_template(template)) == template


def test_small_template_is_written_as_people_would():
    text = write_template(devnet(count=1, sectors=1))
    assert 'network_name = "tiny"\n' in text
    assert 'balance = "50000000 FIL"\n' in text
    assert 'sector_size = "2KiB"\nsectors = [\n  { number = 0, sealed_cid = "bagboea4b5abc' in text
    assert 'label = "simulated 0", simulated = true },\n]\n' in text
    assert text.count("trusts_deals") == 0


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[root]", "[root", "the template is not TOML"),
        ('network_name = "tiny"\n', "", "the template: `network_name` is missing"),
        (
            "network_version = 28",
            'network_version = "28"',
            "`network_version` is '28', which is no",
        ),
        ("network_version = 28", "network_version = true", "`network_version` is True"),
        ("timestamp = 1700000000", "timestamp = -1", "timestamp of the template: -1 is below zero"),
        ("timestamp = 1700000000", f"timestamp = {2**63}", "the template: .*, beyond 64 bits"),
        ('ticket = "00', 'ticket = "xx', "the template: `ticket` cannot be read"),
        ("[root]", "colour = 1\n[root]", "the template: `colour` is unknown here"),
        ("threshold = 1", "threshold = 1\nsize = 2", r"\[root\]: `size` is unknown here"),
        ('balance = "50000000 FIL"', 'balance = "much"', "entry 1 of accounts: `balance` cannot"),
        ('sector_size = "2KiB"', 'sector_size = "3KiB"', "`sector_size` cannot be read: '3KiB' is"),
        ("simulated = true", "simulated = false", "entry 1 of sectors of entry 1 of miners: `sim"),
        ("[[keys]]", "[keys]", "`keys` is {.*which is no list"),
    ],
)
def test_text_with_a_fault_is_refused_with_its_place(old, new, reason):
    text = write_template(devnet(count=1, sectors=1, trusts_deals=True))
    assert old in text
    with pytest.raises(LocalFault, match=reason):
        read_template(text.replace(old, new, 1))
