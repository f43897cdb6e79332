"""Mandarin: 二 and 两, 幺 in phone numbers, years digit by digit, 百分之 before its number."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from wyoming_cosyvoice.text.normalize.numerals_chinese import Numerals
from wyoming_cosyvoice.text.normalize.recognise import numbers
from wyoming_cosyvoice.text.normalize.speaker import Speaker, say
from wyoming_cosyvoice.text.normalize.values import (
    Counted,
    Date,
    Digits,
    Fraction,
    Label,
    Money,
    Name,
    Number,
    Phone,
    Power,
    Product,
    Quantity,
    Ratio,
    Time,
    Unit,
    Value,
    Version,
    Words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wyoming_cosyvoice.text.normalize.speaker import Recogniser

# Behind these two is 两; behind everything else (月 号 楼 路 班 级...) it is 二.
_PAIRED = (
    "个 個 只 隻 台 臺 条 條 张 張 件 次 遍 天 周 年 小时 小時 分钟 分鐘 点 點 位 名 人 本 杯 瓶 "
    "盒 袋 包 盏 盞 扇 间 間 辆 輛 架 艘 把 块 塊 片 根 支 枝 朵 棵 头 頭 匹 群 对 對 双 雙 套 "
    "组 組 排 行 句 段 篇 首 部 场 場 顿 頓 趟 回 项 項 种 種 类 類 样 樣 份 封 座 栋 棟 家 户 "
    "戶 口 颗 顆 粒 滴 碗 盘 盤 盆 桶 罐 箱 卷 幅 面 米 公里 千米 厘米 毫米 公斤 千克 克 斤 吨 噸 "
    "升 毫升 倍 元 块钱 塊錢 毛 角 度 秒 秒钟 秒鐘 刻钟 刻鐘 星期 礼拜 禮拜 个月 個月 晚 夜 步 层 層 "
    "半 千瓦 瓦 伏 平方米 立方米 英寸 英里 美元 欧元 歐元 日元 港元 百 千 万 萬 亿 億 兆 成 折 轮 輪 "
    "局 集 代 人份 位数 位數 圈 格 档 檔 声 聲 蚊 磅 呎 哋 餐 罇 樽 嚿 兩 両 尺 寸 吋 岁 歲 站 房 室 厅 廳 平米 摄氏度 攝氏度 赫兹  公升 公分 公尺 公吨 "
    "公噸 打 副 束 堆 道 笔 筆 门 門 节 節 课 課 版 轉 转 架次 人次"
).split()
_COUNTER = re.compile("|".join(sorted(map(re.escape, _PAIRED), key=len, reverse=True)))
_YEAR = re.compile(r" ?年(?![前后後间間来來多以级級内內])")
_LONG_AGO = re.compile(r"(?:[过過经經历歷][了去]?|[了满滿长長达達约約近共]|每|[这這那][几幾])$")
_DAY = re.compile(r" ?[月日号號](?!线|線)")
_PER_BEFORE = re.compile(r"(?:[元块塊蚊圆圓毛角分钱錢]|公里|千米|[米升斤次个個件人度兆]|[mgLWB]|[$¥€£] ?[\d,.]{1,12})$")
_PER_BEHIND = re.compile(
    r"(?:月|年|天|日|小时|小時|时|時|分钟|分鐘|分|秒|人|次|个|個|件|斤|公斤|千克|度|平方米|平米|晚|升|条|套|张|份|吨|噸|周|星期|位|间|間|盒|包|磅)"
    r"(?![A-Za-z\d])"
)
_YEARS = re.compile(
    r"((?:19|20)\d{2})(?:[-–~]((?:19|20)\d{2}|\d{2}))?(?=赛季|賽季|学年|學年|财年|財年|级|級|届|屆|款|年度)"
)
_CENTIMETRES = re.compile(r"(?<=[0-9]米)\d{2}(?![\d.])")
_DASHED = re.compile(r"(\d{1,3})[-–](\d{1,3})(?![\d-]|[.,:/]\d)")
_GENERATION = re.compile(r"(?:[5-9][05]|[01][05])(?=[后後](?![退台来來面天卫衛]))")
_DISCOUNT = re.compile(r"[1-9]{2}(?=折)|\d{1,2}·\d{1,2}(?![\d·])")
_DEGREE = re.compile(r" ?度(?!假|过|過|数|數)")
_NAMED_BY_DIGITS = re.compile(
    r"(?: ?(?:室|房间|房間|号房|號房|房|事件|晚会|大促|路公交|路公車|路巴士|路(?=[，。！？,.]|$)|次列车|次列車|航班|寝室|教室|会议室|會議室|包间|包廂|包厢|病房|诊室|号楼|班车|国道|省道))"
)
_DIGITS_ASKED = re.compile(
    r"(?:电话|電話|手机|手機|号码|號碼|热线|熱線|客服|拨|撥|打|验证码|驗證碼|密码|密碼|编号|編號|编码|编碼|订单号?|訂單號?|单号|單號|"
    r"账号|帳號|卡号|卡號|尾号|尾號|单元|單元|学号|學號|邮编|郵編|代码|代碼|取件码|股票|QQ群?|PIN|房号|房號|车牌|車牌|端口|频道|房间号?|房間號?|[\u4e00-\u9fff](?:号|號)(?:码|碼)?)(?:号|號|到|给|給|为|為|是|係)?[:：是为為係 ]{0,2}$",
    re.IGNORECASE,
)
_SERVICE = re.compile(r"(?:100\d{2}|95\d{3}|12\d{3}|1[12]\d|999)(?!\d|[.,:/-]\d)")
_SERVICE_BEHIND = re.compile(r".{0,2}(?:电话|電話|客服|热线|熱線|报警|報警|急救|火警|匪警|交警|救护|救護)")
_SCORED = re.compile(r"(?:比分|比数|比數|比率|比例|[以胜勝负負平赢贏输輸])[是为為係]?[:： ]{0,2}$")
_SCORE_BEHIND = re.compile(
    r" ?(?:[战戰][胜勝平]|[胜勝负負赢贏输輸]|大[胜勝]|险[胜]|击败|擊敗|领先|領先|落后|落後|的比分|的比例|比例|平局|打平)"
)
_RUN = re.compile(r"\d{1,32}(?:[ -]\d{2,8}){0,4}(?![\d.,:/]\d)(?!\d)")
_ROOM = re.compile(r"\d{3,5}(?!\d)")
_LABEL = re.compile(r"(?:#|No\. ?|NO\. ?|Nr\. ?)(\d{1,6})(?![\d.])[号號]?")


def _dashed(text: str, at: int) -> tuple[Value, int] | None:
    match = _DASHED.match(text, at)
    return (Ratio(match[1], match[2]), match.end()) if match else None


def _discount(text: str, at: int) -> tuple[Value, int] | None:
    """85折 is 八五折, 9·11 is 九一一."""
    match = _DISCOUNT.match(text, at)
    return (Digits(re.sub(r"\D", "", match[0])), match.end()) if match else None


def _generation(text: str, at: int) -> tuple[Value, int] | None:
    """80后 is 八零后."""
    match = _GENERATION.match(text, at)
    return (Digits(match[0]), match.end()) if match else None


def _label(text: str, at: int) -> tuple[Value, int] | None:
    match = _LABEL.match(text, at)
    return (Label(match[1], "#"), match.end()) if match else None


class Mandarin(Speaker):
    """Mandarin in simplified characters."""

    glue: ClassVar[str] = ""
    numerals = Numerals("零一二三四五六七八九", ("", "万", "亿", "万亿"), pair="两", pair_before="百千万亿万亿")
    over_phone: ClassVar[dict[int, int]] = str.maketrans("一", "幺")
    point, minus, below_zero, percent_of, per_mille_of, of_parts = "点", "负", "零下", "百分之", "千分之", "分之"
    to: ClassVar[str] = "到"
    every: ClassVar[str] = "每"
    ratio_word, whole_and, rank, of = "比", "又", "第", "的"
    times_word, number_word, version_word = "乘", "号", "版本"
    hour_word, minute_word, second_word = "点", "分", "秒"
    year_word, month_word, day_word = "年", "月", "日"
    halves: ClassVar[Mapping[str, str]] = {
        "am": "上午",
        "pm": "下午",
        "night": "晚上",
        "midnight": "凌晨",
        "noon": "中午",
    }
    symbols: ClassVar[Mapping[str, str]] = {
        "+": "加", "-": "减", "±": "正负", "×": "乘", "*": "乘", "÷": "除以", "=": "等于", "≠": "不等于", "≈": "约等于",
        "<": "小于", ">": "大于", "≤": "小于等于", "≥": "大于等于", "~": "约", "&": "和", "@": "at", "%": "百分号",
        "‰": "千分号", "#": "号", "$": "美元", "€": "欧元", "£": "英镑", "¥": "元", "√": "根号", "∞": "无穷大",
        "π": "派", "°": "度", "§": "第", "→": "到", "²": "平方", "³": "立方", "Ω": "欧姆", "μ": "微", "Σ": "西格玛",
    }  # fmt: skip
    link_signs: ClassVar[Mapping[str, str]] = {
        ".": "点", "@": "at", "/": "斜杠", ":": "冒号", "-": "杠", "_": "下划线", "?": "问号", "=": "等于", "&": "和",
        "#": "井号", "%": "百分号", "~": "波浪号", "+": "加",
    }  # fmt: skip
    prefixes: ClassVar[Mapping[str, str]] = {
        "": "", "k": "千", "M": "兆", "G": "吉", "T": "太", "h": "百", "d": "分", "c": "厘", "m": "毫", "μ": "微",
        "n": "纳", "p": "皮",
    }  # fmt: skip
    bases: ClassVar[Mapping[str, str]] = {
        "m": "米", "g": "克", "s": "秒", "L": "升", "Pa": "帕", "W": "瓦", "Wh": "瓦时", "VA": "伏安", "V": "伏",
        "A": "安", "Ah": "安时", "Ω": "欧", "Hz": "赫兹", "J": "焦", "cal": "卡", "lx": "勒克斯", "lm": "流明",
        "bps": "比特每秒", "bit": "比特", "b": "比特", "Sv": "西弗", "Bq": "贝克勒尔", "S": "西门子", "F": "法",
        "bar": "巴", "mol": "摩尔", "N": "牛", "cc": "毫升", "t": "吨", "h": "小时", "min": "分钟", "m²": "平方米",
        "m³": "立方米", "ft²": "平方英尺", "ha": "公顷", "ft": "英尺", "yd": "码", "mi": "英里", "in": "英寸",
        "lb": "磅", "oz": "盎司", "tbsp": "汤匙", "tsp": "茶匙", "fl oz": "液量盎司", "gal": "加仑", "rpm": "转每分钟", "fps": "帧每秒", "px": "像素", "dB": "分贝",
        "dBm": "分贝毫瓦", "mmHg": "毫米汞柱", "inHg": "英寸汞柱", "kn": "节", "K": "K", "Nm": "牛米", "°": "度",
        "day": "天", "d": "天", "week": "周", "month": "月", "year": "年", "hour": "小时", "minute": "分钟",
        "second": "秒", "person": "人", "night": "晚", "ppm": "PPM", "ppb": "PPB", "psi": "PSI", "dpi": "DPI",
        "ppi": "PPI", "bpm": "次每分钟", "iB": "iB",
    }  # fmt: skip
    units: ClassVar[Mapping[str, str]] = {
        "km": "公里", "kB": "KB", "MB": "兆", "GB": "GB", "TB": "TB", "PB": "PB", "KiB": "KB", "MiB": "兆", "GiB": "GB",
        "TiB": "TB", "km²": "平方公里", "cm²": "平方厘米", "mm²": "平方毫米", "cm³": "立方厘米", "mm³": "立方毫米",
    }  # fmt: skip
    celsius, fahrenheit = "摄氏度", "华氏度"
    currencies: ClassVar[Mapping[str, str]] = {
        "$": "美元", "¥": "元", "USD": "美元", "CNY": "元", "JPY": "日元", "EUR": "欧元", "GBP": "英镑", "KRW": "韩元",
        "HKD": "港元", "TWD": "新台币", "AUD": "澳元", "CAD": "加元", "SGD": "新加坡元", "MOP": "澳门元", "CHF": "瑞士法郎",
        "INR": "卢比", "RUB": "卢布", "THB": "泰铢", "VND": "越南盾", "PHP": "比索", "BTC": "比特币", "¢": "美分",
    }  # fmt: skip
    names: ClassVar[Mapping[str, str]] = {"CO2": "二氧化碳"}

    @property
    def recognisers(self) -> Sequence[Recogniser]:
        """Codes and phone numbers by the words around them, rooms, scores, clock hours."""
        return (
            self._asked_digits,
            self._score,
            self._named_by_digits,
            self._years,
            _generation,
            _discount,
            self._height,
        )

    @property
    def sign_recognisers(self) -> Sequence[Recogniser]:
        """#3."""
        return (_label,)

    @property
    def word_recognisers(self) -> Sequence[Recogniser]:
        """No. 5."""
        return (_label,)

    # -- written forms of this language

    def _asked_digits(self, text: str, at: int) -> tuple[Value, int] | None:
        match = _RUN.match(text, at)
        if match is None or len(match[0].replace(" ", "")) < 3:
            return None
        asked = _DIGITS_ASKED.search(text[max(0, at - 12) : at]) and not _COUNTER.match(text, match.end())
        service = _SERVICE.match(text, at) and _SERVICE_BEHIND.match(text, match.end())
        if (not asked and not service) or text[match.end() : match.end() + 1] in ("%", "°", "年"):
            return None
        groups = re.split(r"[ -]", match[0])
        return Phone(tuple(groups)), match.end()

    def _score(self, text: str, at: int) -> tuple[Value, int] | None:
        found = numbers.ratio(text, at) or _dashed(text, at)
        if found is None:
            return None
        if _SCORED.search(text[max(0, at - 8) : at]) or _SCORE_BEHIND.match(text, found[1]):
            return found
        return None

    def _years(self, text: str, at: int) -> tuple[Value, int] | None:
        """2022-2023赛季, 2021级: years before other words than 年."""
        match = _YEARS.match(text, at)
        if match is None:
            return None
        said = self.to.join(self.year(part) for part in match.groups() if part)
        return Words(said), match.end()

    def _height(self, text: str, at: int) -> tuple[Value, int] | None:
        """1米75 is 一米七五."""
        match = _CENTIMETRES.match(text, at)
        return (Words(self.year(match[0])), match.end()) if match else None

    def _named_by_digits(self, text: str, at: int) -> tuple[Value, int] | None:
        match = _ROOM.match(text, at)
        if match is None or not _NAMED_BY_DIGITS.match(text, match.end()):
            return None
        return Digits(match[0]), match.end()

    def per(self, text: str, at: int) -> str:
        """五元每斤, 一百公里每小时."""
        found = _PER_BEHIND.match(text, at + 1)
        return self.every if found and _PER_BEFORE.search(text[max(0, at - 16) : at]) else ""

    def counted(self, text: str, at: int, number: Number) -> tuple[Value, int] | None:
        """Years digit by digit, 两 before counters, 零下 with degrees, 万 and 亿 behind digits."""
        year = _YEAR.match(text, at)
        if year and self._is_year(text, at, number):
            return Counted(number, self.year_word, date=True), year.end()
        degree = _DEGREE.match(text, at)
        if degree:
            return Counted(number, "度"), degree.end()
        day = _DAY.match(text, at)
        if day:
            return Counted(number, day[0].strip(), date=True), day.end()
        start = at + text.startswith(" ", at)
        match = _COUNTER.match(text, start)
        if match and match[0] == "年" and text[match.end() : match.end() + 1] in ("级", "級"):
            return None  # 2年级 is 二年级
        if match and text[max(0, at - len(number.whole) - 2) : at - len(number.whole)].strip()[-1:] == self.rank:
            return Counted(number, match[0], date=True), match.end()  # 第2天 is 第二天
        return (Counted(number, match[0]), match.end()) if match else None

    def _is_year(self, text: str, at: int, number: Number) -> bool:
        if number.fraction or number.sign:
            return False
        if len(number.whole) == 2:
            return number.whole.startswith("0")
        if len(number.whole) != 4 or (number.whole.endswith("000") and number.whole != "2000"):
            return False
        return not _LONG_AGO.search(text[max(0, at - 7) : at - 4])

    # -- words

    def number(self, number: Number) -> str:
        """负二点五."""
        sign = {"": "", "-": self.minus, "+": self.symbols["+"], "±": self.symbols["±"]}[number.sign]
        said = self.numerals.spell(number.whole)
        if number.fraction:
            said += self.point + self.numerals.one_by_one(number.fraction)
        return sign + said

    def digits(self, text: str) -> str:
        """One by one, 一 as 幺 where it could be misheard."""
        return self.numerals.one_by_one(text).translate(self.over_phone)

    def phone(self, phone: Phone) -> str:
        """Say groups with a short pause; 加八六 before a national number."""
        said = "，".join(self.digits(group) for group in phone.groups)
        return self.symbols["+"] + said if phone.international else said

    def year(self, year: str) -> str:
        """Digit by digit, 零 for every zero."""
        return self.numerals.one_by_one(year)

    def date(self, date: Date) -> str:
        """二零二六年十一月二十三日."""
        said = f"{self.year(str(date.year))}{self.year_word}" if date.year is not None else ""
        if date.month is not None:
            said += self.numerals.spell(str(date.month)) + self.month_word
        if date.day is not None:
            said += self.numerals.spell(str(date.day)) + self.day_word
        return said

    def time(self, time: Time) -> str:
        """十四点三十分, 九点零五分, 上午九点."""
        hour = time.hour
        said = self._half(time) + self._paired(str(hour)) + self.hour_word
        if time.minute or time.second is not None:
            zero = self.numerals.digits[0] if time.minute < 10 else ""
            said += (zero if time.minute else "") + self.numerals.spell(str(time.minute)) + self.minute_word
        if time.second is not None:
            said += self.numerals.spell(str(time.second)) + self.second_word
        return said

    def _half(self, time: Time) -> str:
        if time.half is None:
            return ""
        if time.half == "am":
            return self.halves["midnight" if time.hour == 12 else "am"]
        if time.hour == 12:
            return self.halves["noon"]
        return self.halves["night" if time.hour >= 6 else "pm"]

    def _paired(self, whole: str) -> str:
        return self.numerals.pair if whole == "2" else self.numerals.spell(whole)

    def unit(self, unit: Unit) -> str:
        """千瓦时; a unit that Chinese has no word for keeps its letters (GB)."""
        if unit.key in self.units:
            return self.units[unit.key]
        if unit.base in ("°C", "°F"):
            return self.celsius if unit.base == "°C" else self.fahrenheit
        if unit.base == "km/h":
            return self.units["km"]
        if unit.base == "mph":
            return self.bases["mi"]
        return self.prefixes.get(unit.prefix, unit.prefix) + self.bases.get(unit.base, unit.base)

    def quantity(self, quantity: Quantity) -> str:
        """二十五摄氏度, 百分之五十, 每小时一百二十公里."""
        number, unit = quantity.number, quantity.unit
        if unit.base == "%":
            return self._percent(number)
        if unit.base == "‰":
            return self._signed(number) + self.per_mille_of + self.number(number.unsigned())
        if unit.base in ("°C", "°F", "°"):
            return self._temperature(number, unit)
        per = Unit("h") if unit.base in ("km/h", "mph") else unit.per
        amount = self._amount(number) + self.unit(unit)
        return self.every + self.unit(per) + amount if per is not None else amount

    def _percent(self, number: Number) -> str:
        whole = "百" if number.whole == "100" and not number.fraction else self.number(number.unsigned())
        return self._signed(number) + self.percent_of + whole

    def _signed(self, number: Number) -> str:
        return self.number(Number("0", "", number.sign))[:-1] if number.sign else ""

    def _temperature(self, number: Number, unit: Unit) -> str:
        below = self.below_zero if number.negative else ""
        kept = number.unsigned() if number.negative else number
        return below + self._amount(kept) + self.unit(unit)

    def _amount(self, number: Number) -> str:
        """Say a number before a noun: 两 for two."""
        if number.whole == "2" and not number.fraction:
            return self._signed(number) + self.numerals.pair
        return self.number(number)

    def money(self, money: Money) -> str:
        """十九点九九美元."""
        number = money.number.shifted(money.scale) if money.scale else money.number
        number = replace(number, fraction=number.fraction.rstrip("0"))
        return self._amount(number) + self.currencies.get(money.currency, money.currency)

    def price(self, money: Money, per: Unit) -> str:
        """每月五美元."""
        return f"{self.every}{self.unit(per)}{self.money(money)}"

    def count(self, counted: Counted) -> str:
        """两个, 零下五度, 二零二六年."""
        number, counter = counted.number, counted.counter
        if counted.date and counter == self.year_word:
            return self.year(number.whole) + counter
        if counted.date:
            return self.number(number) + counter
        if counter in ("元", "块钱", "塊錢", "港元", "美元"):
            number = replace(number, fraction=number.fraction.rstrip("0"))
        if counter == "度" and number.negative:
            return self.below_zero + self._amount(number.unsigned()) + counter
        return self._amount(number) + counter

    def fraction(self, fraction: Fraction) -> str:
        """四分之三, 二又二分之一."""
        if fraction.denominator in ("100", "1000") and not fraction.whole:
            of_parts = self.percent_of if fraction.denominator == "100" else self.per_mille_of
            return of_parts + self.numerals.spell(fraction.numerator)
        said = self.numerals.spell(fraction.denominator) + self.of_parts + self.numerals.spell(fraction.numerator)
        return self.numerals.spell(fraction.whole) + self.whole_and + said if fraction.whole else said

    def ratio(self, ratio: Ratio) -> str:
        """三比二."""
        return self.numerals.spell(ratio.left) + self.ratio_word + self.numerals.spell(ratio.right)

    def product(self, product: Product) -> str:
        """一九二零乘一零八零, 三米乘四米."""
        unit = self.unit(product.unit) if product.unit else ""
        return self.times_word.join(self._side(part) + unit for part in product.parts)

    def _side(self, part: Number) -> str:
        return self.numerals.one_by_one(part.whole) if len(part.whole) > 2 and not part.fraction else self.number(part)

    def power(self, power: Power) -> str:
        """十的六次方."""
        return f"{self.number(power.base)}{self.of}{self.number(power.exponent)}次方"

    def ordinal(self, number: str) -> str:
        """第三."""
        return self.rank + self.numerals.spell(number)

    def label(self, label: Label) -> str:
        """三号."""
        return self.numerals.spell(label.number) + self.number_word

    def version(self, version: Version) -> str:
        """版本二零二六点十一点二."""
        parts = [self.year(part) if len(part) == 4 else self.numerals.spell(part) for part in version.parts]
        return (self.version_word if version.named else "") + self.point.join(parts)

    def name(self, name: Name) -> str:
        """MP三, iPhone十五; three digits and more one by one: A一零零."""
        written = name.before + name.number + name.after
        if written in self.names:
            return self.names[written]
        whole, _, decimals = name.number.partition(".")
        # A380, 1080p and 802.11ax go digit by digit, 100M and 256G are amounts.
        named = name.before or name.after in ("p", "P", "i") or decimals
        said = self.digits(whole) if named and len(whole) > 2 else self.numerals.spell(whole)
        if decimals:
            said += self.point + self.numerals.one_by_one(decimals)
        return name.before + said + name.after.upper()

    def range(self, low: Value, high: Value) -> str:
        """二十到二十五摄氏度, 零下五摄氏度到三摄氏度, 百分之五到百分之十."""
        if isinstance(low, Number):
            low = self._with_unit(low, high)
        said = self._amount(low) if isinstance(low, Number) else say(self, low)
        return said + self.to + say(self, high)

    def _with_unit(self, low: Number, high: Value) -> Value:
        """Give the low end the unit of the high end where it must be said twice."""
        if isinstance(high, Quantity):
            of_parts = high.unit.base in ("%", "‰")
            crossing = low.negative and not high.number.negative
            return Quantity(low, high.unit) if of_parts or crossing else low
        if isinstance(high, Counted) and high.date and high.counter == self.year_word:
            return Words(self.year(low.whole))
        if isinstance(high, Counted) and high.date:
            return Words(self.number(low))
        if isinstance(high, Number):
            return Words(self.number(low))
        return low
