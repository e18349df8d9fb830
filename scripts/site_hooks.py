"""Take the pages that stand outside `docs/` into the documentation site (a hook of mkdocs.yml).

README, CONTRIBUTING, CHANGELOG, the model card and the page of `deploy/` stand where GitHub looks for them, and link to
`docs/` by path. Here they become pages of the site, and links between them and the pages of `docs/` lead within it. The
README is not among them: `docs/index.md` is the site's first page.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

OUTSIDE = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "checkpoints/MODEL_CARD.md": "model_card.md",
    "deploy/README.md": "deploy.md",
}
"""Path from the project's root -> path in the site."""
ON_SITE = OUTSIDE | {"README.md": "index.md"}
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)((?:#[^)\s]*)?)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside."""
    root = Path(config.config_file_path).parent
    for source, target in OUTSIDE.items():
        files.append(File.generated(config, target, content=(root / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Let the links of a page lead to pages of the site."""
    here = page.file.src_uri
    stands = next((source for source, target in OUTSIDE.items() if target == here), f"docs/{here}")

    def on_site(link: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(stands), link[1]))
        target = ON_SITE.get(path, path.removeprefix("docs/"))
        return f"]({posixpath.relpath(target, posixpath.dirname(here) or '.')}{link[2]})"

    return LINK.sub(on_site, markdown)
