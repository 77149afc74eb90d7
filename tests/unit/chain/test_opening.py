from dataclasses import replace
from pathlib import Path

import pytest
from chain_forge import Forge

from papyrus.chain.opening import GenesisBlocks, open_chain
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import LocalFault
from papyrus.rules.networks import CALIBNET, LOTUS_ITEST, MAINNET
from papyrus.storage.car_files import save_car
from papyrus.storage.chain_notes import HEAD, note_fact, open_notes
from papyrus.storage.database import NOTES_FILE


def open_it(folder: Path, network=LOTUS_ITEST, genesis=None):
    with open_chain(folder, network, genesis) as chain:
        return chain.store.head


def test_genesis_file_begins_a_chain(folder, forge):
    path = folder / "genesis.car"
    save_car(path, forge.genesis.key.cids, forge.store.blocks.items())
    with open_chain(folder / "chain", LOTUS_ITEST, path) as chain:
        assert chain.store.head == forge.genesis
        assert chain.network == LOTUS_ITEST.with_genesis(forge.genesis.key.cids[0], 0)
    assert open_it(folder / "chain") == forge.genesis
    assert open_it(folder / "chain", genesis=path) == forge.genesis


def test_genesis_of_another_network_is_refused(folder, forge):
    with pytest.raises(LocalFault, match="is not that of calibnet, which is bafy"):
        open_it(folder, CALIBNET, forge.genesis_blocks)
    open_it(folder, LOTUS_ITEST, forge.genesis_blocks)
    with pytest.raises(LocalFault, match=r"holds the chain of the genesis .*, not that of"):
        open_it(folder, MAINNET)


def test_file_that_is_no_genesis_is_refused(folder, forge):
    child = forge.tipset(forge.genesis, miners=(1000, 1001))
    blocks = list(forge.store.blocks.items())
    for roots, words in (
        (child.key.cids, "it has 2 roots, not one block"),
        (child.key.cids[:1], "is no genesis block: its height is 1"),
        ([forge.state], "is no genesis block"),
        ([Cid.of(b"absent")], "is missing from the store"),
    ):
        save_car(folder / "x.car", roots, blocks)
        with pytest.raises(LocalFault, match=words):
            open_it(folder / "chain", genesis=folder / "x.car")
    (folder / "x.car").write_bytes(b"{}")
    with pytest.raises(LocalFault, match="is not a CAR file"):
        open_it(folder / "chain", genesis=folder / "x.car")
    assert open_it(folder / "chain", genesis=forge.genesis_blocks) == forge.genesis


def test_genesis_without_its_state_is_no_head(folder, forge):
    blocks = [(cid, data) for cid, data in forge.store.blocks.items() if cid != forge.state]
    given = GenesisBlocks(forge.genesis.key.cids[0], blocks)
    with pytest.raises(LocalFault, match=r"the parent state .* must be kept before it"):
        open_it(folder, genesis=given)


def test_head_whose_blocks_are_gone_is_told(folder, forge):
    open_it(folder, genesis=forge.genesis_blocks)
    notes = open_notes(folder / NOTES_FILE)
    note_fact(notes, HEAD, bytes(Cid.of(b"absent")))
    notes.close()
    with pytest.raises(LocalFault, match=r"the head .* cannot be read .*: import a snapshot"):
        open_it(folder)


def test_folder_of_a_chain_that_did_not_begin_begins_later(folder):
    forge = Forge()
    header = replace(forge.genesis.blocks[0], timestamp=5)
    with pytest.raises(LocalFault, match="give a genesis"):
        open_it(folder)
    forge.store.put(header.cid, header.to_cbor())
    given = GenesisBlocks(header.cid, forge.store.blocks.items())
    assert open_it(folder, genesis=given).key.cids == (header.cid,)
