import pytest

from papyrus.primitives.errors import LocalFault
from papyrus.rules.actor_codes import actor_codes, build_of
from papyrus.rules.policy import policy_of
from papyrus.storage.bundles import BundleStore

BUILDS = (
    "mainnet",
    "calibrationnet",
    "butterflynet",
    "caterpillarnet",
    "devnet",
    "testing",
    "testing-fake-proofs",
)


@pytest.mark.parametrize("version", [17, 18])
@pytest.mark.parametrize("build", BUILDS)
def test_the_codes_are_those_of_the_bundle(version, build):
    bundles = BundleStore()
    if not bundles.has(version, build):
        pytest.skip(f"no actor bundle v{version}/{build}: run `papyrus bundle import`")
    assert list(actor_codes(version, build).items()) == list(
        bundles.load(version, build).actors.items()
    )


def test_codes_that_are_not_listed_come_from_a_bundle():
    with pytest.raises(LocalFault, match="papyrus bundle fetch 12"):
        actor_codes(12, "mainnet")


@pytest.mark.parametrize("build", BUILDS)
def test_every_build_has_codes_and_a_policy(build):
    assert len(actor_codes(18, build)) == 16
    assert policy_of(build).name == build


@pytest.mark.parametrize("build", BUILDS)
def test_the_codes_tell_their_build(build):
    assert build_of(actor_codes(17, build)) == build
    assert build_of(actor_codes(18, build)) == build
    assert build_of({}) is None
