"""Korean: native numbers before counters, 유월 and 시월, 영하, figures of phone numbers with 공."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from wyoming_cosyvoice.text.normalize import korean_words as words
from wyoming_cosyvoice.text.normalize import numerals_korean as numerals
from wyoming_cosyvoice.text.normalize.speaker import Speaker, bound, say
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
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wyoming_cosyvoice.text.normalize.speaker import Recogniser

_NATIVE = (
    "개비 개피 개 명 사람 살 시간 시 마리 번째 번 잔 병 권 장 대 그루 송이 켤레 벌 채 가지 달 군데 곳 "
    "배 건 자루 통 줄 쌍 갑 그릇 모금 조각 판 봉지 상자 묶음 다발 접시 숟가락 스푼 컵 방울 바퀴 발자국 발짝 "
    "걸음 판 끼 해 밤 포기 알 톨 단 팩 캔 세트 박스 차례 식구 쪽지 겹 층계 모 벌 척 칸 구절 마디 밤 "
    "고개 돌 가구 수저 모둠 포대 자리 매 뼘 아름 판째 개째 잔째"
).split()
_SINO = (
    "개월 개년 개국 년 월 일 원 도 분 초 층 호 주 주일 세 학년 인분 인 등 위 회 차 킬로 미터 페이지 "
    "쪽 동 번지 호선 퍼센트 프로 달러 유로 엔 위안 점 대 급 단계 볼트 와트 그램 리터 시간대 박 세기 교시 "
    "과 절 항 조 편 부 기 학기 반 단지 만 억 조 천 백"
).split()
_COUNTER = re.compile("|".join(sorted(set(_NATIVE) | set(_SINO), key=len, reverse=True)))
# What must not follow a native counter of one syllable: 3대0, 2번 출구, 5시리즈, 3장 (chapter) are other words.
_NUMBERED = re.compile(
    r"번 ?(?:출구|방|버스|채널|트랙|카메라|문제|선수|국도|타자|홈|게이트|창구|테이블|좌석|센서|스위치|기기|구역|승강장|노선|줄|전등|조명|문항|항목|키|버튼)"
)
_LABEL = re.compile(r"(?:#|No\. ?|NO\. ?)(\d{1,6})(?![\d.])(?:번)?")
_SCALES = ("만", "억", "조", "천", "백")
_BOUNDS = {"<": "미만", ">": "초과", "≤": "이하", "≥": "이상"}
_SCORE = re.compile(
    r"(\d{1,3})(?:-(\d{1,3})(?= ?(?:으?로)? ?(?:승|패|무승부|이겼|졌|비겼|앞))"
    r"|(?: 대 |대)(\d{1,3})(?=$|[\s.,!?)]|로 |으로|의 |인 |이[다었]|입니다|승))"
)
_HISTORY = re.compile(r"(\d{1,2})·(\d{1,2})(?![\d·])")
# syllables behind a counter that make it another word: 5시리즈, Model 3 배터리, 2 건물
_OTHER_WORDS = {
    "시": re.compile(r"즌|리즈|스템|청|험|작"),
    "배": re.compile(r"터|경|송|달|열|치|관|기|수|선"),
    "건": re.compile(r"강|물|전|조|설|축|반|너"),
}
_AGES = re.compile(r" ?(?:남성|여성|초반|중반|후반|남녀|청년|이상|부부|남자|여자|가장|직장인)")
_RANKED = re.compile(r"(?:제|\d반) ?$")
_DIGITS_ASKED = re.compile(
    r"(?:전화번호|전화|번호|비밀번호|암호|인증번호|인증 코드|코드|계좌번호?|카드번호?|우편번호|신고는|긴급전화|핀|PIN)(?:는|은|가|이|를|을)?[: ]{0,2}$",
    re.IGNORECASE,
)
_RUN = re.compile(r"\d{3,32}(?:[ -]\d{2,8}){0,4}(?![\d%]|[.,:/]\d)")
_SHORT_PHONE = re.compile(r"(?:1[5-8]\d{2}|(?!20\d\d-20)[2-9]\d{2,3})-\d{4}(?![\d-]|원| 원)")
_EMERGENCY = re.compile(r"(11[0-9]|1[23]\d|120|182|1588|1577)(?=에 ?(?:전화|신고)|로 ?(?:전화|신고)|번으로|에 연락)")


class Korean(Speaker):
    """Korean in Hangul."""

    glue: ClassVar[str] = " "
    every: ClassVar[str] = "퍼"
    to: ClassVar[str] = "에서"
    symbols: ClassVar[Mapping[str, str]] = words.SYMBOLS
    link_signs: ClassVar[Mapping[str, str]] = words.LINK_SIGNS
    prefixes: ClassVar[Mapping[str, str]] = words.PREFIXES
    bases: ClassVar[Mapping[str, str]] = words.BASES
    areas: ClassVar[Mapping[str, str]] = words.AREAS
    currencies: ClassVar[Mapping[str, tuple[str, str]]] = words.CURRENCIES
    names: ClassVar[Mapping[str, str]] = words.NAMES

    @property
    def recognisers(self) -> Sequence[Recogniser]:
        """Codes and phone numbers by the words around them."""
        return (_asked_digits, _score, _day_of_history)

    @property
    def sign_recognisers(self) -> Sequence[Recogniser]:
        """#3."""
        return (_label, self._bound)

    @property
    def word_recognisers(self) -> Sequence[Recogniser]:
        """No. 5."""
        return (_label,)

    def _bound(self, text: str, at: int) -> tuple[Value, int] | None:
        """<5 is 오 미만."""
        return bound(self, _BOUNDS, text, at)

    def counted(self, text: str, at: int, number: Number) -> tuple[Value, int] | None:
        """Say the counter behind a number, one space allowed."""
        space = text.startswith(" ", at)
        match = _COUNTER.match(text, at + space)
        if match is None:
            return None
        counter = match[0]
        if counter in _OTHER_WORDS and _OTHER_WORDS[counter].match(text, match.end()):
            return None
        ranked = _RANKED.search(text[max(0, at - len(number.whole) - 2) : at - len(number.whole)])
        if counter in _SCALES:
            return Counted(number, counter), match.end()
        if counter == "대" and number.whole.endswith("0") and _AGES.match(text, match.end()):
            return Counted(number, counter, date=True), match.end()
        sino = counter not in _NATIVE or number.fraction or ranked or _NUMBERED.match(text, match.start())
        if counter == "시" and len(number.whole) == 2 and number.whole > "12":
            sino = True
        if counter == "시간" and number.whole in ("24", "36", "48", "60", "72", "96"):
            sino = True
        return Counted(number, counter, date=bool(sino)), match.end()

    def number(self, number: Number) -> str:
        """마이너스 이십삼 점 오."""
        said = numerals.sino(number.whole)
        if number.fraction:
            said += f" 점 {numerals.one_by_one(number.fraction)}"
        return {"": "", "-": "마이너스 ", "+": "플러스 ", "±": "플러스마이너스 "}[number.sign] + said

    def digits(self, text: str) -> str:
        """공일공."""
        return numerals.one_by_one(text, "공")

    def phone(self, phone: Phone) -> str:
        """공일공, 일이삼사, 오육칠팔."""
        said = ", ".join(self.digits(group) for group in phone.groups)
        return f"플러스 {said}" if phone.international else said

    def year(self, year: str) -> str:
        """이천이십육."""
        return numerals.sino(year)

    def date(self, date: Date) -> str:
        """이천이십육 년 십일월 이십삼일."""
        said = [f"{self.year(str(date.year))} 년"] if date.year is not None else []
        if date.month is not None:
            said.append(self._month(str(date.month)))
        if date.day is not None:
            said.append(f"{numerals.sino(str(date.day))}일")
        return " ".join(said)

    def _month(self, month: str) -> str:
        return {"6": "유", "10": "시"}.get(month, numerals.sino(month)) + "월"

    def time(self, time: Time) -> str:
        """세 시 삼십 분, 십팔 시, 오전 아홉 시."""
        half = {"am": "오전 ", "pm": "오후 ", None: ""}[time.half]
        hour = numerals.native(str(time.hour)) if 0 < time.hour <= 12 else numerals.sino(str(time.hour))
        said = f"{half}{hour} 시"
        if time.minute or time.second is not None:
            said += f" {numerals.sino(str(time.minute))} 분"
        if time.second is not None:
            said += f" {numerals.sino(str(time.second))} 초"
        return said

    def unit(self, unit: Unit) -> str:
        """킬로와트시."""
        if unit.base in ("m²", "m³") and unit.prefix:
            return self.areas[unit.key]
        return self.prefixes.get(unit.prefix, unit.prefix) + self.bases.get(unit.base, unit.base)

    def quantity(self, quantity: Quantity) -> str:
        """섭씨 이십오 도, 영하 팔 도, 시속 삼십이 킬로미터, 세제곱미터당 삼십오 마이크로그램."""
        number, unit = quantity.number, quantity.unit
        if unit.base in ("°C", "°F"):
            return self._temperature(number, unit)
        amount = f"{self._amount(number, unit)} {self.unit(unit)}"
        if unit.base in ("km/h", "mph"):
            return f"시속 {amount}"
        if unit.per is None:
            return amount
        if unit.per == Unit("h") and unit.base in ("m", "mi"):
            return f"시속 {amount}"
        if unit.per == Unit("s") and unit.base == "m":
            return f"초속 {amount}"
        return f"{self.unit(unit.per)}당 {amount}"

    def _amount(self, number: Number, unit: Unit) -> str:
        if unit.base in ("h", "hour") and not number.fraction and len(number.whole) < 3 and number.whole != "0":
            return numerals.native(number.whole)
        return self.number(number)

    def _temperature(self, number: Number, unit: Unit) -> str:
        scale = "화씨 " if unit.base == "°F" else "섭씨 "
        if number.negative:
            return f"{'' if unit.base == '°C' else scale}영하 {self.number(number.unsigned())} 도"
        return f"{scale}{self.number(number)} 도"

    def money(self, money: Money) -> str:
        """만 구천구백 원, 사 달러 오십 센트."""
        number = money.number.shifted(money.scale) if money.scale else money.number
        whole, part = self.currencies.get(money.currency, (money.currency, ""))
        if len(number.fraction) != 2 or not part:
            return f"{self.number(number)} {whole}"
        rest = f"{numerals.sino(str(int(number.fraction)))} {part}"
        sign = "마이너스 " if number.negative else ""
        if number.whole == "0":
            return sign + rest
        said = f"{sign}{numerals.sino(number.whole)} {whole}"
        return said if number.fraction == "00" else f"{said} {rest}"

    def price(self, money: Money, per: Unit) -> str:
        """월당 오 달러."""
        return f"{self.unit(per)}당 {self.money(money)}"

    def count(self, counted: Counted) -> str:
        """세 개, 스무 살, 첫 번째, 삼 층, 유월."""
        number, counter = counted.number, counted.counter
        if counter in _SCALES:
            alone = number.is_one and counter in "만천백"
            return counter if alone else self.number(number) + counter
        if counter == "월" and not number.fraction and number.whole.lstrip("0") in map(str, range(1, 13)):
            return self._month(number.whole.lstrip("0"))
        if counter == "일" and not number.fraction:
            return numerals.sino(number.whole.lstrip("0") or "0") + counter
        if counter in ("시", "분", "초") and number.whole.startswith("0") and len(number.whole) == 2:
            number = Number(number.whole[1])
        if counter == "도" and number.negative:
            return f"영하 {self.number(number.unsigned())} 도"
        if counter == "번째" and number.whole == "1":
            return "첫 번째"
        if counter == "박":
            return numerals.sino(number.whole) + counter
        if counted.date or number.whole == "0" or number.sign:
            return f"{self.number(number)} {counter}"
        return f"{numerals.native(number.whole)} {counter}"

    def equals(self, before: str) -> tuple[str, bool]:
        """삼 더하기 오는 팔: the particle fits the word before it."""
        return self.attach(before or "가", "은", "는")[-1], True

    def until(self) -> tuple[str, bool]:
        """월요일에서 금요일."""
        return self.to, True

    def fraction(self, fraction: Fraction) -> str:
        """사분의 삼, 이와 이분의 일."""
        said = f"{numerals.sino(fraction.denominator)}분의 {numerals.sino(fraction.numerator)}"
        return f"{self.attach(numerals.sino(fraction.whole), '과', '와')} {said}" if fraction.whole else said

    @staticmethod
    def attach(word: str, closed: str, opened: str) -> str:
        """Add the particle that fits the last syllable: `closed` behind a final consonant."""
        has_final = "가" <= word[-1] <= "힣" and (ord(word[-1]) - 0xAC00) % 28 > 0
        return word + (closed if has_final else opened)

    def ratio(self, ratio: Ratio) -> str:
        """삼 대 이."""
        return f"{numerals.sino(ratio.left)} 대 {numerals.sino(ratio.right)}"

    def product(self, product: Product) -> str:
        """천구백이십 곱하기 천팔십, 삼 미터 곱하기 사 미터."""
        unit = f" {self.unit(product.unit)}" if product.unit else ""
        return " 곱하기 ".join(self.number(part) + unit for part in product.parts)

    def power(self, power: Power) -> str:
        """십의 육 제곱."""
        return f"{self.number(power.base)}의 {self.number(power.exponent)} 제곱"

    def ordinal(self, number: str) -> str:
        """첫 번째, 세 번째."""
        return "첫 번째" if number == "1" else f"{numerals.native(number)} 번째"

    def label(self, label: Label) -> str:
        """삼 번."""
        return f"{numerals.sino(label.number)} 번"

    def version(self, version: Version) -> str:
        """버전 이천이십육 점 십일 점 이."""
        return ("버전 " if version.named else "") + " 점 ".join(map(numerals.sino, version.parts))

    def name(self, name: Name) -> str:
        """MP 쓰리, 사 K, iPhone 십오."""
        written = name.before + name.number + name.after
        if written in self.names:
            return self.names[written]
        if name.is_short_abbreviation and name.number in words.NAME_NUMBERS:
            return f"{name.before} {words.NAME_NUMBERS[name.number]}"
        whole, _, decimals = name.number.partition(".")
        said = self.digits(whole) if len(whole) > 4 else numerals.sino(whole)
        if decimals:
            said += f" 점 {numerals.one_by_one(decimals)}"
        return " ".join(filter(None, (name.before, said, name.after.upper())))

    def range(self, low: Value, high: Value) -> str:
        """이십에서 이십오 도, 세 개에서 다섯 개, 아홉 시에서 십칠 시."""
        if isinstance(low, Number) and isinstance(high, Counted) and not high.date:
            low = Counted(low, high.counter)
        elif isinstance(low, Number) and isinstance(high, Counted) and high.counter in ("월", "일"):
            low = Counted(low, high.counter, date=True)
        elif isinstance(low, Number) and low.negative and isinstance(high, Quantity):
            low = Quantity(low, high.unit)
        elif isinstance(low, Number) and isinstance(high, Quantity) and high.unit.base in ("°C", "°F"):
            scale = "섭씨" if high.unit.base == "°C" else "화씨"
            return f"{scale} {self.number(low)}에서 {self.number(high.number)} 도"
        return f"{say(self, low)}에서 {say(self, high)}"


def _label(text: str, at: int) -> tuple[Value, int] | None:
    match = _LABEL.match(text, at)
    return (Label(match[1], "#"), match.end()) if match else None


def _score(text: str, at: int) -> tuple[Value, int] | None:
    match = _SCORE.match(text, at)
    return (Ratio(match[1], match[2] or match[3]), match.end()) if match else None


def _day_of_history(text: str, at: int) -> tuple[Value, int] | None:
    """6·25 is 육이오."""
    match = _HISTORY.match(text, at)
    return (Digits(match[1] + match[2]), match.end()) if match else None


def _asked_digits(text: str, at: int) -> tuple[Value, int] | None:
    match = _SHORT_PHONE.match(text, at)
    if match is not None:
        return Phone(tuple(match[0].split("-"))), match.end()
    match = _EMERGENCY.match(text, at)
    if match is not None:
        return Digits(match[0]), match.end()
    match = _RUN.match(text, at)
    if match is None or not _DIGITS_ASKED.search(text[max(0, at - 12) : at]) or _COUNTER.match(text, match.end()):
        return None
    return Phone(tuple(re.split("[ -]", match[0]))), match.end()
