"""What tells Chinese, Cantonese and Japanese apart where the script does not, and which words carry a grammar."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wyoming_cosyvoice.text.scripts import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wyoming_cosyvoice.text.clause import Language

# Characters that stand in the Japanese character set but in no modern Japanese text.
_CHINESE_SURE = frozenset("你您她它們这這吗嗎吧啊哪谁么麼怎很沒还让讓从從跟个请说哦嘛")

# Words that Japanese writes otherwise: 明日 午前 現在 時間 are Japanese too, these are not.
_CHINESE_WORDS = words(
    """
    明天 今天 昨天 后天 後天 前天 每天 天气 天氣 上午 下午 中午 晚上 早上 早晨 分钟 分鐘 小时 小時 星期 你好 大家好 可以
    不是 已经 已經 一下 我的 好的 是的 打开 打開 关闭 關閉 客厅 客廳 空调 空調 温度是 手机 手機 知道 喜欢 喜歡 播放
    """
)

# Written Cantonese. The strong ones stand in no Mandarin but names and quotations; 冇 is heard as a joke, 係 and
# 靚 are also rare Mandarin, 唔 alone is a sigh, 咩 a sheep's cry.
_CANTONESE_STRONG = frozenset("嘅喺啲咗佢哋嚟嗰噉咁嘢攞俾揾搵瞓孭嗌諗谂嘥㗎喎啩噃嘞嬲冧餸攰")
_CANTONESE_MIDDLE = frozenset("冇睇冚閂唞乜")
_CANTONESE_WEAK = frozenset("唔係靚咩仲晒喇啱畀")
_CANTONESE_WORDS = words(
    """
    而家 依家 聽日 听日 尋日 寻日 琴日 返工 返屋 食飯 飲茶 點解 点解 點樣 幾時 邊度 边度 邊個 边个 唔該 唔该 多謝晒 開緊
    屋企 仲有 仲係 仲未 點呀 點算 點做 幾多 呢度 呢個 嗱
    """
)
_CANTONESE_WEAK_WORDS = words("今日 好熱 好凍 好耐 好攰 好正 好靚")
CANTONESE = 2
# 係 is the Cantonese copula (我係香港人), but 關係 and 係數 are everybody's, and 確係 is how a court says 確實是.
_COPULA = re.compile("(?<![關关聯联體体維维派世直嫡旁確确實实均])係(?![數数列統统])")
_MANDARIN = frozenset("的是了这這那们們他她没沒在吗嗎么麼说說很给給把和")

_ENGLISH_GRAMMAR = words(
    """
    i you he she it we they is are was were am be been the a an and or but of to in on at for from with have has
    had do does did not can could will would should my your his her our their this that these those there what
    when where who why how please me him them us if so
    """
)
_CHINESE_GRAMMAR = frozenset("的了是在把被和给給请請不没沒有我你他她这這那吗嗎呢吧就都也还還已嘅喺咗啲佢哋唔")


def is_chinese(text: str) -> bool:
    """Whether it has a character that Japanese does not write."""
    return any(char in _CHINESE_SURE or not _encodes(char, "shift_jis") for char in text) or any(
        word in text for word in _CHINESE_WORDS
    )


def is_japanese(text: str) -> bool:
    """Whether it has a character that only Japanese writes: 駅, 気, 働, 込."""
    return any(
        "\u4e00" <= char <= "\u9fff" and not _encodes(char, "gb2312") and not _encodes(char, "big5") for char in text
    ) and not is_chinese(text)


def cantonese_score(text: str) -> int:
    """Count marks of Cantonese less marks of Mandarin, each kind once; `CANTONESE` and more means Cantonese."""
    chars = set(text)
    score = 3 * len(chars & _CANTONESE_STRONG) + 2 * len(chars & _CANTONESE_MIDDLE) + len(chars & _CANTONESE_WEAK)
    score += 2 * sum(word in text for word in _CANTONESE_WORDS)
    score += sum(word in text for word in _CANTONESE_WEAK_WORDS)
    score += "唔" in text[:-1]  # before a verb it negates
    score += _COPULA.search(text) is not None
    return score - len(chars & _MANDARIN)


def weight(text: str, language: Language) -> float:
    """How much a run of text speaks for its language being the sentence's."""
    if language == "en":
        return 4.0 if _is_grammar(text) else 0.4  # names stand in any language
    if language in {"zh", "yue"}:
        return len(text) + 2.0 * sum(char in _CHINESE_GRAMMAR for char in text)
    return float(len(text))


def has_english_grammar(words: Sequence[str]) -> bool:
    """Whether one of the words is an English word of grammar."""
    return any(_is_grammar(word) for word in words)


def _is_grammar(word: str) -> bool:
    return word.lower() in _ENGLISH_GRAMMAR and word != "A"  # 会議室A、B、C: a name


def _encodes(char: str, codec: str) -> bool:
    if not "\u4e00" <= char <= "\u9fff":
        return True  # rare forms tell nothing: 𠮷野家 is in Japan
    try:
        char.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
