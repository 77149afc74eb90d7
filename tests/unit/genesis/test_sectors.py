"""Simulated sectors say that they are, and have the shape of real ones."""

import pytest

from papyrus.crypto.bls import GROUP_ORDER
from papyrus.genesis.sectors import (
    SECTOR_SIZES,
    is_simulated,
    name_of_size,
    seal_proof_of,
    simulated_sector,
    size_named,
    window_proof_of,
)
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import LocalFault
from papyrus.proofs.commitments import unsealed_sector_cid
from papyrus.proofs.sector_sizes import seal_sector_size

REAL = Cid.from_string("bagboea4b5abcakhkluvtlavbm6ruy34zb3shpr7jho6ylf7jz7bn6xlq5ay5plyz")


@pytest.mark.parametrize("name", SECTOR_SIZES)
def test_sector_size_has_its_proofs(name):
    size = size_named(name)
    assert name_of_size(size) == name
    assert seal_sector_size(seal_proof_of(size)) == size
    assert window_proof_of(size) == seal_proof_of(size) + 5


def test_unknown_sizes_are_refused():
    with pytest.raises(LocalFault, match="'1KiB' is no sector size: there are 2KiB"):
        size_named("1KiB")
    with pytest.raises(LocalFault, match="no sector has 5 bytes"):
        name_of_size(5)


def test_simulated_sector_commits_to_zeros_and_to_no_replica():
    sector = simulated_sector(1, 7, 2048)
    assert sector.unsealed_cid == unsealed_sector_cid(2048, [])
    assert str(sector.sealed_cid).startswith("bagboea4b5abc")
    assert is_simulated(sector.sealed_cid)
    assert sector.label == "simulated 7"
    assert not is_simulated(REAL)


def test_simulated_sectors_differ_and_are_field_elements():
    cids = {simulated_sector(place, n, 2048).sealed_cid for place in range(3) for n in range(300)}
    assert len(cids) == 900
    assert all(int.from_bytes(cid.digest, "little") < GROUP_ORDER for cid in cids)
