"""A devnet kept in one piece begins another folder, and goes on there as it was."""

from devnet_desk import devnet_desk

from papyrus.devnet.dump import DevnetDump, restore
from papyrus.devnet.genesis import devnet_network
from papyrus.devnet.options import DevnetOptions
from papyrus.node.repository import open_repository
from papyrus.rpc.json_codecs import codec_of


def test_another_folder_is_begun_with_a_dump(tmp_path):
    options = DevnetOptions(accounts=3)
    with devnet_desk() as desk:
        desk.mine(3)
        alice = desk.accounts[0]
        desk("Papyrus.SetBalance", alice, "42")
        head = desk("ChainHead")
        kept = codec_of(DevnetDump).read(desk("Papyrus.DumpState"))
    settings = options.settings(kept.settings["timestamp"])
    with open_repository(tmp_path, "devnet") as repository:
        restore(repository, devnet_network(settings, options.people()), kept)
    with devnet_desk(tmp_path) as desk:
        assert desk("ChainHead") == head
        desk.mine(2)
        assert desk.balance(alice) == 42
        assert desk.findings() == ()
