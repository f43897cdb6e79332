"""Japanese numbers and what counters do to their sound.

A number is written in kanji where reading each sign by itself gives the right sounds (二十五), else in kana (さんびゃく,
よじ, さんぼん): the dictionaries of the frontends read 三百 sign by sign as さんひゃく.
"""

from __future__ import annotations

from wyoming_cosyvoice.text.normalize.numerals_chinese import Numerals
from wyoming_cosyvoice.text.normalize.values import LONGEST_NUMBER

KANJI = Numerals("零一二三四五六七八九", ("", "万", "億", "兆"), omits_one=True, fills_zero=False)

_DIGITS = ("ゼロ", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう")
_KATAKANA = ("ゼロ", "イチ", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハチ", "キュウ")
_UNITS = {"千": "せん", "百": "ひゃく", "十": "じゅう"}
_CHANGED = {"三百": "さんびゃく", "六百": "ろっぴゃく", "八百": "はっぴゃく", "三千": "さんぜん", "八千": "はっせん"}
_GROUPS = ("", "まん", "おく", "ちょう")

_DAYS = {
    1: "ついたち", 2: "ふつか", 3: "みっか", 4: "よっか", 5: "いつか", 6: "むいか", 7: "なのか", 8: "ようか", 9: "ここのか",
    10: "とおか", 14: "じゅうよっか", 17: "じゅうしちにち", 19: "じゅうくにち", 20: "はつか", 24: "にじゅうよっか",
    27: "にじゅうしちにち", 29: "にじゅうくにち",
}  # fmt: skip
_THINGS = ("", "ひとつ", "ふたつ", "みっつ", "よっつ", "いつつ", "むっつ", "ななつ", "やっつ", "ここのつ")

# Before these 4, 7, 9 and 0 are し/よ, しち, く and れい.
_SHORT_DIGITS = {
    "時": {"四": "よ", "七": "しち", "九": "く", "零": "れい"},
    "時間": {"四": "よ", "七": "しち", "九": "く"},
    "月": {"四": "し", "七": "しち", "九": "く"},
    "人": {"四": "よ"},
    "人前": {"四": "よ"},
    "人用": {"四": "よ"},
    "年": {"四": "よ"},
    "年間": {"四": "よ"},
    "年生": {"四": "よ"},
    "年前": {"四": "よ"},
    "年後": {"四": "よ"},
    "度": {"零": "れい"},
    "点": {"零": "れい"},
}

# Counter -> its reading and what the digit before it does: k s t h double the consonant; voiced after three or not.
COUNTERS: dict[str, tuple[str, str]] = {
    "本": ("ほん", "hb"), "匹": ("ひき", "hb"), "杯": ("はい", "hb"), "票": ("ひょう", "hb"), "遍": ("へん", "hb"),
    "分": ("ふん", "hp"), "分間": ("ふんかん", "hp"), "泊": ("はく", "hp"), "発": ("はつ", "hp"), "拍": ("はく", "hp"),
    "編": ("へん", "hp"), "歩": ("ほ", "hp"), "品": ("ひん", "hp"), "箱": ("はこ", "hh"),
    "個": ("こ", "k"), "箇所": ("かしょ", "k"), "か所": ("かしょ", "k"), "ヶ所": ("かしょ", "k"), "カ所": ("かしょ", "k"),
    "回": ("かい", "k"), "回目": ("かいめ", "k"), "階": ("かい", "kg"), "階建て": ("かいだて", "kg"), "軒": ("けん", "kg"),
    "か月": ("かげつ", "k"), "ヶ月": ("かげつ", "k"), "カ月": ("かげつ", "k"), "ヵ月": ("かげつ", "k"), "箇月": ("かげつ", "k"),
    "か国": ("かこく", "k"), "ヶ国": ("かこく", "k"), "カ国": ("かこく", "k"), "か国語": ("かこくご", "k"),
    "曲": ("きょく", "k"), "件": ("けん", "k"), "口": ("くち", ""), "巻": ("かん", "k"), "球": ("きゅう", "k"),
    "級": ("きゅう", "k"), "桁": ("けた", ""), "機": ("き", "k"), "行": ("ぎょう", ""), "棟": ("とう", "t"),
    "冊": ("さつ", "s"), "歳": ("さい", "s"), "才": ("さい", "s"), "週": ("しゅう", "s"), "週間": ("しゅうかん", "s"),
    "週間後": ("しゅうかんご", "s"), "世紀": ("せいき", "s"), "章": ("しょう", "s"), "種類": ("しゅるい", "s"),
    "色": ("しょく", "s"), "周": ("しゅう", "s"), "周年": ("しゅうねん", "s"), "席": ("せき", "s"), "隻": ("せき", "s"),
    "足": ("そく", "sz"), "世代": ("せだい", "s"), "世帯": ("せたい", "s"), "節": ("せつ", "s"), "社": ("しゃ", "s"),
    "勝": ("しょう", "s"), "試合": ("しあい", ""), "選手": ("せんしゅ", ""), "線": ("せん", "s"), "号線": ("ごうせん", ""),
    "点": ("てん", "t"), "頭": ("とう", "t"), "着": ("ちゃく", "t"), "通": ("つう", "t"), "丁目": ("ちょうめ", "t"),
    "丁": ("ちょう", "t"), "滴": ("てき", "t"), "等": ("とう", "t"), "体": ("たい", "t"), "都市": ("とし", ""),
    "枚": ("まい", ""), "台": ("だい", ""), "円": ("えん", ""), "度": ("ど", ""), "度目": ("どめ", ""), "番": ("ばん", ""),
    "番目": ("ばんめ", ""), "番線": ("ばんせん", ""), "時": ("じ", ""), "時間": ("じかん", ""), "秒": ("びょう", ""),
    "秒間": ("びょうかん", ""), "年": ("ねん", ""), "年間": ("ねんかん", ""), "年生": ("ねんせい", ""),
    "年前": ("ねんまえ", ""), "年後": ("ねんご", ""), "月": ("がつ", ""), "名": ("めい", ""), "名様": ("めいさま", ""),
    "倍": ("ばい", ""), "号": ("ごう", ""), "号室": ("ごうしつ", ""), "号車": ("ごうしゃ", ""), "位": ("い", ""),
    "話": ("わ", ""), "羽": ("わ", "w"), "問": ("もん", ""), "部屋": ("へや", ""), "部": ("ぶ", ""), "割": ("わり", ""),
    "畳": ("じょう", ""), "組": ("くみ", ""), "段": ("だん", ""), "代": ("だい", ""), "文字": ("もじ", ""),
    "列": ("れつ", ""), "枠": ("わく", ""), "両": ("りょう", ""), "膳": ("ぜん", ""), "問目": ("もんめ", ""),
    "人": ("にん", ""), "人前": ("にんまえ", ""), "人用": ("にんよう", ""), "ページ": ("ページ", ""),
    "キロ": ("キロ", ""), "メートル": ("メートル", ""), "センチ": ("センチ", ""), "ミリ": ("ミリ", ""),
    "トン": ("トン", "t"), "セット": ("セット", ""), "ドル": ("ドル", ""), "パーセント": ("パーセント", ""),
    "グラム": ("グラム", ""), "リットル": ("リットル", ""), "ポイント": ("ポイント", ""), "パック": ("パック", ""),
    "つ": ("つ", ""), "日": ("にち", ""), "日間": ("にちかん", ""), "日目": ("にちめ", ""), "日後": ("にちご", ""),
    "日前": ("にちまえ", ""), "日分": ("にちぶん", ""), "分目": ("ぶんめ", ""), "分の": ("ぶんの", ""),
}  # fmt: skip

_VOICED = {"ほ": "ぼ", "ひ": "び", "は": "ば", "へ": "べ", "ふ": "ぶ", "か": "が", "け": "げ", "そ": "ぞ"}
_PLOSIVE = {"ほ": "ぽ", "ひ": "ぴ", "は": "ぱ", "へ": "ぺ", "ふ": "ぷ"}


def one_by_one(digits: str) -> str:
    """Read each digit by itself, in katakana so that no は in it is taken for the particle."""
    return "".join(_KATAKANA[int(digit)] for digit in digits)


def spell(whole: str) -> str:
    """Say the number in kanji, or in kana where kanji would be misread."""
    if len(whole) > LONGEST_NUMBER or (len(whole) > 1 and whole.startswith("0")):
        return one_by_one(whole)
    if whole == "0":
        return "ゼロ"
    kanji, kana = KANJI.spell(whole), reading(whole)
    return kanji if _sign_by_sign(kanji) == kana else kana


def reading(whole: str) -> str:
    """Say the sounds of a whole number in hiragana."""
    if whole == "0":
        return "ゼロ"
    count = (len(whole) + 3) // 4
    padded = whole.zfill(count * 4)
    said = ""
    for index in range(count):
        group, name = padded[index * 4 : index * 4 + 4], _GROUPS[count - 1 - index]
        if group != "0000":
            words = _group(group, grouped=bool(name))
            said += (_double(words, "t") if name == "ちょう" else words) + name
    return said


def _group(group: str, *, grouped: bool) -> str:
    said = ""
    for digit, unit in zip(group, "千百十", strict=False):
        if digit == "0":
            continue
        changed = _CHANGED.get(KANJI.digits[int(digit)] + unit)
        if digit == "1":
            said += "いっせん" if unit == "千" and grouped else _UNITS[unit]
        else:
            said += changed or _DIGITS[int(digit)] + _UNITS[unit]
    return said + (_DIGITS[int(group[3])] if group[3] != "0" else "")


def _sign_by_sign(kanji: str) -> str:
    names = dict(zip(KANJI.digits, _DIGITS, strict=True)) | _UNITS | {"万": "まん", "億": "おく", "兆": "ちょう"}
    return "".join(names[char] for char in kanji)


def _double(said: str, kind: str) -> str:
    """Say the end of a number before a counter that begins with k, s, t or h: いっ, ろっ, はっ, じゅっ, ひゃっ."""
    pairs = [("いち", "いっ"), ("はち", "はっ"), ("じゅう", "じゅっ")]
    if kind in "kh":
        pairs += [("ろく", "ろっ"), ("ひゃく", "ひゃっ"), ("びゃく", "びゃっ"), ("ぴゃく", "ぴゃっ")]
    for long, short in pairs:
        if said.endswith(long):
            return said[: -len(long)] + short
    return said


def decimal(whole: str, fraction: str) -> str:
    """三点五; いってんご and れいてんご in kana, because 一点 would be read いちてん."""
    said = "れい" if whole == "0" else _double(reading(whole), "t") if len(whole) <= LONGEST_NUMBER else ""
    if not said or (len(whole) > 1 and whole.startswith("0")):
        return f"{one_by_one(whole)}点{one_by_one(fraction)}"
    plain = whole != "0" and said == _sign_by_sign(KANJI.spell(whole))
    if plain and len(fraction) <= 2 and "0" not in fraction:
        return f"{KANJI.spell(whole)}点{KANJI.one_by_one(fraction)}"
    return said + "てん" + "".join(_DIGITS[int(digit)] for digit in fraction)


def counted(whole: str, counter: str, *, after_month: bool = False) -> str:
    """Say a number with its counter: 三本 as さんぼん, 二十五度 as it is, ひとり, とおか."""
    special = _special(whole, counter, after_month=after_month)
    if special:
        return special
    if len(whole) > LONGEST_NUMBER or (len(whole) > 1 and whole.startswith("0")):
        return spell(whole) + counter
    kana, kind = COUNTERS[counter]
    kanji = KANJI.spell(whole)
    short = _SHORT_DIGITS.get(counter, {}).get(kanji[-1])
    if short:
        head = reading(whole)[: -len(_DIGITS[KANJI.digits.index(kanji[-1])])]
        return f"{head}{short}{_kana_counter(counter, kana)}"
    if whole == "0":
        return "ゼロ" + counter
    said, changed = reading(whole), kana
    if kind:
        said, changed = _join(said, kana, kind)
    if said + changed == _sign_by_sign(kanji) + kana:
        return kanji + counter
    # Only the number's own sounds change (さんびゃく円): the counter keeps its sign, which accents it rightly.
    return said + (counter if changed == kana and said == reading(whole) else changed)


def _kana_counter(counter: str, kana: str) -> str:
    return kana if counter in ("時", "月", "人", "時間", "年") else counter


def _special(whole: str, counter: str, *, after_month: bool) -> str:
    number = int(whole) if len(whole) < 4 and whole.isdigit() else -1
    if counter == "人" and number in (1, 2):
        return ("ひとり", "ふたり")[number - 1]
    if counter == "つ" and 0 < number < 10:
        return _THINGS[number]
    if counter in ("歳", "才") and number == 20:
        return "はたち"
    if not counter.startswith("日") or number not in _DAYS or len(whole) > 2:
        return ""
    if (number == 1 and not after_month) or (counter != "日" and number in (17, 19, 27, 29)):
        return ""
    tail = {"日": "", "日間": "かん", "日目": "め", "日後": "後", "日前": "前", "日分": "分"}[counter]
    return _DAYS[number] + tail


def _join(said: str, kana: str, kind: str) -> tuple[str, str]:
    """Let number and counter change each other's sounds."""
    head = kana[0]
    doubled = _double(said, kind[0])
    if kind[0] == "w":
        return said, "ば" if said.endswith(("さん", "せん", "まん")) else kana
    if kind == "hh":
        return (
            (doubled, "ぱ" + kana[1:])
            if doubled != said
            else (said, "ぱ" + kana[1:] if said.endswith("さん") else kana)
        )
    if doubled != said:
        return doubled, _PLOSIVE.get(head, head) + kana[1:] if kind[0] == "h" else kana
    nasal = said.endswith(("さん", "せん", "ぜん", "まん"))
    if kind == "hp" and (nasal or (said.endswith("よん") and head in "ふは")):
        return said, _PLOSIVE[head] + kana[1:]
    if (nasal and kind == "hb") or (said.endswith("さん") and kind in ("kg", "sz")):
        return said, _VOICED[head] + kana[1:]
    return said, kana
