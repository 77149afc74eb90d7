"""Every fuzz target in turn, for a bounded time, with one closing table.

Each `fuzz/fuzz_*.py` hands atheris a parser through `fuzz.harness`. A target runs in a process of
its own: what it finds, a crash or a hang, ends that process and is reported as such. Inputs worth
keeping grow in `.fuzz/<target>/`, so a later run starts where the last one stopped.

    python -m fuzz --seconds 60 [TARGET...]
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent

MAX_INPUT = 1 << 20
"""Bytes: no parser may need longer than a second for as much."""

# Instrumented code runs several times slower than the code it stands for.
TIMEOUT_SECONDS = 10
RSS_LIMIT_MB = 1024

DONE = re.compile(r"Done (\d+) runs in (\d+) second")


def run(target: str, seconds: int) -> tuple[int, str]:
    """Fuzz one target; return its exit code and its words on how much it tried."""
    corpus = ROOT / ".fuzz" / target
    corpus.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        f"fuzz.{target}",
        str(corpus),
        f"-max_total_time={seconds}",
        f"-max_len={MAX_INPUT}",
        f"-timeout={TIMEOUT_SECONDS}",
        f"-rss_limit_mb={RSS_LIMIT_MB}",
        f"-artifact_prefix={ROOT / '.fuzz'}/{target}-",
        "-print_final_stats=0",
        "-verbosity=1",
    ]
    log = ROOT / ".fuzz" / f"{target}.log"
    with log.open("w") as output:
        finished = subprocess.run(command, cwd=ROOT, stdout=output, stderr=output, check=False)
    done = DONE.search(log.read_text(errors="replace"))
    words = f"{int(done[1]):>12,} inputs in {done[2]} s" if done else "stopped early"
    return finished.returncode, words if finished.returncode == 0 else f"{words}: FAILED, see {log}"


def main() -> int:
    """Run the targets named, or all; return 1 if any found something."""
    known = sorted(path.stem for path in FOLDER.glob("fuzz_*.py"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("targets", nargs="*", choices=[*known, []])
    options = parser.parse_args()
    failed = 0
    for target in options.targets or known:
        code, words = run(target, options.seconds)
        failed += code != 0
        print(f"{target:<24} {words}", flush=True)
    print(f"{len(options.targets or known) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
