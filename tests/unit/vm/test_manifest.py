"""The manifest of built-in actors."""

import pytest

from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.errors import LocalFault
from papyrus.vm.manifest import manifest_from, manifest_of

NAMES = ("system", "init", "account", "placeholder", "eam", "ethaccount", "evm")
ENTRIES = [(name, Cid.of(name.encode(), RAW)) for name in NAMES]


def test_types_count_from_one_in_the_manifests_order():
    manifest = manifest_from(ENTRIES)
    for number, (name, code) in enumerate(ENTRIES, start=1):
        assert manifest.types[code] == number
        assert manifest.code_of_type(number) == code
        assert manifest.names[code] == name


@pytest.mark.parametrize("number", [0, -1, len(ENTRIES) + 1, 2**31])
def test_a_place_outside_the_manifest_has_no_code(number):
    assert manifest_from(ENTRIES).code_of_type(number) is None


def test_a_manifest_without_the_machines_own_actors_is_refused():
    with pytest.raises(LocalFault, match="account, ethaccount"):
        manifest_from([entry for entry in ENTRIES if "account" not in entry[0]])


def test_a_block_gives_the_manifest_of_its_entries():
    block = dag_cbor.encode(ENTRIES)
    assert manifest_of(block) == manifest_from(ENTRIES)
    assert manifest_of(block) is manifest_of(bytes(bytearray(block)))
