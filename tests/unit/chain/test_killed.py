"""A process that extends and reorganises a chain is killed at random moments."""

import json
import random
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from chain_forge import Forge

from papyrus.chain.opening import open_chain
from papyrus.consensus.selection import messages_of
from papyrus.ipld.cid import Cid
from papyrus.rules.networks import LOTUS_ITEST
from papyrus.storage import chain_index
from papyrus.storage.car_files import open_car
from papyrus.storage.database import check_blocks, check_index
from papyrus.types.tipset import TipsetKey
from papyrus.vm.state_tree import StateTree

SUPPORT = Path(__file__).parents[2] / "support"

GROWER = """
    import json, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    from chain_forge import Forge, message
    from papyrus.chain.messages import tipset_messages
    from papyrus.chain.opening import open_chain
    from papyrus.ipld.amt import amt_root
    from papyrus.rules.networks import LOTUS_ITEST
    from papyrus.types.receipt import Receipt
    from papyrus.types.tipset import Tipset

    forge = Forge()
    with open_chain(Path(sys.argv[1]), LOTUS_ITEST, forge.genesis_blocks) as chain:
        store = chain.store
        for turn in range(10**6):
            head = store.head
            # Every third tipset is a fork that wins.
            base = store.tipset(head.parents) if turn % 3 == 2 and head.height > 2 else head
            miners = (1001, 1002) if turn % 3 == 2 else (1000,)
            executed = tipset_messages(store.blocks, base, chain.network)
            with chain.database.batch() as batch:
                receipts = amt_root(batch, [Receipt(0, b"", 1).to_ipld() for _ in executed])
            headers = []
            for miner in miners:
                sent = [message(head.height * 10 + miner % 10)]
                cid = store.put_messages(sent, [])
                forge.messages(sent)
                height = base.height + 1 + turn % 2
                fields = {"messages": cid, "parent_message_receipts": receipts}
                headers.append(forge.on(base, height, miner, **fields))
            for header in headers:
                store.put_block(header)
                store.consider(Tipset.of([header]))
            if turn % 10 == 9:
                store.set_checkpoint(store.tipset_at(max(store.head.height - 5, 0)))
            if turn % 50 == 49:
                for height in range(5):
                    store.set_head(store.tipset(store.head.parents), forget_above=True)
            print(json.dumps([str(cid) for cid in store.head.key.cids]), flush=True)
"""


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(1, 84))]
)
def test_killed_chain_goes_on_from_a_whole_head(folder: Path, seed: int) -> None:
    moment = random.Random(seed)  # noqa: S311 - any moments, the same each time
    forge = Forge()
    code = textwrap.dedent(GROWER)
    rounds = 0
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(folder), str(SUPPORT)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        announced = [process.stdout.readline()]
        timer = threading.Timer(moment.random() * 0.2, process.send_signal, [signal.SIGKILL])
        timer.start()
        announced += [line for line in process.stdout if line.endswith("\n")]
        timer.join()
        assert process.wait() == -signal.SIGKILL
        process.stdout.close()
        rounds += len(announced)
        with open_chain(folder, LOTUS_ITEST) as chain:
            store = chain.store
            head = store.head
            # What was announced last is the head, or the head is what came next and was not yet.
            path = store.path(head.key, _key_of(announced[-1]))
            assert len(path.reverted) + len(path.applied) <= 8
            for tipset in _down(store, head):
                for block in tipset.blocks:
                    messages_of(store.blocks, block)
                    StateTree(store.blocks, block.parent_state_root)
            assert chain_index.head(chain.index).key == head.key
            assert check_index(chain.index, store.blocks) == []
            assert check_blocks(chain.database.blocks).damaged == ()
            assert store.checkpoint is None or store.is_ancestor(store.checkpoint, head)
            assert store.genesis == forge.genesis
    assert rounds > 12


def _key_of(line):
    return TipsetKey(tuple(map(Cid.from_string, json.loads(line))))


def _down(store, tipset):
    while tipset.height:
        yield tipset
        tipset = store.tipset(tipset.parents)


IMPORTER = """
    import sys
    from pathlib import Path
    from papyrus.chain import snapshot_copy, snapshot_import
    from papyrus.rules.networks import LOTUS_ITEST
    from papyrus.storage import block_sorter
    snapshot_copy._KEPT_BYTES = 100_000
    snapshot_copy._TOLD_BLOCKS = 100
    block_sorter.PART_SIZE = 200_000
    def tell(step):
        return lambda done, of: print(step, done, flush=True)
    heard = snapshot_import.ImportProgress(tell("read"), tell("store"), tell("check"))
    folder, path = map(Path, sys.argv[1:])
    snapshot_import.import_snapshot(folder, path, LOTUS_ITEST, progress=heard)
    print("whole", flush=True)
"""


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(1, 20))]
)
def test_killed_import_goes_on_where_it_was(folder: Path, shared: Path, seed: int) -> None:
    path = shared / "chains" / "fevm" / "chain.car.zst"
    if not path.is_file():
        pytest.skip("no chain fevm among the reference data")
    moment = random.Random(seed)  # noqa: S311 - any moments, the same each time
    steps = set()
    for kill_after in (*(moment.randrange(1, 40) for _ in range(5)), None):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(IMPORTER), str(folder), str(path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(kill_after or 1)]
        if kill_after is not None:
            process.kill()
        lines += process.stdout.readlines()
        process.wait()
        process.stdout.close()
        steps |= {line.split()[0] for line in lines if line.strip()}
        if kill_after is None:
            assert lines[-1] == "whole\n"
    assert steps >= {"read", "store", "check"}
    with open_chain(folder, LOTUS_ITEST) as chain:
        assert chain.store.head.key.cids == open_car(path).roots
        assert check_index(chain.index, chain.store.blocks) == []
        assert check_blocks(chain.database.blocks).damaged == ()
        assert {cid for cid, _ in open_car(path).blocks()} == {
            cid for cid, _ in chain.database.blocks.blocks()
        }
    assert not list(folder.glob("import*"))
