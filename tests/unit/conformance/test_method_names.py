"""Names of methods."""

import pytest

from papyrus.conformance.method_names import exported_number, method_name


@pytest.mark.parametrize(
    ("actor", "number", "name"),
    [
        ("account", 0, "Send"),
        ("evm", 1, "Constructor"),
        ("storageminer", 5, "SubmitWindowedPoSt"),
        ("storageminer", 26, "ProveCommitAggregate"),
        ("storageminer", 36, "ProveCommitSectorsNI"),
        ("storageminer", 37, None),
        ("storagemarket", 9, "CronTick"),
        ("storagepower", 9, "CurrentTotalPower"),
        ("verifiedregistry", 12, "RemoveExpiredClaims"),
        ("multisig", 9, "LockBalance"),
        ("evm", 3_844_450_837, "InvokeEVM"),
        ("datacap", 80_475_954, "Transfer"),
        ("storageminer", 348_244_887, "IsControllingAddress"),
        ("evm", 1 << 24, None),
        ("(none)", 7, None),
    ],
)
def test_a_method_has_its_name(actor: str, number: int, name: str | None):
    assert method_name(actor, number) == name


def test_exported_methods_are_numbered_by_their_name():
    assert exported_number("AuthenticateMessage") == 2_643_134_072
