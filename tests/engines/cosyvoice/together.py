"""Rows that join and leave a batch between steps."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wyoming_cosyvoice.engines.cosyvoice import CosyVoice

Floats = NDArray[np.float32]

TEXTS = ["你好，我是语音助手。", "Hello, the kitchen light is on.", "今日はとてもいい天気ですね。", "嗯", "안녕하세요."]


def prompts(model: CosyVoice) -> list[Floats]:
    voices = list(model.voices.values())
    return [
        model.language_model.prompt(model.tokenizer.encode(text), voices[i % len(voices)])
        for i, text in enumerate(TEXTS)
    ]


def alone(model: CosyVoice, prompt: Floats, steps: int) -> tuple[list[int], list[Floats]]:
    """Return the likeliest tokens and the logits [V] that they were taken from."""
    logits, state = model.language_model.prefill(prompt)
    tokens, seen = [], []
    for _ in range(steps):
        seen.append(logits)
        tokens.append(int(logits[:-1].argmax()))
        logits = model.language_model.step(tokens[-1], state)
    return tokens, seen


def together(model: CosyVoice, steps: Sequence[int], joins_at: Sequence[int]) -> list[tuple[list[int], list[Floats]]]:
    """Return the same of a row a prompt, which joins at its time and leaves after so many steps."""
    batch = model.language_model.batch(len(steps))
    rows: list[int] = []
    logits: dict[int, Floats] = {}
    answers: list[tuple[list[int], list[Floats]]] = [([], []) for _ in steps]
    for now in range(max(joins_at) + max(steps) + 1):
        for i, prompt in enumerate(prompts(model)):
            if joins_at[i] == now:
                logits[i] = batch.join(prompt)
                rows.append(i)
        for i in rows:
            tokens, seen = answers[i]
            seen.append(logits[i])
            tokens.append(int(logits[i][:-1].argmax()))
        for i in [i for i in rows if len(answers[i][0]) == steps[i]]:
            place = rows.index(i)
            batch.leave(place)
            rows[place] = rows[-1]
            rows.pop()
        assert len(batch) == len(rows)
        if rows:
            logits |= dict(zip(rows, batch.step([answers[i][0][-1] for i in rows]).copy(), strict=True))
    return answers
