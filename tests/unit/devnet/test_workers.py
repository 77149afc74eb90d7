"""A devnet goes on without miners whose workers' keys are missing, and names those keys."""

import logging

import pytest
from devnet_desk import Refused, devnet_desk


def signers(desk, count):
    """Make tipsets, and return the miners of their blocks."""
    found = set()
    for _ in range(count):
        desk.mine()
        found |= {block["Miner"] for block in desk("ChainHead")["Blocks"]}
    return found


def test_missing_keys_are_named_and_other_miners_go_on(caplog):
    with devnet_desk(miners=2) as desk:
        first, second = (key.address.to_string("t") for key in desk.devnet.people.workers)
        exported = desk("WalletExport", second)
        desk("WalletDelete", second)
        with caplog.at_level(logging.WARNING, "papyrus.devnet"):
            assert signers(desk, 10) == {"t01000"}
        [record] = [record for record in caplog.records if record.name == "papyrus.devnet"]
        why = str(record.fields["why"])
        assert why.startswith(f"the key of f{second[1:]}, the worker of f01001, is not in the")
        desk("WalletDelete", first)
        with pytest.raises(Refused, match=f"the key of .{first[1:]}, the worker of .01000, is"):
            desk("Papyrus.MineTipset")
        desk("WalletImport", exported)
        assert signers(desk, 5) == {"t01001"}
        assert desk.findings() == ()
