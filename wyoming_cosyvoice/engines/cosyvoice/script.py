"""What the language model is told to say: the ids of an utterance."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wyoming_cosyvoice.text.clause import join_spans
from wyoming_cosyvoice.text.respell import respelled

if TYPE_CHECKING:
    from wyoming_cosyvoice.engines.cosyvoice.tokenizer import Tokenizer
    from wyoming_cosyvoice.engines.engine import Utterance, Voice

# Plain text in this vocabulary, unlike the later models' <|endofprompt|> (spec section 10).
_END_OF_INSTRUCTION = "<endofprompt>"


@dataclass(frozen=True, slots=True)
class Script:
    """Ids of the text and of an instruction before it."""

    text: str
    text_ids: list[int]
    instruction_ids: list[int]


def script_of(utterance: Utterance, voice: Voice, tokenizer: Tokenizer, *, instruct: bool) -> Script:
    """Return the ids for `utterance`; readings that the user gave are spelt out, as the model takes no phonemes.

    Text that is mostly in a language foreign to the voice gets that language's tag, as the model learnt it. A style
    becomes an instruction where the model takes one.
    """
    text = join_spans(respelled(utterance.spans))
    letters = Counter[str]()
    for span in utterance.spans:
        letters[span.language] += sum(char.isalnum() for char in span.spoken)
    language = letters.most_common(1)[0][0] if letters else voice.languages[0]
    if text and language not in voice.languages:
        text = f"<|{language}|>{text}"
    instruction = f"{utterance.style or ''}{_END_OF_INSTRUCTION}" if instruct else ""
    return Script(text, tokenizer.encode(text), tokenizer.encode(instruction))
