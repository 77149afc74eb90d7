"""The page of the JSON-RPC interface in the docs, made of its declarations.

python -m scripts.rpc_reference          writes docs/guides/rpc.md
python -m scripts.rpc_reference --check  tells whether the page is what it would write
"""

import inspect
import re
import sys
from pathlib import Path
from typing import Any

from papyrus.rpc.declarations import NAMESPACE, Declaration, Method, Parameter, Subscription
from papyrus.rpc.json_values import Codec, Definitions
from papyrus.rpc.methods.full_node import FullNodeMethods
from papyrus.rpc.methods.papyrus_devnet import PapyrusMethods

PAGE = Path(__file__).parents[1] / "docs" / "guides" / "rpc.md"

INTRODUCTION = """\
# JSON-RPC

A node answers Lotus' interface at `http://127.0.0.1:1234`: over HTTP and WebSocket, version 1 at
`/rpc/v1` and at `/`, version 0 at `/rpc/v0`. Clients made for Lotus need no change
([which are tested](clients.md)).

```console
$ curl -s http://127.0.0.1:1234/rpc/v1 -d '{"jsonrpc":"2.0","id":1,"method":"Filecoin.ChainHead"}'
```

From Python the same declarations are a client whose parameters and results have types:

```python
from papyrus.rpc.client import Client

with Client("http://127.0.0.1:1234") as node:
    print(node.chain_head().height)
```

`AsyncClient` is the same to be awaited, and iterates over subscriptions. Both take what
`FULLNODE_API_INFO` holds, too. A method's name in Python is its name on the wire in lower case
with underscores: `ChainGetTipSetByHeight` is `chain_get_tipset_by_height`.

## What all methods have in common

- **Permission**: `read`, `write`, `sign` or `admin`, as a token's `Allow` lists them
  (`Authorization: Bearer TOKEN`). Without a token a caller may read. A devnet asks for no token
  unless it was started with `--auth`.
- **Parameters** stand in an array, in order; those in brackets may be left out. A tipset key, which
  is a list of CIDs, means the head where it is left out, null or `[]`.
- **A subscription** needs a WebSocket. It answers with the number of a channel; items come as
  `xrpc.ch.val`, the end as `xrpc.ch.close`, and `xrpc.cancel` ends it.
- **Batches**, absent `params`, ids of any kind, and bodies of any content type are taken.
- **Errors** have Lotus' codes and words: `-32601` for a method that is not there, `-32602` for
  parameters that cannot be read, `11` for an actor that is not found, `12` for a null round,
  `1` for the rest. See [`ErrorCode`](../../src/papyrus/rpc/errors.py#ErrorCode).
- `Filecoin.Discover` returns all of this as an OpenRPC document.

In the tables, an *address* is text (`f1...`), an *amount* is attoFIL as text, *bytes* are base64,
and a *CID* is `{"/": "bafy..."}`. Names with a capital letter are [shapes](#shapes).

This page is made from the declarations by `python -m scripts.rpc_reference`.
"""


def page() -> str:
    """Return the page."""
    definitions: Definitions = {}
    groups = (*FullNodeMethods.__bases__, PapyrusMethods)
    tables = [_group(group, definitions) for group in groups]
    return "\n".join([INTRODUCTION, *tables, _shapes(definitions)])


def _group(group: type, definitions: Definitions) -> str:
    """Return the table of a class that gathers methods."""
    module = inspect.getmodule(group)
    about, _, _ = inspect.cleandoc(module.__doc__ or "").partition("\n\n")
    title = " ".join(re.findall(r"[A-Z][a-z]+", group.__name__.removesuffix("Methods")))
    rows = "".join(_row(item, definitions) for item in _declarations(group))
    return f"""\
## {title}

{" ".join(about.split())}

| Method | May | Takes | Gives | |
|---|---|---|---|---|
{rows}"""


def _declarations(group: type) -> list[Declaration]:
    items = (vars(group)[name] for name in vars(group))
    found = [item.declaration for item in items if isinstance(item, (Method, Subscription))]
    return sorted(found, key=lambda item: (item.name, item.versions != frozenset((0, 1))))


def _row(item: Declaration, definitions: Definitions) -> str:
    takes = ", ".join(_parameter(parameter, definitions) for parameter in item.parameters)
    gives = _words(item.result, definitions)
    if item.is_subscription:
        gives = f"channel of {gives}"
    only = f" (v{min(item.versions)})" if len(item.versions) == 1 else ""
    about = " ".join(f"{item.summary} {item.description}".split())
    cells = [f"`{item.name.removeprefix(NAMESPACE)}`{only}", str(item.permission)]
    cells += [text.replace("|", "\\|") for text in (takes, gives, about)]
    return f"| {' | '.join(cells)} |\n"


def _parameter(parameter: Parameter, definitions: Definitions) -> str:
    text = f"{parameter.name}: {_words(parameter.codec, definitions)}".replace("_", r"\_")
    return text if parameter.is_required else f"[{text}]"


def _words(codec: Codec, definitions: Definitions) -> str:
    return _kind(codec.schema(definitions))


def _kind(schema: Any) -> str:
    """Return a schema in a word or two."""
    match schema:
        case {"$ref": str(reference)}:
            return reference.rpartition("/")[2]
        case {"anyOf": [only, {"type": "null"}]}:
            return f"{_kind(only)} or null"
        case {"type": "array", "items": items}:
            return f"list of {_kind(items)}"
        case {"properties": {"/": _}}:
            return "CID"
        case {"additionalProperties": values}:
            return f"object of {_kind(values)}"
        case {"type": "string"}:
            return _text(schema)
        case {"type": "null"}:
            return "null"
        case {"type": str(name)}:
            return name
    return "any JSON"


def _text(schema: dict[str, Any]) -> str:
    if "address" in schema.get("description", ""):
        return "address"
    if "pattern" in schema:
        return "amount"
    if schema.get("contentEncoding") == "base64":
        return "bytes"
    return {"date-time": "time", "uuid": "UUID"}.get(schema.get("format", ""), "text")


def _shapes(definitions: Definitions) -> str:
    parts = ["## Shapes\n"]
    for name, schema in sorted(definitions.items()):
        fields = "".join(
            f"| `{field}` | {_kind(value)} |\n"
            for field, value in schema.get("properties", {}).items()
        )
        parts.append(f"### {name}\n\n| Field | |\n|---|---|\n{fields}")
    return "\n".join(parts)


def main() -> None:
    """Write the page, or tell whether it is what would be written."""
    if "--check" in sys.argv[1:]:
        sys.exit(0 if PAGE.read_text(encoding="utf-8") == page() else f"{PAGE.name} is not fresh")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
