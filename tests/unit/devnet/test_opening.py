"""The folder of a devnet: what it was begun with binds, and what was refused leaves nothing."""

import pytest
from devnet_desk import devnet_desk

from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import LocalFault


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"balance": TokenAmount.from_fil(999_999_999_999)}, "more than the 500000000 FIL"),
        ({"balance": TokenAmount(-1)}, "less than nothing"),
        ({"chain_id": 0}, "no chain ID"),
    ],
)
def test_refused_first_start_is_in_nobodys_way(tmp_path, options, why):
    with pytest.raises(LocalFault, match=why), devnet_desk(tmp_path, **options):
        pass
    with devnet_desk(tmp_path) as desk:
        assert desk.mine().height == 1


def test_chain_without_its_settings_is_told(tmp_path):
    with devnet_desk(tmp_path):
        pass
    (tmp_path / "devnet" / "devnet.json").unlink()
    with pytest.raises(LocalFault, match=r"no devnet.json, .*--reset"), devnet_desk(tmp_path):
        pass


def test_other_options_are_named_as_people_give_them(tmp_path):
    with devnet_desk(tmp_path):
        pass
    others = {
        "accounts": 4, "balance": TokenAmount(5), "mnemonic": f"{'abandon ' * 11}about",
        "miners": 2, "epoch_seconds": 5, "chain_id": 7,
    }  # fmt: skip
    names = ["--accounts", "--balance", "--mnemonic", "--miners", "--block-time", "--chain-id"]
    why = f"was begun with another {' and '.join(names)}: .*--reset"
    with pytest.raises(LocalFault, match=why), devnet_desk(tmp_path, **others):
        pass
