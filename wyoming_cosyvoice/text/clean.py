"""Takes out of a clause what is written for the eye: Markdown, emoji, citations, invisible characters.

It works on whole clauses, never on the pieces of a stream, and each clause is short, so its patterns need not fear long
input. What stands at the beginning of a line (headings, list marks, tables, fences) is told by `starts_line`.
"""

from __future__ import annotations

import logging
import re
import unicodedata

from wyoming_cosyvoice.text.scripts import ATOM, LANGUAGE_MARK, is_wide, words

_LOGGER = logging.getLogger(__name__)

_PROSE = words("text txt plain plaintext md markdown")
_FENCE = re.compile(r"(`{3,}|~{3,})\s*([^\s`]*)[^`]*")
_RULE = re.compile(r"(?:[-*_=~+#]\s?){3,}|[\s|:+=-]*--[\s|:+=-]*")
_QUOTE = re.compile(r"(?:>\s?)+")
_BULLET = re.compile(r"[-*+•‣⁃·●○▪◦–]\s+(?:\[[ xX]\]\s+)?")
_HEADING = re.compile(r"#{1,6}\s+")
_NUMBERED = re.compile(r"(\d{1,3})[.)]\s+")
_DEFINITION = re.compile(r"\[(?!\^)[^\]]+\]:\s*\S+.*")
_FOOTNOTE = re.compile(r"\[\^[^\]]*\]:?")

_IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+[\"'][^\"']*[\"'])?\)")
_REFERENCE_LINK = re.compile(r"!?\[([^\[\]]+)\]\[[^\[\]]*\]")
_LINK_TAIL = re.compile(r"\]\((?:https?:|mailto:|/|#|www\.)[^()\s]*\)?")
_AUTO_LINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]+|[^<>\s@]+@[^<>\s]+)>")
_CITATION = re.compile(r"(?<=[^\s\[(])\[\d{1,3}(?:\s*[,，、–-]\s*\d{1,3})*\]|【[^【】]*†[^【】]*】")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+.!|>~<-])")
_STARS = re.compile(r"\*+")
_UNDERSCORES = re.compile(r"(?<![A-Za-z0-9])_+|_+(?![A-Za-z0-9])")
_HIGHLIGHT = re.compile(r"(?<!\w)==(?=\S)|(?<=\S)==(?!\w)|~~+|`+")
_CELL = re.compile(r"(?:^|\s+)\|+(?=\s|$)|^\||\|$")
_EMOTICON = re.compile(r"(?<!\S)(?:[:;=][-']?[()DPpOo/|*3]|<3|\^_*\^|[xX]D)(?!\S)")

_PICTURES = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u231a-\u23ff\u25a0-\u25ff\u20e3\u3030\u303d\u3297\u3299"
    "\U000e0000-\U000e007f]"
)
_DRAWING = re.compile("[\u2500-\u259f]+")
_QUESTION_RUN = re.compile(r"[!?！？‼⁇⁈⁉]{2,}")
_REPEATED = re.compile(r"([^\w\s.。…])(?:\s?\1){2,}")
_DOTS = re.compile(r"\.{2,}|。{2,}|…{2,}|(?:\. ){2,}\.")
_COMMAS = re.compile(r"(?:\s*([,，、])\s*)(?:[,，、]\s*)+")
_SPACES = re.compile(r"\s+")


class Cleaner:
    """Cleans the clauses of one text, in their order: it remembers whether a code fence is open."""

    def __init__(self) -> None:
        self._fence = ""  # the marks that opened it
        self._is_code = False

    def clean(self, text: str, *, starts_line: bool) -> str:
        """Return the clause as it is to be read, empty if nothing is."""
        cleaned = self._clean(unicodedata.normalize("NFC", text), starts_line=starts_line)
        if _marks(cleaned) != _marks(text):
            # a placeholder stood in what was taken for a link: what it stands for must be said
            cleaned = _clean_runs("".join(char for char in text if _is_placeholder(char) or _is_visible(char)))
        if cleaned != text:
            _LOGGER.debug("cleaned %r to %r", text, cleaned)
        return cleaned

    def _clean(self, text: str, *, starts_line: bool) -> str:
        if starts_line and self._turns_fence(text):
            return ""
        if self._fence:
            return "" if self._is_code else clean_inline(text)
        return clean_inline(clean_line_start(text) if starts_line else text)

    def _turns_fence(self, text: str) -> bool:
        found = _FENCE.fullmatch(text)
        if found is None:
            return False
        if not self._fence:
            self._fence = found[1]
            # a poem is often fenced as text; nobody reads program code aloud
            self._is_code = bool(found[2]) and found[2].lower() not in _PROSE
            return True
        if found[1].startswith(self._fence) and not found[2]:
            self._fence = ""
            return True
        return False


def clean_line_start(text: str) -> str:
    """Take away what marks a line: quote, list item, heading, rule, table frame."""
    if _RULE.fullmatch(text) or _DEFINITION.fullmatch(text):
        return ""
    text = _QUOTE.sub("", text, count=1) if text.startswith(">") else text
    for pattern in (_BULLET, _HEADING, _FOOTNOTE):
        found = pattern.match(text)
        if found:
            text = text[found.end() :].lstrip()
            if pattern is _HEADING:
                text = text.rstrip("# ")
    return text


def _clean_number(text: str) -> str:
    """Read the number of a list item as a word of its own: "1. Milk" is "1, Milk"."""
    numbered = _NUMBERED.match(text)
    if numbered is None:
        return text
    rest = text[numbered.end() :]
    return numbered[1] + ("、" if rest and is_wide(rest[0]) else ", ") + rest


def clean_inline(text: str) -> str:
    """Take away marks inside a line; the words of links and pictures stay."""
    text = _ESCAPE.sub(r"\1", "".join(char for char in text if _is_placeholder(char) or _is_visible(char)))
    text = _AUTO_LINK.sub(r"\1", _clean_number(text))
    text = _REFERENCE_LINK.sub(r"\1", _IMAGE_OR_LINK.sub(r"\1", text))
    text = _LINK_TAIL.sub("", text)
    text = _CITATION.sub("", _FOOTNOTE.sub("", text))
    text = _HIGHLIGHT.sub("", text)
    text = _STARS.sub(_star, text)
    text = _UNDERSCORES.sub("", text)
    text = _clean_pictures(text)
    if "|" in text:
        comma = "，" if any(is_wide(char) for char in text) else ","
        text = _CELL.sub(comma, text).replace("， ", "，").strip(" ,，")
    return _clean_runs(text)


def _clean_pictures(text: str) -> str:
    text = _PICTURES.sub(" ", text)
    return _EMOTICON.sub("", _DRAWING.sub(" ", text))


def _clean_runs(text: str) -> str:
    text = _QUESTION_RUN.sub(_strongest, text)
    text = _DOTS.sub("…", text)
    text = _REPEATED.sub(r"\1", text)
    text = _COMMAS.sub(lambda found: found[1] + (" " if found[1] == "," else ""), text)
    return _SPACES.sub(" ", text).strip()


def _strongest(found: re.Match[str]) -> str:
    run = found[0]
    wide = any(char in run for char in "！？")
    asks = any(char in run for char in "?？⁇⁈⁉")
    return ("？" if wide else "?") if asks else ("！" if wide else "!")


def _star(found: re.Match[str]) -> str:
    """Keep a star that multiplies: 2*3, 2 * 3."""
    before = found.string[found.start() - 1 : found.start()]
    after = found.string[found.end() : found.end() + 1]
    binds = before.isascii() and before.isalnum() and after.isascii() and after.isalnum()
    return found[0] if binds or (before == " " and after == " ") else ""


def _is_placeholder(char: str) -> bool:
    return char in {ATOM, LANGUAGE_MARK}


def _marks(text: str) -> tuple[int, int]:
    return text.count(ATOM), text.count(LANGUAGE_MARK)


def _is_visible(char: str) -> bool:
    """Whether it is neither control, format, surrogate, private nor unassigned, nor a variation selector."""
    if char < "\x7f":
        return char >= " "
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"} and not "\ufe00" <= char <= "\ufe0f"
