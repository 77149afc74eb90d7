"""Which network version rules at which epoch of a network.

An upgrade has a height, and that height is the last epoch under the old rules: the new version
rules from the epoch after it. Where the upgrade changes the shape of the state, a migration runs
at the height itself, after that epoch's cron and before the next tipset. Rows that keep the
version are fixes that some networks needed between upgrades.
"""

from dataclasses import dataclass

from papyrus.primitives.epochs import ChainEpoch
from papyrus.rules.versions import Rules, rules_for

_VERSIONS_WITHOUT_MIGRATION = frozenset({2, 5, 6, 8, 9, 11, 20, 26})


@dataclass(frozen=True, slots=True)
class Upgrade:
    """One row of a network's schedule."""

    height: ChainEpoch
    """The last epoch under the old rules; negative where the network began with the upgrade."""
    network_version: int
    migrates: bool
    """Whether the state is rewritten at the height."""
    keeps_version: bool = False
    """Whether it is a fix within a version: other code of the same actors, and no new state."""
    release: str | None = None
    """The release of the actors it brings, where the network replaced that one later."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The upgrades of a network, lowest height first."""

    genesis_version: int
    """What rules up to and including the first upgrade's height."""
    upgrades: tuple[Upgrade, ...]

    def version_at(self, epoch: ChainEpoch) -> int:
        """Return the network version at an epoch, whether or not its rules are held."""
        for upgrade in reversed(self.upgrades):
            if upgrade.height < epoch:
                return upgrade.network_version
        return self.genesis_version

    def rules_at(self, epoch: ChainEpoch) -> Rules:
        """Return the rules at an epoch; UnsupportedNetworkVersion where none are held."""
        return rules_for(self.version_at(epoch))

    def migration_at(self, height: ChainEpoch) -> Upgrade | None:
        """Return the upgrade whose migration runs at a height, or None where none does."""
        for upgrade in self.upgrades:
            if upgrade.height == height and upgrade.migrates:
                return upgrade
        return None

    def migrations_to(self, network_version: int) -> tuple[Upgrade, ...]:
        """Return the rows of a version at which a migration runs, lowest height first."""
        return tuple(
            upgrade
            for upgrade in self.upgrades
            if upgrade.network_version == network_version and upgrade.migrates
        )


def upgrade(height: ChainEpoch, network_version: int, release: str | None = None) -> Upgrade:
    """Return the row by which a network version begins.

    It migrates where the version brings new actors, unless the network begins with it.
    """
    migrates = height >= 0 and network_version not in _VERSIONS_WITHOUT_MIGRATION
    return Upgrade(height, network_version, migrates, release=release)


def fix(height: ChainEpoch, network_version: int, release: str | None = None) -> Upgrade:
    """Return the row of a migration that keeps the network version."""
    return Upgrade(height, network_version, migrates=True, keeps_version=True, release=release)
