"""Let a sector of a devnet live out its whole life, by commands, and see that it ends as it should.

    python -m scripts.sector_life [--folder FOLDER]

A new miner gets one sector of the shortest life that the network allows, 180 days and what the
devnet adds. Every window is proven on the way; nothing is brought nearer by hand. Once a month of
the chain, and at the end, the whole state is checked. Takes about an hour.

Exit code: 0 where all was so, 1 with the first thing that was not; the folder is left then.
"""

import argparse
import importlib
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DAY = 2880
MONTH = 30 * DAY
SECTOR = 2048


def support(name: str) -> Any:
    """Return a module of what tests share."""
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    return importlib.import_module(name)


def expect(is_so: bool, what: str) -> None:
    """Raise AssertionError, in words, where something is not so."""
    if not is_so:
        raise AssertionError(what)


class Life:
    """A miner with one sector, and what commands tell of them."""

    def __init__(self, papyrus: Any, facts: dict[str, Any]) -> None:
        """Make the miner and its sector."""
        self._papyrus = papyrus
        self._started = time.monotonic()
        made = papyrus(
            "miner", "create", "--owner", facts["accounts"][4]["filecoin"],
            "--worker", facts["bls"]["address"], "--sector-size", "2KiB",
        )  # fmt: skip
        self.miner: str = made["miner"]
        papyrus("miner", "sectors", "add", self.miner)
        self.begin = self.height
        self.end = int(self.sector["Expiration"])

    @property
    def height(self) -> int:
        """The epoch of the head."""
        return int(self._papyrus("chain", "head")["Height"])

    @property
    def sector(self) -> dict[str, Any]:
        """What the chain says of the sector."""
        found = self._papyrus("miner", "sectors", "status", self.miner, 0)
        return dict(found["proven"])

    @property
    def sectors(self) -> list[int]:
        """The sectors that count; those that are over stay listed without `--active`."""
        listed = self._papyrus("miner", "sectors", "list", self.miner, "--active")
        return [one["SectorNumber"] for one in listed]

    @property
    def power(self) -> int:
        """Raw bytes that the miner has proven."""
        return int(self._papyrus("state", "power", self.miner)["MinerPower"]["RawBytePower"])

    @property
    def pledge(self) -> int:
        """The attoFIL that the miner has locked for its sectors."""
        return int(self._papyrus("state", "read-state", self.miner)["State"]["InitialPledge"])

    def pass_to(self, height: int) -> None:
        """Let time pass until a height, and check the whole state there."""
        while (left := height - self.height) > 0:
            self._papyrus("mine", "--epochs", min(left, 10 * DAY))
        minutes = (time.monotonic() - self._started) / 60
        print(
            f"epoch {self.height}, day {(self.height - self.begin) // DAY}: power {self.power}, "
            f"{self.check()}, {minutes:.1f} min",
            flush=True,
        )

    def check(self) -> str:
        """Check the state that the head stands on."""
        path = self._papyrus.folder / "state.car"
        path.unlink(missing_ok=True)
        self._papyrus("snapshot", "export", path, "--chain", "devnet", "--recent-stateroots", "900")
        report = self._papyrus("state", "check", path)
        expect(report["whole"] and not report["findings"], f"the state is unsound: {report}")
        return "the state is sound"


def live(papyrus: Any, facts: dict[str, Any]) -> None:
    """Let a sector live from its first proof to its expiry."""
    life = Life(papyrus, facts)
    print(f"{life.miner}: a sector from {life.begin} on, which expires at {life.end}", flush=True)
    life.pass_to(life.begin + 2 * DAY)
    pledge = life.pledge
    expect(life.power == SECTOR and pledge > 0, "the sector counts once it was proven")
    for month in range(life.begin + MONTH, life.end - DAY, MONTH):
        life.pass_to(month)
        expect(life.power == SECTOR and life.sectors == [0], "it lives as long as it is proven")
        expect(life.pledge == pledge, "its pledge stays locked")
    life.pass_to(life.end - 1)
    expect(life.power == SECTOR, "it counts until it expires")
    # It expires as the deadline ends that its last epoch lies in.
    life.pass_to(life.end + 2 * DAY)
    expect(life.power == 0 and life.sectors == [], "it ends when it expires")
    expect(life.pledge == 0, "its pledge is free again")
    print(f"lived {life.end - life.begin} epochs, every window proven, and ended when it should")


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="sector-life-"))
    shell, running = support("command_shell"), support("running_devnet")
    try:
        with running.running_devnet(folder) as facts, shell.CommandShell(folder) as papyrus:
            live(papyrus, facts)
    except AssertionError as error:
        print(f"{error}\nthe folder is left: {folder}", file=sys.stderr)
        return 1
    if chosen.folder is None:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
