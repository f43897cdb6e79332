"""What the voices of spk2info.pt are: stable ids, languages and genders."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wyoming_cosyvoice.store.bundle import BundleVoice

if TYPE_CHECKING:
    from collections.abc import Iterable

_OFFICIAL = (
    BundleVoice("zh_female_1", "中文女", "zh", "female"),
    BundleVoice("zh_male_1", "中文男", "zh", "male"),
    BundleVoice("ja_male_1", "日语男", "ja", "male"),
    BundleVoice("yue_female_1", "粤语女", "yue", "female"),
    BundleVoice("en_female_1", "英文女", "en", "female"),
    BundleVoice("en_male_1", "英文男", "en", "male"),
    BundleVoice("ko_female_1", "韩语女", "ko", "female"),
)
_LANGUAGES = {"中": "zh", "日": "ja", "粤": "yue", "英": "en", "韩": "ko"}


def describe(names: Iterable[str]) -> tuple[BundleVoice, ...]:
    """Return the voices of these names, the official ones first and in upstream's order.

    A name that upstream does not have is a voice of the user's: its id is the name where that is plain, its language
    and gender are read off a name built like upstream's, else it is taken for a Mandarin woman.
    """
    known = {voice.name: voice for voice in _OFFICIAL}
    names = list(names)
    voices = [voice for voice in _OFFICIAL if voice.name in names]
    taken = {voice.id for voice in _OFFICIAL}
    for name in sorted(set(names) - set(known)):
        wanted = name if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name) else "custom_1"
        number = 1
        while wanted in taken:
            number += 1
            wanted = f"custom_{number}"
        taken.add(wanted)
        gender = "male" if name.endswith("男") else "female"
        voices.append(BundleVoice(wanted, name, _LANGUAGES.get(name[:1], "zh"), gender))
    return tuple(voices)
