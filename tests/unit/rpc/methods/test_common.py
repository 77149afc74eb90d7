import base64

import pytest
from rpc_node import AUTH, call

from papyrus.rpc.dispatch import Dispatcher
from papyrus.rpc.methods.auth import AuthMethods
from papyrus.rpc.methods.common import CommonMethods
from papyrus.rpc.registry import Registry
from papyrus.types.tipset import Tipset


@pytest.fixture
def ask(node):
    """Return what asks a node of itself."""

    def asking(method, *params, version=1):
        registry = Registry(AuthMethods, CommonMethods)
        dispatcher = Dispatcher(registry, node, version=version, network="t")
        return call(dispatcher, f"Filecoin.{method}", *params).get("result")

    return asking


@pytest.mark.parametrize(("version", "api"), [(0, 0x010500), (1, 0x020300)])
def test_version_is_that_of_the_interface(ask, version, api):
    assert ask("Version", version=version) == {
        "Version": "papyrus-test",
        "APIVersion": api,
        "BlockDelay": 30,
        "Agent": "papyrus-test",
    }


def test_node_tells_who_it_is(ask, node):
    assert ask("ID") == node.peer_id
    assert ask("Session") == str(node.session)
    assert ask("StartTime") == "2026-01-02T03:04:05Z"


def test_node_is_asked_to_stop(ask, node):
    assert ask("Shutdown") is None
    assert node.stopping.is_set()


def test_token_is_made_and_judged(ask):
    token = ask("AuthNew", ["sign", "read"])
    text = base64.b64decode(token).decode()
    assert ask("AuthVerify", text) == ["sign", "read"]
    assert AUTH.verify(text) == ["sign", "read"]
    assert ask("AuthVerify", text + "x") is None
    assert ask("AuthNew", ["root"]) is None


def test_status_counts_epochs_behind_the_clock(ask, node):
    node.grow(4)
    node.time = 30 * 4 + 95.0
    assert ask("NodeStatus") == {
        "SyncStatus": {"Epoch": 4, "Behind": 3},
        "PeerStatus": {"PeersToPublishMsgs": 3, "PeersToPublishBlocks": 2},
        "ChainStatus": {"BlocksPerTipsetLast100": 0.0, "BlocksPerTipsetLastFinality": 0.0},
    }
    node.time = 0.0
    assert ask("NodeStatus", True)["SyncStatus"]["Behind"] == 0


def test_status_tells_how_full_an_old_chain_is(ask, node):
    """900 tipsets, the latest 60 of them of two blocks."""

    class Long:
        def __init__(self, forge):
            tipsets = [forge.genesis]
            for height in range(1, 902):
                miners = (1000, 1001) if height > 841 else (1000,)
                parents = tipsets[-1].key.cids
                headers = [forge.header(height, parents, miner) for miner in miners]
                tipsets.append(Tipset.of(headers))
            self.head = tipsets[-1]
            self._by_key = {tipset.key: tipset for tipset in tipsets}

        def tipset(self, key):
            return self._by_key[key]

    node.chain = Long(node.forge)
    status = ask("NodeStatus", True)["ChainStatus"]
    assert status == {"BlocksPerTipsetLast100": 1.6, "BlocksPerTipsetLastFinality": 960 / 900}
