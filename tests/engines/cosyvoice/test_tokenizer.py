"""The tokenizer against ids that Whisper's own encoder gave."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_cosyvoice.engines.cosyvoice.tokenizer import VOCABULARY_SIZE, Tokenizer
from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store.shipped import whisper_vocabulary

CASES = json.loads((Path(__file__).parents[2] / "data" / "cosyvoice_tokens.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    path = tmp_path_factory.mktemp("vocabulary") / "tokenizer.tiktoken"
    path.write_bytes(whisper_vocabulary())
    return Tokenizer.load(path)


@pytest.mark.parametrize("case", CASES, ids=[str(i) for i in range(len(CASES))])
def test_ids_equal_whispers(tokenizer: Tokenizer, case: dict[str, object]) -> None:
    assert tokenizer.encode(str(case["text"])) == case["ids"]


def test_the_vocabulary_has_its_exact_size(tokenizer: Tokenizer) -> None:
    assert tokenizer.size == VOCABULARY_SIZE == 51866


@pytest.mark.parametrize(
    ("tag", "number"),
    [
        ("<|endoftext|>", 50257),
        ("<|en|>", 50259),
        ("<|zh|>", 50260),
        ("<|ko|>", 50264),
        ("<|ja|>", 50266),
        ("<|yue|>", 50358),
        ("<|notimestamps|>", 50364),
        ("<|0.00|>", 50365),
        ("<|30.00|>", 51865),
    ],
)
def test_a_tag_is_one_id(tokenizer: Tokenizer, tag: str, number: int) -> None:
    assert tokenizer.encode(tag) == [number]
    assert tokenizer.encode(f"a{tag}b")[1] == number


def test_what_only_looks_like_a_tag_is_text(tokenizer: Tokenizer) -> None:
    assert len(tokenizer.encode("<|jp|>")) > 1
    assert len(tokenizer.encode("<|endofprompt|>")) == 8


def test_the_end_of_an_instruction_is_plain_text(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("<endofprompt>") == [27, 521, 2670, 28722, 662, 29]


@given(text=st.text(max_size=60))
@settings(max_examples=300)
def test_ids_decode_to_the_text(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert all(0 <= number < VOCABULARY_SIZE for number in ids)
    assert tokenizer.decode(ids) == text.encode("utf-8", errors="replace").decode("utf-8")


def test_one_long_word_is_no_burden(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("가나다" * 20_000)
    assert tokenizer.decode(ids) == "가나다" * 20_000


def test_another_vocabulary_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.tiktoken"
    path.write_bytes(b"".join(whisper_vocabulary().splitlines(keepends=True)[:-1]))
    with pytest.raises(ModelError, match="50256 tokens where 50257"):
        Tokenizer.load(path)
    path.write_bytes(b"no vocabulary\n")
    with pytest.raises(ModelError, match="line 1 is not"):
        Tokenizer.load(path)
