"""Documents become chapters of paragraphs."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.errors import BadRequestError
from wyoming_cosyvoice.text.document import Paragraph, read_document

if TYPE_CHECKING:
    from pathlib import Path

CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>"""
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf"><manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="two" href="b%20two.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="a.xhtml" media-type="application/xhtml+xml"/>
<item id="extra" href="c.xhtml" media-type="application/xhtml+xml"/>
<item id="css" href="x.css" media-type="text/css"/>
</manifest><spine><itemref idref="one"/><itemref idref="two"/><itemref idref="extra" linear="no"/></spine></package>"""
PAGES = {
    "OEBPS/nav.xhtml": "<html><body><p>not read</p></body></html>",
    "OEBPS/a.xhtml": "<html><head><title>no</title></head><body><h1>第一章</h1><p>你好，<b>世界</b>。</p>"
    "<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字</ruby><script>no()</script></body></html>",
    "OEBPS/b two.xhtml": "<html><body><h2>Two &amp; more</h2><p>Line<br/>break</p></body></html>",
    "OEBPS/c.xhtml": "<html><body><p>an aside</p></body></html>",
}


def epub(path: Path, **changes: str) -> Path:
    members = {"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": PACKAGE, **PAGES, **changes}
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def test_an_epub_is_read_in_the_order_of_its_spine(tmp_path: Path) -> None:
    assert list(read_document(epub(tmp_path / "book.epub"))) == [
        Paragraph("第一章", "第一章"),
        Paragraph("你好，世界。"),
        Paragraph("漢字"),
        Paragraph("Two & more", "Two & more"),
        Paragraph("Line"),
        Paragraph("break"),
    ]


def test_a_text_file_splits_at_blank_lines_and_chapter_titles(tmp_path: Path) -> None:
    path = tmp_path / "novel.txt"
    path.write_text(
        "A foreword\nof two lines.\n\nChapter 1: Dawn\nIt was light.\n\n第二章 归来\n他回来了。\n", encoding="utf-8"
    )
    assert list(read_document(path)) == [
        Paragraph("A foreword\nof two lines.", "novel"),
        Paragraph("Chapter 1: Dawn", "Chapter 1: Dawn"),
        Paragraph("It was light."),
        Paragraph("第二章 归来", "第二章 归来"),
        Paragraph("他回来了。"),
    ]


def test_chapter_in_a_sentence_is_no_title(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Chapters are long. Chapter by chapter we went on.", encoding="utf-8")
    assert [one.chapter for one in read_document(path)] == ["a"]


def test_markdown_headings_are_chapters(tmp_path: Path) -> None:
    path = tmp_path / "talk.md"
    path.write_text("# One\n\ntext\n### not a chapter\n## *Two* ##\nmore\n", encoding="utf-8")
    assert [(one.text, one.chapter) for one in read_document(path)] == [
        ("One", "One"),
        ("text\n### not a chapter", None),
        ("Two", "Two"),
        ("more", None),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_encodings_of_chinese_novels(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("从前有座山，山里有座庙。".encode(encoding))
    assert [one.text for one in read_document(path)] == ["从前有座山，山里有座庙。"]


def test_a_bomb_a_stranger_and_a_wreck_are_refused_by_name(tmp_path: Path) -> None:
    bomb = epub(tmp_path / "bomb.epub", **{"OEBPS/book.opf": '<!DOCTYPE a [<!ENTITY b "c">]><package/>'})
    with pytest.raises(BadRequestError, match="bomb.epub is not a sound EPUB: it declares entities"):
        list(read_document(bomb))
    wreck = tmp_path / "wreck.epub"
    wreck.write_bytes(epub(tmp_path / "good.epub").read_bytes()[:-60])
    with pytest.raises(BadRequestError, match="wreck.epub is not a sound EPUB"):
        list(read_document(wreck))
    with pytest.raises(BadRequestError, match=r"End|ends in \.epub, \.markdown, \.md, \.txt"):
        list(read_document(tmp_path / "film.mkv"))
    with pytest.raises(BadRequestError, match="There is no file"):
        list(read_document(tmp_path / "none.txt"))


def test_a_page_larger_than_the_cap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wyoming_cosyvoice.text.document.MAX_PAGE_BYTES", 1 << 16)
    path = epub(tmp_path / "big.epub", **{"OEBPS/a.xhtml": "x" * (1 << 17)})
    with pytest.raises(BadRequestError, match="a.xhtml is larger"):
        list(read_document(path))


@given(st.text(max_size=400))
def test_any_text_keeps_all_its_words(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "a.txt"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        paragraphs = list(read_document(path))
    except BadRequestError:
        assert any("\ud800" <= char <= "\udfff" for char in text)
        return
    assert "".join("".join(one.text for one in paragraphs).split()) == "".join(
        text.replace("\ufeff", "", 1).split()
    ) or ("\ufeff" in text)
