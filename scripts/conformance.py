"""The main job: official vectors, then every chain beside them, with one closing table.

It runs the same commands a user would (`papyrus conformance run`, `papyrus replay`) and adds only
where the inputs are found, and the sum. Exit code: 0 all exact, 1 a
difference or a failure, 2 nothing to run or nothing to run it with.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from papyrus.storage.bundles import BundleStore

PAPYRUS = Path(sys.executable).parent / "papyrus"

NO_DATA = """\
There is nothing to run: no vectors at {vectors} and no chains at {chains}.

  Vectors  are published by the Filecoin project: filecoin-project/fvm-test-vectors on GitHub,
           folder corpus/extracted/0002-hygge-01 (network version 18).
  Chains   are CAR files of headers, messages, receipts and every state, such as Lotus' own
           integration tests leave; a meta.json beside the file says by which rules.

Then run:  make conformance VECTORS=path/to/0002-hygge-01 CHAINS=path/to/chains
Without make, one at a time:  papyrus conformance run PATH, papyrus replay CHAIN.car
"""

NO_BUNDLES = """\
There are no actor bundles in {folder}: the actors' code is a released artefact and not part of
Papyrus. It comes from

  - Lotus' repository (filecoin-project/lotus), files build/actors/vNN.tar.zst:
      papyrus bundle import v10.tar.zst    for the vectors of network version 18
      papyrus bundle import v18.tar.zst    for chains of network version 28
  - or the release page of filecoin-project/builtin-actors:
      papyrus bundle fetch 10
      papyrus bundle fetch 18 --network testing-fake-proofs

Then run `make conformance` again. The command is .venv/bin/papyrus after `make setup`.
"""


def chain_files(folder: Path) -> list[Path]:
    """Return every chain in a folder or one below it, in the order of their names."""
    found = (*folder.glob("*.car*"), *folder.glob("*/*.car*"))
    return sorted(path for path in found if path.name.endswith((".car", ".car.zst")))


def run(*arguments: str) -> int:
    """Run one command of Papyrus in the open and return its exit code."""
    print(f"\n$ papyrus {' '.join(arguments)}", flush=True)
    return subprocess.run([PAPYRUS, *arguments], check=False).returncode


def main() -> int:
    """Run all there is and print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=Path, required=True)
    parser.add_argument("--chains", type=Path, required=True)
    parser.add_argument("--jobs", default="1")
    options = parser.parse_args()

    chains = chain_files(options.chains)
    if not options.vectors.exists() and not chains:
        print(NO_DATA.format(vectors=options.vectors, chains=options.chains), file=sys.stderr)
        return 2
    bundles = BundleStore()
    if not bundles.list():
        print(NO_BUNDLES.format(folder=bundles.folder), file=sys.stderr)
        return 2

    outcomes: list[tuple[str, int | None]] = []
    if options.vectors.exists():
        code = run("conformance", "run", str(options.vectors), "--jobs", options.jobs)
        outcomes.append((f"vectors {options.vectors}", code))
    else:
        outcomes.append((f"vectors {options.vectors}", None))
    for chain in chains:
        code = run("replay", str(chain), "--jobs", options.jobs)
        outcomes.append((f"chain {chain.parent.name}", code))
    if not chains:
        outcomes.append((f"chains {options.chains}", None))

    print("\nConformance")
    for name, code in outcomes:
        said = "not there" if code is None else "NOT EXACT" if code else "exact"
        print(f"  {name:<40} {said}")
    return 1 if any(code for _, code in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
