"""Documents as chapters of paragraphs: plain text, Markdown and EPUB.

EPUB is a zip of XHTML pages, listed in reading order by its package document (EPUB 3.3, section 5). It is read page by
page, so that a book of any length takes the memory of its longest page; each page's size is capped, because a zip may
claim less than it unpacks to.
"""

from __future__ import annotations

import html.parser
import posixpath
import re
import urllib.parse
import xml.parsers.expat
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wyoming_cosyvoice.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAX_TEXT_BYTES = 64 << 20
MAX_PAGE_BYTES = 16 << 20
MAX_PAGES = 5000

_CONTAINER = "META-INF/container.xml"
_MARKDOWN_TITLE = re.compile(r"^ {0,3}#{1,2}[ \t]+(?P<title>[^\n]*?)[ \t#]*$")
# "Chapter 12", "CHAPTER XII. The end", "第十二章 归来", "제3장"
_TEXT_TITLE = re.compile(
    r"^(?:(?:chapter|part|book)[ \t]+(?:\d{1,4}|[ivxlcdm]{1,8})\b"
    r"|第[0-9〇零一二三四五六七八九十百千]{1,8}[章回节節話话部卷]"
    r"|제[ \t]?\d{1,4}[ \t]?[장부화])[^\n]{0,80}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `chapter` is the title of the chapter that begins with it, None within a chapter."""

    text: str
    chapter: str | None = None


def read_document(path: Path) -> Iterator[Paragraph]:
    """Yield the paragraphs of a document.

    The first paragraph always begins a chapter. Raises BadRequestError where the file is missing, of another kind,
    damaged or too large.
    """
    readers = {".epub": _read_epub, ".md": _read_markdown, ".markdown": _read_markdown, ".txt": _read_text}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise BadRequestError(
            f"{path.name} is of no kind that can be read", f"Give one that ends in {', '.join(sorted(readers))}"
        )
    if not path.is_file():
        raise BadRequestError(f"There is no file {path}", "Look at the path")
    title: str | None = path.stem
    for paragraph in reader(path):
        yield Paragraph(paragraph.text, paragraph.chapter or title)
        title = None


def _read_text(path: Path) -> Iterator[Paragraph]:
    return _paragraphs(_decode(path), _text_title)


def _read_markdown(path: Path) -> Iterator[Paragraph]:
    return _paragraphs(_decode(path), _markdown_title)


def _text_title(line: str) -> str | None:
    return line if _TEXT_TITLE.match(line) else None


def _markdown_title(line: str) -> str | None:
    match = _MARKDOWN_TITLE.match(line)
    return match["title"].strip("*_ ") if match else None


def _paragraphs(text: str, title_of: Callable[[str], str | None]) -> Iterator[Paragraph]:
    """Split at blank lines and before titles."""
    chapter: str | None = None
    held: list[str] = []
    for line in [*text.splitlines(), ""]:
        title = title_of(line.strip())
        if held and (title is not None or not line.strip()):
            yield Paragraph("\n".join(held), chapter)
            held, chapter = [], None
        if title is not None:
            yield Paragraph(title, title)
        elif line.strip():
            held.append(line)


def _decode(path: Path) -> str:
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise BadRequestError(f"{path.name} is larger than {MAX_TEXT_BYTES >> 20} MiB", "Split it")
    data = path.read_bytes()
    # GB 18030 is what Chinese novels come in; it takes almost any bytes, so it is tried last
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadRequestError(f"{path.name} is not text in UTF-8, UTF-16 or GB 18030", "Save it as UTF-8")


def _read_epub(path: Path) -> Iterator[Paragraph]:
    try:
        with zipfile.ZipFile(path) as archive:
            for page in _spine(archive):
                parser = _PageParser()
                parser.feed(_member(archive, page).decode("utf-8", "replace"))
                parser.close()
                yield from parser.paragraphs
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, xml.parsers.expat.ExpatError) as error:
        raise BadRequestError(f"{path.name} is not a sound EPUB: {error}", "Export or download it again") from error


def _spine(archive: zipfile.ZipFile) -> list[str]:
    """Return the pages in reading order."""
    roots = [attributes for name, attributes in _elements(_member(archive, _CONTAINER)) if name == "rootfile"]
    if not roots or "full-path" not in roots[0]:
        raise KeyError("META-INF/container.xml names no package document")
    package = roots[0]["full-path"]
    items: dict[str, str] = {}
    order: list[str] = []
    for name, attributes in _elements(_member(archive, package)):
        if (
            name == "item"
            and "html" in attributes.get("media-type", "")
            and "nav" not in attributes.get("properties", "")
        ):
            items[attributes.get("id", "")] = attributes.get("href", "")
        elif name == "itemref" and attributes.get("linear", "yes") != "no":
            order.append(attributes.get("idref", ""))
    folder = posixpath.dirname(package)
    pages = [
        posixpath.normpath(posixpath.join(folder, urllib.parse.unquote(items[one]))) for one in order if one in items
    ]
    return pages[:MAX_PAGES]


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        data = member.read(MAX_PAGE_BYTES + 1)
    if len(data) > MAX_PAGE_BYTES:
        raise zipfile.BadZipFile(f"{name} is larger than {MAX_PAGE_BYTES >> 20} MiB")
    return data


def _elements(data: bytes) -> list[tuple[str, dict[str, str]]]:
    """Return the elements of an XML file in order, names without prefix. Entities are refused."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = xml.parsers.expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append((name.rsplit(":", 1)[-1], attributes))

    def refuse(*_arguments: object) -> None:
        raise zipfile.BadZipFile("it declares entities")

    parser.StartElementHandler = start
    parser.EntityDeclHandler = refuse
    parser.Parse(data, True)
    return found


class _PageParser(html.parser.HTMLParser):
    """Collects the text of blocks; the first heading of a page names its chapter."""

    _BLOCKS = frozenset(
        "address article aside blockquote body br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li "
        "main nav ol p pre section table td th tr ul".split()
    )
    _SILENT = frozenset("head script style svg math audio video rt rp template".split())
    _TITLES = frozenset(("h1", "h2"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphs: list[Paragraph] = []
        self._text: list[str] = []
        self._silent = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in self._SILENT:
            self._silent += 1
        if tag in self._BLOCKS:
            self._flush()
        self._in_title = self._in_title or tag in self._TITLES

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in self._BLOCKS:
            self._flush()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._SILENT:
            self._silent = max(0, self._silent - 1)
        if tag in self._BLOCKS:
            self._flush()
        if tag in self._TITLES:
            self._in_title = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._text.append(data)

    def close(self) -> None:
        super().close()
        self._flush()

    def _flush(self) -> None:
        text = " ".join("".join(self._text).split())
        self._text.clear()
        if text:
            self.paragraphs.append(Paragraph(text, text if self._in_title else None))
