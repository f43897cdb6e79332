"""SSML: what it means, and that nothing in it can hurt."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.speech.plan import Planner, PlanSettings
from wyoming_cosyvoice.text.clause import Clause, Phonemes

SETTINGS = PlanSettings(text_format="ssml")


def plan(*pieces: str, settings: PlanSettings = SETTINGS) -> list[Clause]:
    planner = Planner(settings)
    return [clause for piece in pieces for clause in planner.feed(piece)] + planner.finish()


def words(text: str) -> str:
    return " ".join(clause.spoken for clause in plan(text))


def test_paragraphs_and_sentences_end() -> None:
    clauses = plan("<speak>\n<p><s>One</s>\n<s>two\nlines</s></p>\n<p>Three</p></speak>")
    assert [(clause.text, clause.ends_sentence) for clause in clauses] == [
        ("One", True),
        ("two lines", True),
        ("Three", True),
    ]


@pytest.mark.parametrize(
    ("markup", "seconds"),
    [
        ('<break time="500ms"/>', 0.5),
        ('<break time="1.5s"/>', 1.5),
        ("<break time='2 s'></break>", 2.0),
        ("<break/>", 0.5),
        ('<break strength="weak"/>', 0.25),
        ('<break strength="x-strong"/>', 1.2),
        ('<break time="soon"/>', 0.5),
        ('<break time="9999999s"/>', 0.5),
        ('<break time="600s"/>', 10.0),
        ('<break time="-1s"/>', 0.5),
    ],
)
def test_a_break_is_the_pause_behind_a_clause(markup: str, seconds: float) -> None:
    clauses = plan(f"<speak>One {markup} two</speak>")
    assert [(clause.text, clause.pause, clause.ends_sentence) for clause in clauses] == [
        ("One", seconds, False),
        ("two", None, True),
    ]


@pytest.mark.parametrize("markup", ['<break strength="none"/>', '<break time="0s"/>'])
def test_no_break_does_not_cut(markup: str) -> None:
    assert [clause.text for clause in plan(f"One {markup}two")] == ["One two"]


def test_a_break_alone_is_silence() -> None:
    (clause,) = plan('<speak><break time="1s"/></speak>')
    assert (clause.spans, clause.pause) == ((), 1.0)


@pytest.mark.parametrize(
    ("attributes", "speed", "volume"),
    [
        ('rate="slow"', 0.75, 1.0),
        ('rate="150%"', 1.5, 1.0),
        ('rate="+20%"', 1.2, 1.0),
        ('rate="-20%"', 0.8, 1.0),
        ('rate="1.25"', 1.25, 1.0),
        ('rate="9000%"', 2.0, 1.0),
        ('rate="quick"', 1.0, 1.0),
        ('volume="soft"', 1.0, 0.6),
        ('volume="50"', 1.0, 0.5),
        ('volume="+6dB"', 1.0, 1.995),
        ('volume="-6dB"', 1.0, 0.501),
        ('volume="silent"', 1.0, 0.0),
        ('pitch="high"', 1.0, 1.0),
        ('rate="fast" volume="loud"', 1.35, 1.5),
    ],
)
def test_prosody(attributes: str, speed: float, volume: float) -> None:
    before, inside, after = plan(f"<speak>One. <prosody {attributes}>Two.</prosody> Three.</speak>")
    assert inside.speed == pytest.approx(speed)
    assert inside.volume == pytest.approx(volume, abs=0.001)
    assert (before.speed, before.volume, after.speed, after.volume) == (1, 1, 1, 1)


def test_prosody_inside_a_sentence_cuts_it_and_nests() -> None:
    clauses = plan('a <prosody rate="2">b <prosody volume="soft">c</prosody></prosody> d')
    assert [(clause.text, clause.speed, clause.volume) for clause in clauses] == [
        ("a", 1, 1),
        ("b", 2, 1),
        ("c", 2, 0.6),
        ("d", 1, 1),
    ]


def test_voice_and_language() -> None:
    clauses = plan('<voice name="zh_female_1">你好</voice><voice name="x" xml:lang="en-US">Hi</voice>')
    assert [clause.voice for clause in clauses] == ["zh_female_1", "x"]
    (clause,) = plan('東京は <lang xml:lang="zh-CN">北京 3</lang> と違う')
    assert [(span.language, span.text.strip()) for span in clause.spans] == [
        ("ja", "東京は"),
        ("zh", "北京 3"),
        ("ja", "と違う"),
    ]
    (clause,) = plan('<speak xml:lang="yue">你好</speak>')
    assert clause.spans[0].language == "yue"
    (clause,) = plan('<lang xml:lang="tlh">你好</lang>')
    assert clause.spans[0].language == "zh"


def test_a_language_ends_with_its_element_across_sentences() -> None:
    first, second = plan('<lang xml:lang="ja">東京。</lang>北京。')
    assert (first.spans[0].language, second.spans[0].language) == ("ja", "ja")  # the sentence before was Japanese
    first, second = plan('<lang xml:lang="ja">東京。</lang>我们。')
    assert (first.spans[0].language, second.spans[0].language) == ("ja", "zh")


def test_sub_is_read_as_its_alias() -> None:
    (clause,) = plan('Visit <sub alias="World Wide Web Consortium. Yes">W3C</sub> now')
    assert clause.spoken == "Visit World Wide Web Consortium. Yes now"
    assert clause.text == "Visit W3C now"


@pytest.mark.parametrize(
    ("alphabet", "ph", "text", "language", "expected"),
    [
        ("ipa", "təˈmɑːtəʊ", "tomato", "en", Phonemes("ipa", "təˈmɑːtəʊ")),
        ("x-pinyin", "chong2 qing4", "重庆", "zh", Phonemes("pinyin", "chong2 qing4")),
        ("pinyin", "hang2", "行", "zh", Phonemes("pinyin", "hang2")),
        ("jyutping", "hoeng1 gong2", "香港", "yue", Phonemes("jyutping", "hoeng1 gong2")),
        ("kana", "とうきょう", "東京", "ja", Phonemes("kana", "とうきょう")),
    ],
)
def test_phoneme(alphabet: str, ph: str, text: str, language: str, expected: Phonemes) -> None:
    (clause,) = plan(f'<phoneme alphabet="{alphabet}" ph="{ph}">{text}</phoneme>')
    (span,) = clause.spans
    assert (span.language, span.text, span.phonemes) == (language, text, expected)


def test_a_phoneme_without_text_is_spoken() -> None:
    (clause,) = plan('<speak><phoneme alphabet="ipa" ph="həˈloʊ"/><phoneme ph="həˈloʊ"></phoneme></speak>')
    assert [span.phonemes for span in clause.spans] == [Phonemes("ipa", "həˈloʊ")] * len(clause.spans)


def test_an_unknown_alphabet_is_read_as_text() -> None:
    assert words('<phoneme alphabet="x-klingon" ph="abc">hello</phoneme>') == "hello"


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('The code is <say-as interpret-as="characters">AB1</say-as>.', "The code is A B one."),
        ('The code is <say-as interpret-as="digits">105</say-as>.', "The code is one zero five."),
        ('It is <say-as interpret-as="cardinal">1984</say-as>.', "It is one thousand nine hundred eighty-four."),
        ('The <say-as interpret-as="ordinal">3</say-as> one.', "The third one."),
        ('On <say-as interpret-as="date" format="dmy">3/4/2026</say-as>.', "April third"),
        ('On <say-as interpret-as="date" format="mdy">3/4/2026</say-as>.', "March fourth"),
        ('At <say-as interpret-as="time">10:30</say-as>.', "At ten thirty."),
        ('它是<say-as interpret-as="cardinal">110</say-as>号。', "它是一百一十号。"),
        ('请拨<say-as interpret-as="telephone">110</say-as>。', "请拨幺幺零。"),
        ('<say-as interpret-as="nonsense">3 km</say-as> far.', "three kilometers far."),
    ],
)
def test_say_as(markup: str, expected: str) -> None:
    (clause,) = plan(markup)
    assert expected in clause.spoken


# --- unknown, malformed, hostile


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<speak>plain</speak>", "plain"),
        ("no markup at all", "no markup at all"),
        ("<emphasis level='strong'>very</emphasis> good", "very good"),
        ("<mstts:express-as style='sad'>oh no</mstts:express-as>", "oh no"),
        ("<audio src='x.wav'>a sound</audio>", "a sound"),
        ("<speak>unclosed <prosody rate='2'>tag", "unclosed tag"),
        ("</p></speak>stray close", "stray close"),
        ("<p>wrong <s>order</p> here</s>", "wrong order here"),
        ("<say-as interpret-as='date'>never closed", "never closed"),
        ("<sub>no alias</sub>", "no alias"),
        ("<?xml version='1.0'?><speak>x</speak>", "x"),
        ("<![CDATA[a bold word]]>", "a bold word"),
        ("<!-- note -->x", "x"),
        ("Tom &amp; Jerry", "Tom and Jerry"),
    ],
)
def test_what_is_unknown_or_wrong_is_read_as_its_text(text: str, expected: str) -> None:
    assert words(text) == expected


def test_a_billion_laughs_are_not_laughed() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
    clauses = plan(f"<?xml version='1.0'?><!DOCTYPE lolz [{entities}]><speak>&l9; end</speak>")
    assert sum(len(clause.spoken) for clause in clauses) < 40


def test_external_entities_are_not_read() -> None:
    clauses = plan('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><speak>&e;</speak>')
    assert "root" not in "".join(clause.spoken for clause in clauses)


HOSTILE = {
    "deep": "<p>" * 30_000 + "deep" + "</p>" * 30_000,
    "unclosed": "<prosody rate='2'>" * 10_000 + "unclosed",
    "closing": "</p>" * 50_000 + "closing",
    "attribute": f"<speak lang='{'x' * 100_000}'>attribute</speak>",
    "attributes": "<speak " + "a='b' " * 4_000 + ">attributes</speak>",
    "quote": "<speak a='" + "<p>word </p>" * 3_000 + "quote",
    "entity": "&" + "a" * 100_000 + "; entity",
    "entities": "&amp;" * 50_000 + " entities",
    "comment": "<!--" + "-" * 100_000 + " comment",
    "doctype": "<!DOCTYPE " + "[" * 100_000 + " doctype",
    "captured": "<sub alias='x'>" + "word " * 5_000 + "captured",
    "breaks": "<break time='1s'/>" * 5_000 + "breaks",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_markup_ends_and_is_read_on(name: str) -> None:
    clauses = plan(HOSTILE[name])
    assert any(name in clause.text for clause in clauses) or name == "captured"
    assert all(len(clause.spoken) <= SETTINGS.max_characters for clause in clauses)


@pytest.mark.parametrize(
    "unit", ["<", "<a ", "</", "<p>", "</p>", "<!--", "<![CDATA[", "&", "&a", "<a b='", "<a b=c ", "<sub>"]
)
def test_time_is_linear(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        started = time.process_time()
        plan(text)
        return time.process_time() - started

    seconds(1000)
    short = min(seconds(1_500) for _ in range(2))
    long = min(seconds(12_000) for _ in range(2))
    assert long < 8 * 2.5 * short + 0.05


PIECES = st.sampled_from(
    """<speak> </speak> <p> </p> <s> <break/> <break|time="1s"/> <prosody|rate="2"> </prosody> <lang|xml:lang="ja">
    </lang> <sub|alias="b"> </sub> <phoneme|ph="x"> </phoneme> <voice|name="v"> </voice> < > & &amp; &# " ' / <! <!--
    --> ]]> word 好 の 。 . 3 5""".split()
).map(lambda piece: piece.replace("|", " "))
SSML = st.lists(PIECES | st.just(" "), max_size=30).map("".join) | st.text(max_size=60)


@given(SSML, st.data())
def test_any_cutting_gives_the_same_clauses(text: str, data: st.DataObject) -> None:
    whole = plan(text)
    assert plan(*text) == whole
    cut = data.draw(st.integers(0, len(text)))
    assert plan(text[:cut], text[cut:]) == whole
