"""The page of the configuration in the docs, made of its declarations.

python -m scripts.configuration          writes docs/guides/configuration.md
python -m scripts.configuration --check  tells whether the page is what it would write
"""

import sys
from pathlib import Path

from papyrus.node.config_keys import SECTIONS, Key, SectionKeys, value_text
from papyrus.node.config_load import OTHER_VARIABLES

PAGE = Path(__file__).parents[1] / "docs" / "guides" / "configuration.md"

INTRODUCTION = """\
# Configuring a node

Everything has a default, so a node needs no configuration. What it is told comes from four places,
of which a later one comes first:

1. the defaults, below;
2. the file `config.toml` in the node's folder, `$PAPYRUS_PATH/<network>` (`~/.papyrus/<network>`
   where `PAPYRUS_PATH` is not set), or the one named with `--config`;
3. environment variables, one for each key: `PAPYRUS_<SECTION>_<KEY>`;
4. options of the command line.

```console
$ papyrus config path                         # where the file belongs
$ papyrus config default > my-node.toml       # every key, what it is for, and its default
$ papyrus config show                         # what holds, and where each value comes from
$ papyrus config updated --config old.toml    # your file, with the keys and words of this version
```

A key that does not exist is refused, in the file and in the environment, and so is a value that a
key cannot have; the error names the line or the variable:

```text
papyrus: my.toml, line 12: there is no key 'listen_adress' in api; did you mean 'listen_address'?
papyrus: $PAPYRUS_MPOOL_REPLACE_BY_FEE_PERCENT: mpool.replace_by_fee_percent = '100': it should be
greater than or equal to 110
```

Sizes are bytes or have a unit (`"16 MiB"`), times are seconds, amounts have a unit (`"0.07 FIL"`).
In a variable a list is written with commas, and a table as `name=value` with commas:
`PAPYRUS_LOGGING_LEVELS=rpc=debug,mpool=warning`.

The network chooses the folder, so it is chosen with `--chain` or `PAPYRUS_CHAIN_NETWORK`; a file in
the folder of one network cannot choose another.

This page is made from the declarations in
[`papyrus.node.config`](../../src/papyrus/node/config.py) by `python -m scripts.configuration`.
"""


def page() -> str:
    """Return the page."""
    parts = [INTRODUCTION, *(_section(section) for section in SECTIONS), _others()]
    return "\n".join(parts)


def _section(section: SectionKeys) -> str:
    rows = "".join(_row(key) for key in section.keys)
    return f"""\
## `[{section.name}]`

{section.sentence}

| Key | Default | What it is for |
|---|---|---|
{rows}"""


def _row(key: Key) -> str:
    sentence = key.sentence.replace("|", "\\|")
    return f"| `{key.name}`<br>`{key.variable}` | `{value_text(key.default)}` | {sentence} |\n"


def _others() -> str:
    rows = "".join(f"- `{variable}`\n" for variable in sorted(OTHER_VARIABLES))
    return f"""\
## Variables that are no keys

Secrets do not belong in a file that is shown, so these are variables alone:

{rows}
`PAPYRUS_PATH` is the folder that all networks' nodes have theirs in.
"""


def main() -> None:
    """Write the page, or tell whether it is what would be written."""
    if "--check" in sys.argv[1:]:
        sys.exit(0 if PAGE.read_text(encoding="utf-8") == page() else f"{PAGE.name} is not fresh")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
