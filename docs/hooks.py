"""What the site adds to the pages in `docs/`: one reference page a module, and links to them.

A page links to the code as `../src/papyrus/vm/machine.py#Machine`, which a reader of the repository
follows to the file; in the site the same link leads to the reference page of that symbol.
`tests/architecture` checks that every such link names something that exists.
"""

import posixpath
import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

CODE_LINK = re.compile(
    r"\]\((?:\.\./)+src/(papyrus[\w/]*?)/?(?:__init__)?(?:\.py)?(?:#([\w.]+))?\)"
)


def _modules(config: MkDocsConfig) -> list[str]:
    """Return the dotted name of every module, packages before what they hold."""
    sources = Path(config.config_file_path).parent / "src"
    paths = (path.relative_to(sources).with_suffix("") for path in sources.rglob("*.py"))
    return sorted(".".join(path.parts).removesuffix(".__init__") for path in paths)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the reference pages and their index."""
    index = ["# Reference", "", "Every module, with what it says of itself.", ""]
    for name in _modules(config):
        index.append(f"{'    ' * name.count('.')}- [`{name.rpartition('.')[2]}`]({name}.md)")
        files.append(File.generated(config, f"reference/{name}.md", content=f"::: {name}\n"))
    index.append("")
    files.append(File.generated(config, "reference/index.md", content="\n".join(index)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Lead links to the code to the reference pages."""
    here = PurePosixPath(page.file.src_uri).parent

    def to_reference(match: re.Match[str]) -> str:
        name = match[1].replace("/", ".")
        address = posixpath.relpath(f"reference/{name}.md", str(here))
        return f"]({address}#{name}.{match[2]})" if match[2] else f"]({address})"

    return CODE_LINK.sub(to_reference, markdown)
