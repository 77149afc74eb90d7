"""The OpenRPC document of the interface, made from the declarations alone.

OpenRPC 1.2.6, the version Lotus' own documents follow. What a client may rely on is here: names,
parameters in their order, shapes as JSON Schema, permissions (`x-permission`), and for a
subscription the shape of each item (`x-subscription`).
"""

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from papyrus.rpc.declarations import Declaration
from papyrus.rpc.json_values import Definitions
from papyrus.rpc.registry import Registry

DISTRIBUTION = "papyrus-filecoin"


def papyrus_version() -> str:
    """Return the version of this installation, "unknown" where it is not installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"


@lru_cache(maxsize=8)
def openrpc_document(registry: Registry, interface: int) -> dict[str, Any]:
    """Return the document of one version of the interface; callers must not change it."""
    definitions: Definitions = {}
    methods = [_method(item, definitions) for item in registry.declarations(interface)]
    return {
        "openrpc": "1.2.6",
        "info": {"title": f"Papyrus RPC API, v{interface}", "version": papyrus_version()},
        "methods": methods,
        "components": {"schemas": dict(sorted(definitions.items()))},
    }


def _method(declaration: Declaration, definitions: Definitions) -> dict[str, Any]:
    result = declaration.result.schema(definitions)
    value: dict[str, Any] = {
        "name": declaration.name,
        "summary": declaration.summary,
        "description": declaration.description,
        "paramStructure": "either",
        "params": [
            {
                "name": parameter.name,
                "required": parameter.is_required,
                "schema": parameter.codec.schema(definitions),
            }
            for parameter in declaration.parameters
        ],
        "result": {"name": "result", "schema": result},
        "x-permission": str(declaration.permission),
    }
    if declaration.is_subscription:
        value["result"] = {"name": "channel", "schema": {"type": "integer"}}
        value["x-subscription"] = result
    if declaration.aliases:
        value["x-aliases"] = list(declaration.aliases)
    return value
