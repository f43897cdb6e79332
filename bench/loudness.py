"""How loud each voice is: as its engine makes it, and as the server gives it out.

The first figure belongs into the voice's data (`Voice.loudness`), the second must be within 1 dB of the reference.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.report import publish, table
from wyoming_cosyvoice.audio.loudness import loudness
from wyoming_cosyvoice.audio.pcm import to_float
from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.engines.engine import REFERENCE_LOUDNESS
from wyoming_cosyvoice.engines.loading import load_engines
from wyoming_cosyvoice.speech.request import SpeechOptions
from wyoming_cosyvoice.speech.service import SpeechService

if TYPE_CHECKING:
    from wyoming_cosyvoice.engines.engine import Voice

# not the sentence that a voice of unknown loudness is measured by: the second figure must not flatter it
TEXTS = {
    "zh": "早上好。昨天晚上下了一场大雨，路上还有很多水，出门的时候请小心。厨房里有热咖啡，冰箱里还有一些水果和牛奶。",
    "en": "Good morning. It rained hard last night and the road is still wet, so please be careful when you go out. "
    "There is hot coffee in the kitchen, and some fruit and milk in the fridge.",
    "ja": "おはようございます。昨日の夜は雨がたくさん降って、道がまだ濡れていますから、"
    "出かけるときは気をつけてください。"
    "台所に温かいコーヒーがあって、冷蔵庫には果物と牛乳もあります。",
    "ko": "좋은 아침입니다. 어젯밤에 비가 많이 와서 길이 아직 젖어 있으니 나갈 때 조심하세요. "
    "부엌에 따뜻한 커피가 있고 냉장고에는 과일과 우유도 있어요.",
    "yue": "早晨。琴晚落咗場大雨，條路仲好濕，出門口嗰陣要小心啲。廚房有熱咖啡，雪櫃入面仲有啲生果同牛奶。",
}


async def measure(service: SpeechService, voice: Voice) -> float:
    """Speak the voice's text through the service and return its loudness in LUFS."""
    language = voice.languages[0]
    options = SpeechOptions(voice=voice.id, language=language, sentence_silence=0.0, volume=1.0)
    async with service.open(options, "bench") as stream:
        stream.feed(TEXTS[language])
        stream.end()
        samples = np.concatenate([chunk.samples async for chunk in stream])
    return loudness(to_float(samples), stream.rate)


async def run(config: Config) -> int:
    """Measure every voice; return 1 where one is more than 1 dB off."""
    service = SpeechService(load_engines(config), config)
    await service.start()
    rows: list[list[object]] = []
    worst = 0.0
    try:
        for engine in service.engines:
            for voice in engine.voices:
                served = await measure(service, voice)
                gain = REFERENCE_LOUDNESS - voice.loudness if voice.loudness is not None else float("nan")
                worst = max(worst, abs(served - REFERENCE_LOUDNESS))
                rows.append([voice.id, served - gain, served, served - REFERENCE_LOUDNESS])
    finally:
        await service.stop(0)
    header = ["voice", "as made, LUFS", "as served, LUFS", "off by, dB"]
    publish("loudness", f"Loudness of the voices ({config.model})", table(header, rows))
    return int(worst > 1.0)


def main(argv: list[str]) -> int:
    """Print a table of all voices of a model."""
    parser = argparse.ArgumentParser(prog="script/bench loudness", description=__doc__)
    parser.add_argument("--model", default="auto", help="as of the server")
    parser.add_argument("--data-dir", type=Path, default=None, help="as of the server")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        config = Config(model=arguments.model, data_dir=arguments.data_dir or Path(folder), cache_memory=0)
        return asyncio.run(run(dataclasses.replace(config, clause_timeout=600.0)))
