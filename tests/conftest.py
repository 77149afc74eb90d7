"""Fixtures for every test: the shared reference data and the hypothesis profiles."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from papyrus.storage.bundles import BundleStore

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("dev", deadline=None, max_examples=60)
settings.register_profile(
    "ci",
    deadline=None,
    max_examples=100,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("full", deadline=None, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of reference data beside the checkout, or skip where there is none."""
    folder = Path(os.environ.get("PAPYRUS_SHARED", ROOT.parent / "shared"))
    if not (folder / "vectors").is_dir():
        pytest.skip(f"no reference data at {folder}: set PAPYRUS_SHARED to its folder")
    return folder


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked with a bundle that is not kept here, and say how to get it."""
    for marker in item.iter_markers("bundle"):
        version, _, network = marker.args[0].partition("/")
        if not BundleStore().has(int(version.removeprefix("v")), network):
            pytest.skip(
                f"no actor bundle {marker.args[0]}: run `papyrus bundle import {version}.tar.zst` "
                "with that file from Lotus' build/actors"
            )
