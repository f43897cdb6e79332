"""Written forms that Chinese reads in ways of its own, for Mandarin and Cantonese."""

from __future__ import annotations

import re

from wyoming_cosyvoice.text.normalize.recognise import numbers
from wyoming_cosyvoice.text.normalize.values import Digits, Label, Phone, Ratio, Value

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
COUNTER = re.compile("|".join(sorted(map(re.escape, _PAIRED), key=len, reverse=True)))
YEAR = re.compile(r" ?年(?![前后後间間来來多以级級内內])")
LONG_AGO = re.compile(r"(?:[过過经經历歷][了去]?|[了满滿长長达達约約近共]|每|[这這那][几幾])$")
DAY = re.compile(r" ?[月日号號](?!线|線)")
PER_BEFORE = re.compile(r"(?:[元块塊蚊圆圓毛角分钱錢]|公里|千米|[米升斤次个個件人度兆]|[mgLWB]|[$¥€£] ?[\d,.]{1,12})$")
PER_BEHIND = re.compile(
    r"(?:月|年|天|日|小时|小時|时|時|分钟|分鐘|分|秒|人|次|个|個|件|斤|公斤|千克|度|平方米|平米|晚|升|条|套|张|份|吨|噸|周|星期|位|间|間|盒|包|磅)"
    r"(?![A-Za-z\d])"
)
YEARS = re.compile(
    r"((?:19|20)\d{2})(?:[-–~]((?:19|20)\d{2}|\d{2}))?(?=赛季|賽季|学年|學年|财年|財年|级|級|届|屆|款|年度)"
)
CENTIMETRES = re.compile(r"(?<=[0-9][米秒])\d{2}(?![\d.])")
_DASHED = re.compile(r"(\d{1,3})[-–](\d{1,3})(?![\d-]|[.,:/]\d)")
_GENERATION = re.compile(r"(?:[5-9][05]|[01][05])(?=[后後](?![退台来來面天卫衛]))")
_DISCOUNT = re.compile(r"[1-9]{2}(?=折)|\d{1,2}·\d{1,2}(?![\d·])")
DEGREE = re.compile(r" ?度(?!假|过|過|数|數)")
_NAMED_BY_DIGITS = re.compile(
    r"(?: ?(?:室|房间|房間|号房|號房|房|事件|晚会|大促|路公交|路公車|路巴士|路(?=[，。！？,.]|$)|次列车|次列車|航班|寝室|教室|会议室|會議室|包间|包廂|包厢|病房|诊室|号楼|班车|国道|省道))"
)
_DIGITS_ASKED = re.compile(
    r"(?:电话|電話|手机|手機|号码|號碼|热线|熱線|客服|拨|撥|打|验证码|驗證碼|密码|密碼|编号|編號|编码|编碼|订单号?|訂單號?|单号|單號|"
    r"账号|帳號|卡号|卡號|尾号|尾號|单元|單元|学号|學號|邮编|郵編|代码|代碼|取件码|股票|QQ|群|PIN|房号|房號|车牌|車牌|端口|频道|房间号?|房間號?|[\u4e00-\u9fff](?:号|號)(?:码|碼)?)(?:号|號|到|给|給|为|為|是|係)?[:：是为為係 ]{0,2}$",
    re.IGNORECASE,
)
_SERVICE = re.compile(r"(?:100\d{2}|95\d{3}|12\d{3}|1[12]\d|999)(?!\d|[.,:/-]\d)")
_SERVICE_BEHIND = re.compile(r".{0,2}(?:电话|電話|客服|热线|熱線|报警|報警|急救|火警|匪警|交警|救护|救護)")
_SCORED = re.compile(r"(?:比分|比数|比數|比率|比例|[以胜勝负負平赢贏输輸])[是为為係]?[:： ]{0,2}$")
_SCORE_BEHIND = re.compile(
    r" ?(?:[战戰][胜勝平]|[胜勝负負赢贏输輸]|大[胜勝]|险[胜]|击败|擊敗|领先|領先|落后|落後|的比分|的比例|比例|平局|打平)"
)
_RUN = re.compile(r"\d{1,32}(?:[ -]\d{1,8}){0,4}(?![\d.,:/]\d)(?!\d)")
_ROOM = re.compile(r"\d{3,5}(?!\d)")
_LABEL = re.compile(r"(?:#|No\. ?|NO\. ?|Nr\. ?)(\d{1,6})(?![\d.])[号號]?")


def _dashed(text: str, at: int) -> tuple[Value, int] | None:
    match = _DASHED.match(text, at)
    return (Ratio(match[1], match[2]), match.end()) if match else None


def discount(text: str, at: int) -> tuple[Value, int] | None:
    """85折 is 八五折, 9·11 is 九一一."""
    match = _DISCOUNT.match(text, at)
    return (Digits(re.sub(r"\D", "", match[0])), match.end()) if match else None


def generation(text: str, at: int) -> tuple[Value, int] | None:
    """80后 is 八零后."""
    match = _GENERATION.match(text, at)
    return (Digits(match[0]), match.end()) if match else None


def label(text: str, at: int) -> tuple[Value, int] | None:
    """Read #3 and No. 5."""
    match = _LABEL.match(text, at)
    return (Label(match[1], "#"), match.end()) if match else None


def asked_digits(text: str, at: int) -> tuple[Value, int] | None:
    """Read digits one by one where the words around them ask for it: 验证码0471, 95588客服."""
    match = _RUN.match(text, at)
    if match is None or len(match[0].replace(" ", "")) < 3:
        return None
    asked = _DIGITS_ASKED.search(text[max(0, at - 12) : at]) and not COUNTER.match(text, match.end())
    service = _SERVICE.match(text, at) and _SERVICE_BEHIND.match(text, match.end())
    if (not asked and not service) or text[match.end() : match.end() + 1] in ("%", "°", "年"):
        return None
    groups = re.split(r"[ -]", match[0])
    return Phone(tuple(groups)), match.end()


def score(text: str, at: int) -> tuple[Value, int] | None:
    """Read 3:2 and 3-1 as a score where the words around them say so."""
    found = numbers.ratio(text, at) or _dashed(text, at)
    if found is None:
        return None
    if _SCORED.search(text[max(0, at - 8) : at]) or _SCORE_BEHIND.match(text, found[1]):
        return found
    return None


def named_by_digits(text: str, at: int) -> tuple[Value, int] | None:
    """Read rooms, buses and flights by their digits: 302室."""
    match = _ROOM.match(text, at)
    if match is None or not _NAMED_BY_DIGITS.match(text, match.end()):
        return None
    return Digits(match[0]), match.end()
