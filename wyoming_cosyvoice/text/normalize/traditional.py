"""Mandarin in traditional characters: what is said is written as the text around it is."""

from __future__ import annotations

import re

from wyoming_cosyvoice.text.normalize.mandarin import Mandarin

_SIMPLE = "两点万亿负摄华时钟减于约号纳兹欧尔转帧节码顷吨镑韩币卢铢线划问无贝门亚泪号汤数级气别桥间库仓与东车"
_FULL = "兩點萬億負攝華時鐘減於約號納茲歐爾轉幀節碼頃噸鎊韓幣盧銖線劃問無貝門亞淚號湯數級氣別橋間庫倉與東車"
_TABLE = str.maketrans(_SIMPLE, _FULL)
_TELLING = re.compile(
    f"[{_FULL}個們這來說國電燈開關溫濕風員會學對頁為過還應該現將嗎請讓從進運動機體價錢買賣聽見寫讀書話語麼樣裡邊頭長張條隻雙種幾歲]"
)


class TraditionalMandarin(Mandarin):
    """The same words in traditional characters: 兩個, 二十攝氏度."""

    def write(self, words: str) -> str:
        """Write words in traditional characters."""
        return words.translate(_TABLE)


def is_traditional(text: str) -> bool:
    """Whether a text has characters that only traditional Chinese has."""
    return _TELLING.search(text) is not None
