"""The documentation as a site that needs no server and no network: `make site` writes it to `site/index.html`.

The pages of `docs/` are copied beside what they link to elsewhere in the repository, the navigation is written from the
folders, and Zensical builds the whole, any warning an error. Then every page is checked: a link that leads nowhere, or
anything that a browser would fetch from elsewhere, ends the build.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import tomlkit

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SOURCE = ROOT / ".venv" / "site"
SITE = ROOT / "site"
LINK = re.compile(r"(\]\()(?!https?://|#|mailto:)([^)#\s]+)")
TEXT = {"": "text", ".in": "text", ".py": "python", ".pyx": "cython", ".toml": "toml", ".json": "json"}
NOT_SEARCHED = "---\nsearch:\n  exclude: true\n---\n\n"  # records and sources: they are found by their links
SHOWN_BYTES = 100_000  # a longer file of text is copied, not shown as a page


def main() -> None:
    """Build the site anew."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.rmtree(SITE, ignore_errors=True)
    Pages().write()
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "-f", "zensical.toml"]
    built = subprocess.run(command, cwd=SOURCE, check=False, capture_output=True, text=True)  # noqa: S603  (this program)
    problems = [built.stdout + built.stderr]
    if built.returncode == 0:
        make_local(SOURCE / "site")
        problems = check(SOURCE / "site")
    if problems:
        sys.exit("\n".join(["The site has faults:", *problems]))
    shutil.move(SOURCE / "site", SITE)
    sys.stdout.write(f"Open {(SITE / 'index.html').relative_to(ROOT)} in a browser.\n")


class Pages:
    """The pages of the site, found from those of `docs/` by their links."""

    def __init__(self) -> None:
        self.of: dict[Path, Path] = {}  # file of the repository -> its path in the site
        self.waiting: list[Path] = []

    def write(self) -> None:
        """Copy every page of `docs/`, whatever they link to, and the settings with the navigation."""
        config = tomlkit.parse((HERE / "zensical.toml").read_text(encoding="utf-8"))
        for path in sorted((ROOT / "docs").rglob("*")):
            if path.is_file() and path.suffix in (".md", ".ipynb") and HERE not in path.parents:
                self.add(path)
        while self.waiting:
            self.copy(self.waiting.pop())
        shutil.copy(HERE / "style.css", SOURCE / "docs" / "style.css")
        config["project"]["nav"] = navigation(config["project"].pop("sections").unwrap())
        (SOURCE / "zensical.toml").write_text(tomlkit.dumps(config), encoding="utf-8")

    def add(self, path: Path) -> Path:
        """Where a file or folder of the repository is in the site; it is copied if it was not yet."""
        if path.is_dir():
            path = next((path / name for name in ("README.md", "index.md") if (path / name).is_file()), path)
        if path not in self.of:
            inside = path.is_relative_to(ROOT / "docs")
            there = path.relative_to(ROOT / "docs") if inside else Path("project") / path.relative_to(ROOT)
            if path.is_dir():
                there = there / "index.md"
            elif path.suffix == ".ipynb":
                there = there.with_suffix(".md")
            elif path.suffix in TEXT and path.stat().st_size < SHOWN_BYTES and not inside:
                there = there.with_name(there.name + ".md")
            self.of[path] = there
            self.waiting.append(path)
        return self.of[path]

    def copy(self, path: Path) -> None:
        """Write one file into the source of the site, its links as they are there."""
        there = SOURCE / "docs" / self.of[path]
        there.parent.mkdir(parents=True, exist_ok=True)
        name = path.relative_to(ROOT)
        if path.is_dir():
            names = "".join(f"- [{entry.name}]({entry.name})\n" for entry in sorted(path.iterdir()) if entry.is_file())
            text = f"# {name}\n\n{names}"
        elif path.suffix == ".ipynb":
            text = notebook_text(path)
        elif path.suffix == ".md":
            text = path.read_text(encoding="utf-8")
        elif there.suffix == ".md":
            text = f"{NOT_SEARCHED}# {name}\n\n````{TEXT[path.suffix]}\n{path.read_text(encoding='utf-8')}\n````\n"
            there.write_text(text, encoding="utf-8")
            return
        else:
            shutil.copy(path, there)
            return

        def placed(link: re.Match[str]) -> str:
            target = Path(os.path.normpath(path.parent / unquote(link[2]))) if not path.is_dir() else path / link[2]
            if not target.exists():
                sys.exit(f"{name} links to {link[2]}, which is not there")
            return link[1] + os.path.relpath(self.add(target), self.of[path].parent)

        if self.of[path].parts[:2] == ("project", name.parts[0]) and len(name.parts) > 1:
            text = NOT_SEARCHED + text
        there.write_text(LINK.sub(placed, text), encoding="utf-8")


def notebook_text(path: Path) -> str:
    """A notebook as Markdown: its prose, its code, and what came of it in text or as a picture."""
    parts = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
        for output in cell.get("outputs", ()):
            data = output.get("data", {"text/plain": output.get("text", "")})
            if "image/png" in data:
                parts.append(f'<img alt="" src="data:image/png;base64,{"".join(data["image/png"]).strip()}">')
            elif "text/html" in data:
                parts.append(f'<div class="output">{"".join(data["text/html"])}</div>')
            elif said := "".join(data.get("text/plain", "")).strip():
                parts.append(f"``` {{.text .said}}\n{said}\n```")
    return "\n\n".join(parts) + "\n"


def navigation(sections: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each section's pages in the order of the settings, then whatever else lies in its folder."""
    nav: list[dict[str, Any]] = []
    for section in sections:
        folder, first = Path(section["folder"]), section["pages"]
        there = sorted(p.relative_to(SOURCE / "docs") for p in (SOURCE / "docs" / folder).glob("*.md"))
        wanted = [Path(os.path.normpath(folder / name)) for name in first]
        pages = [page for page in wanted if (SOURCE / "docs" / page).is_file()]
        pages += [page for page in there if page not in wanted and folder.parts]
        if pages:
            outer = next((of[section["within"]] for of in nav if section.get("within") in of), nav)
            outer.append({section["title"]: [page.as_posix() for page in pages]})
    return nav


def make_local(site: Path) -> None:
    """Give the site what it would fetch elsewhere: the shim with which its search works without a server.

    The pages for web servers, which would be wrong here, go.
    """
    shutil.copytree(HERE / "iframe-worker", site / "assets" / "iframe-worker")
    for name in ("404.html", "sitemap.xml"):
        (site / name).unlink(missing_ok=True)
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        shim = Path(os.path.relpath(site / "assets/iframe-worker/shim.js", path.parent)).as_posix()
        path.write_text(text.replace("https://unpkg.com/iframe-worker/shim", shim), encoding="utf-8")


class Fetches(HTMLParser):
    """What a page links to (`links`), what a browser would fetch for it (`fetched`), and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Sort what a tag names."""
        of = {name: value or "" for name, value in attrs}
        self.anchors.update(of[name] for name in ("id", "name") if name in of)
        if tag == "a" and "href" in of:
            self.links.append(of["href"])
        elif tag == "link" and "canonical" not in of.get("rel", ""):
            self.fetched.append(of.get("href", ""))
        self.fetched.extend(of[name] for name in ("src", "srcset", "data", "poster") if tag != "a" and name in of)


def check(site: Path) -> list[str]:
    """What is wrong with the pages of a built site, a sentence each.

    Links and anchors must be there; scripts, styles, fonts, pictures and frames must come from the site itself.
    """
    pages = {path: Fetches(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    problems = []
    for path, page in pages.items():
        name = path.relative_to(site)
        problems += [f"{name} would fetch {found}" for found in page.fetched if is_elsewhere(found)]
        for link in {*page.links, *page.fetched}:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or (not parts.path and not parts.fragment):
                continue
            target = Path(os.path.normpath(path.parent / unquote(parts.path))) if parts.path else path
            if not target.exists():
                problems.append(f"{name} links to {link}, which is not there")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                problems.append(f"{name} links to {link}, but there is no such anchor")
    for path in site.rglob("*.css"):
        found = re.findall(r"(?:url\(|@import\s)[\"']?([^\"')]+)", path.read_text(encoding="utf-8"))
        problems += [f"{path.relative_to(site)} would fetch {link}" for link in found if is_elsewhere(link)]
    return problems


def is_elsewhere(link: str) -> bool:
    """Whether a browser would ask another host for it."""
    parts = urlsplit(link)
    return bool(parts.netloc) or parts.scheme not in ("", "data", "blob")


if __name__ == "__main__":
    main()
