"""The user's pronunciation dictionaries: `lexicon/<language>.yaml` in the data folder, read again when they change.

重庆: chóng qìng          # pinyin with marks or digits; jyutping in yue.yaml, kana in ja.yaml
Nguyen: win               # other words to say instead
Aioli: /aɪˈoʊli/          # IPA
AC: {reading: air conditioning, case: true}
朝阳:                      # nothing: as usual, without the shipped reading
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from wyoming_cosyvoice.text.clause import LANGUAGES
from wyoming_cosyvoice.text.lexicon import LONGEST_WORD, Entry, Lexicon, read_reading

if TYPE_CHECKING:
    from wyoming_cosyvoice.text.clause import Language

_LOGGER = logging.getLogger(__name__)

_LARGEST_FILE = 4 * 1024 * 1024
_LONGEST_READING = 256
_TRUE, _FALSE = frozenset({"true", "yes", "on"}), frozenset({"false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a dictionary file, and in which line (from 1)."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class LexiconError(ValueError):
    """A file that can't be read as a dictionary."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(str(mistake))
        self.mistake = mistake


class LexiconFiles:
    """The shipped entries and the user's files, as one `Lexicon`.

    `refresh` looks at the files, so it belongs in a worker thread; `current` costs nothing. A file with a mistake is
    reported once and its last good version stays in use.
    """

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "lexicon"
        self._shipped = shipped_entries()
        self._stamps: dict[Language, tuple[int, int] | None] = {}
        self._entries: dict[Language, list[Entry]] = {}
        self._mistakes: dict[Language, Mistake] = {}
        self._lock = threading.Lock()
        self.current = Lexicon(self._shipped)

    @property
    def mistakes(self) -> list[Mistake]:
        """What is wrong in the files as they are now."""
        return list(self._mistakes.values())

    def refresh(self) -> Lexicon:
        """Read the files that changed since the last call; return the dictionary to use."""
        with self._lock:
            changed = [language for language in LANGUAGES if self._refresh(language)]
            if changed:
                entries = [entry for language in LANGUAGES for entry in self._entries.get(language, ())]
                self.current = Lexicon([*self._shipped, *entries])
            return self.current

    def _refresh(self, language: Language) -> bool:
        """Read one file if it changed; return whether its entries did."""
        path = self.folder / f"{language}.yaml"
        stamp = _stamp(path)
        if stamp == self._stamps.get(language):
            return False
        self._stamps[language] = stamp
        self._mistakes.pop(language, None)
        try:
            entries = read_file(path, language) if stamp is not None else []
        except LexiconError as error:
            self._mistakes[language] = error.mistake
            _LOGGER.error("%s (the last good version stays in use)", error)  # noqa: TRY400 - the trace says nothing
            return False
        self._entries[language] = entries
        _LOGGER.info("read %d entries of %s", len(entries), path)
        return True


def read_file(path: Path, language: Language) -> list[Entry]:
    """Read a dictionary file. Raises LexiconError with the line."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise LexiconError(Mistake(path, 1, f"larger than {_LARGEST_FILE} bytes"))
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise LexiconError(Mistake(path, line, "not UTF-8; save the file in that encoding")) from error
    except OSError as error:
        raise LexiconError(Mistake(path, 1, f"can't be read: {error.strerror}")) from error
    return parse(text, language, path)


def parse(text: str, language: Language, path: Path) -> list[Entry]:
    """Read dictionary entries from YAML text. Raises LexiconError with the line."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)  # nodes, not values: 110 and "no" stay words, lines are known
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise LexiconError(Mistake(path, mark.line + 1 if mark else 1, f"no YAML: {error.problem}")) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise LexiconError(Mistake(path, 1, f"no YAML: {str(error).splitlines()[0]}")) from error
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        raise LexiconError(Mistake(path, root.start_mark.line + 1, "expected lines of the form `word: reading`"))
    return [_entry(word, value, language, path) for word, value in root.value]


def _entry(key: yaml.Node, value: yaml.Node, language: Language, path: Path) -> Entry:
    line = key.start_mark.line + 1
    if not isinstance(key, yaml.ScalarNode) or not key.value.strip():
        raise LexiconError(Mistake(path, line, "expected a word before the colon"))
    word = " ".join(key.value.split())
    reading, case_sensitive = _reading(value, word, path)
    if len(word) > LONGEST_WORD or len(reading) > _LONGEST_READING:
        raise LexiconError(Mistake(path, line, f"{word[:20]!r} or its reading is too long"))
    try:
        say, phonemes = read_reading(reading, word, language)
    except ValueError as error:
        raise LexiconError(Mistake(path, line, f"{word!r}: {error}")) from error
    return Entry(word, language, say, phonemes, case_sensitive)


def _reading(value: yaml.Node, word: str, path: Path) -> tuple[str, bool]:
    """Return the reading and whether case counts."""
    line = value.start_mark.line + 1
    if isinstance(value, yaml.ScalarNode):
        return value.value, False
    if not isinstance(value, yaml.MappingNode):
        raise LexiconError(Mistake(path, line, f"{word!r}: expected a reading or {{reading: ..., case: true}}"))
    fields = {}
    for name, item in value.value:
        if not isinstance(item, yaml.ScalarNode) or name.value not in {"reading", "case"}:
            raise LexiconError(
                Mistake(path, name.start_mark.line + 1, f"{word!r}: only `reading` and `case` are known")
            )
        fields[name.value] = item.value
    case = fields.get("case", "false").lower()
    if "reading" not in fields or case not in _TRUE | _FALSE:
        raise LexiconError(Mistake(path, line, f"{word!r}: expected a `reading`, and `case` true or false"))
    return fields["reading"], case in _TRUE


def shipped_entries() -> list[Entry]:
    """Return the entries that come with the program: readings that common dictionaries get wrong."""
    folder = resources.files("wyoming_cosyvoice.text") / "lexicons"
    entries: list[Entry] = []
    for language in LANGUAGES:
        file = folder / f"{language}.yaml"
        if file.is_file():
            entries += parse(file.read_text(encoding="utf-8"), language, Path(file.name))
    return entries


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return what changes when a file does, None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
