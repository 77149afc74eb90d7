"""Where the time of one message goes: cProfile over the slowest of some vectors, or a named one.

    python -m scripts.profile_vector ../shared/vectors/nv18 [--lines 20]

Each vector is executed once to warm up and once to be timed; the slowest is executed once more
under the profiler. The profiler slows Python down several times and Wasm not at all, so its
figures say where to look, and the time without it says how long it takes.
"""

import argparse
import cProfile
import pstats
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from papyrus.conformance.environment import shared_environment
from papyrus.conformance.vector_files import Variant, Vector, parse_body, read_header
from papyrus.conformance.vectors import execute_messages, vector_store, why_skipped
from papyrus.rules.versions import rules_for
from papyrus.vm import deep_stack


class Case(NamedTuple):
    """A vector under its first variant."""

    variant: Variant
    vector: Vector


def main() -> None:
    """Profile the slowest vector at or below a path."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path, help="a vector, or a folder of them")
    parser.add_argument("--lines", type=int, default=20, help="lines of the profile to print")
    chosen = parser.parse_args()
    files = [chosen.path] if chosen.path.is_file() else sorted(chosen.path.rglob("*.json"))
    headers = [read_header(path) for path in files]
    cases = [
        (Case(header.variants[0], parse_body(header)), path)
        for header, path in zip(headers, files, strict=True)
        if why_skipped(header, header.variants[0], path.name) is None
    ]
    for case, _ in cases:
        seconds(case)
    case, path = max(cases, key=lambda pair: seconds(pair[0]))
    print(f"{path.name}: {seconds(case) * 1000:.1f} ms without the profiler")
    profile = cProfile.Profile()
    seconds(case, profile)
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(chosen.lines)


def seconds(case: Case, profile: cProfile.Profile | None = None) -> float:
    """Return how long the vector's messages take, its state loaded beforehand."""
    variant, vector = case
    rules = rules_for(variant.network_version)
    store = vector_store(vector)

    def run() -> float:
        if profile is not None:
            profile.enable()
        start = perf_counter()
        execute_messages(vector, variant, rules, store, shared_environment(), trace=False)
        taken = perf_counter() - start
        if profile is not None:
            profile.disable()
        return taken

    return deep_stack.call(run)


if __name__ == "__main__":
    main()
