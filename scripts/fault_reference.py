"""The page of the consensus rules in the docs, made of `papyrus.consensus.verdicts.Fault`.

python -m scripts.fault_reference          writes docs/guides/faults.md
python -m scripts.fault_reference --check  tells whether the page is what it would write
"""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from papyrus.consensus.verdicts import Fault

PAGE = Path(__file__).parents[1] / "docs" / "guides" / "faults.md"

_TOPIC = re.compile(r"    # (.+)\.")
_MEMBER = re.compile(r"    ([A-Z][A-Z0-9_]*) = \(")

INTRODUCTION = """\
# What can be wrong with a block

Every rule that a block, a tipset or a message can break has a name, which stands in logs, in
answers and in the tests. Whoever finds it broken raises
[`Invalid`](../../src/papyrus/primitives/errors.py#Invalid) with the member of
[`Fault`](../../src/papyrus/consensus/verdicts.py#Fault). For each there is a test with a block that
breaks this rule alone, and with its twin that just passes.

A fault is permanent unless it says otherwise: the same bytes break the rule on every machine, for
ever, so the block is remembered as bad. A temporary one depends on the clock or on what this node
has seen; the same block may be good later.

This page is made from the declarations by `python -m scripts.fault_reference`.
"""


def page() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for topic, faults in _topics():
        rows = "".join(_row(fault) for fault in faults)
        parts.append(f"## {topic}\n\n| Fault | The rule | |\n|---|---|---|\n{rows}")
    return "\n".join(parts)


def _row(fault: Fault) -> str:
    explanation = fault.explanation.replace("|", "\\|")
    return f"| `{fault.value}` | {explanation} | {'temporary' if fault.is_temporary else ''} |\n"


def _topics() -> Iterator[tuple[str, list[Fault]]]:
    """Yield each topic with its faults, in the order of the source, whose comments name them."""
    topic, faults = "", list[Fault]()
    for line in inspect.getsource(Fault).splitlines():
        if heading := _TOPIC.fullmatch(line):
            if faults:
                yield topic, faults
            topic, faults = re.sub(r" \([\d. and]+\)", "", heading[1]), []
        elif member := _MEMBER.match(line):
            faults.append(Fault[member[1]])
    yield topic, faults


def main() -> None:
    """Write the page, or tell whether it is what would be written."""
    if "--check" in sys.argv[1:]:
        sys.exit(0 if PAGE.read_text(encoding="utf-8") == page() else f"{PAGE.name} is not fresh")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
