"""What a Wyoming client may rely on, checked with the real client."""

from __future__ import annotations

import pytest
from wyoming.event import Event
from wyoming.info import SelectProgram
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeVoice,
)

from tests.server.harness import Answer, Server, ask, describe, read_answer

SPOKEN = ["audio-start", "audio-chunk", "audio-stop"]
STREAMED = [*SPOKEN, "synthesize-stopped"]


def stream(*texts: str, compatible: bool = True, **start: object) -> list[Event]:
    """Return the events that Home Assistant sends for a text in pieces."""
    return [
        SynthesizeStart(**start).event(),  # type: ignore[arg-type]
        *(SynthesizeChunk(text).event() for text in texts),
        *([Synthesize("".join(texts)).event()] if compatible else []),
        SynthesizeStop().event(),
    ]


async def say(server: Server, text: str, **context: object) -> Answer:
    async with server.client() as client:
        return await ask(client, Synthesize(text, context={"cosyvoice": context}).event())


async def test_one_start_one_stop_for_many_sentences(server: Server) -> None:
    async with server.client() as client:
        answer = await ask(client, Synthesize("One sentence. And a second one! 还有第三句。").event())
    assert answer.shape == SPOKEN
    assert answer.types.count("audio-start") == answer.types.count("audio-stop") == 1
    assert answer.seconds > 1


async def test_a_stream_is_answered_by_one_start_one_stop_and_stopped(server: Server) -> None:
    async with server.client() as client:
        answer = await ask(client, *stream("Hello there. ", "How are ", "you today?"), streaming=True)
    assert answer.shape == STREAMED
    assert answer.types.count("audio-start") == answer.types.count("audio-stop") == 1


async def test_a_stream_sounds_like_its_text_at_once_whatever_the_pieces(server: Server) -> None:
    text = "Turn on the light. 打开客厅的灯。It is 21 degrees."
    async with server.client() as client:
        whole = await ask(client, Synthesize(text).event())
        for pieces in (list(text), [text], [text[:7], text[7:30], text[30:]]):
            assert (await ask(client, *stream(*pieces), streaming=True)).audio == whole.audio


async def test_the_first_sound_comes_before_the_text_has_ended(server: Server) -> None:
    async with server.client() as client:
        await client.write_event(SynthesizeStart().event())
        await client.write_event(SynthesizeChunk("This sentence is complete. And this one").event())
        first = await client.read_event()
        assert first is not None
        assert first.type == "audio-start"
        await client.write_event(SynthesizeStop().event())
        assert (await read_answer(client, streaming=True, rate=first.data["rate"])).types[-1] == "synthesize-stopped"


async def test_many_requests_in_any_order_on_one_connection(server: Server) -> None:
    async with server.client() as client:
        for _ in range(2):
            assert (await ask(client, *stream("A stream. "), streaming=True)).shape == STREAMED
            assert (await ask(client, Synthesize("At once.").event())).shape == SPOKEN
            assert (await ask(client, *stream("Another. ", compatible=False), streaming=True)).shape == STREAMED
            assert (await describe(client)).tts


async def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    texts = ["One.", "Twenty-two.", "Three hundred and thirty-three."]
    async with server.client() as client:
        alone = [await ask(client, Synthesize(text).event()) for text in texts]
        for text in texts:
            await client.write_event(Synthesize(text).event())
            for event in stream(text):
                await client.write_event(event)
        for expected in alone:
            answer = await read_answer(client, streaming=False)
            assert (answer.shape, answer.audio) == (SPOKEN, expected.audio)
            answer = await read_answer(client, streaming=True)
            assert (answer.shape, answer.audio) == (STREAMED, expected.audio)


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "…", "。。。", "😀", "***", "\u200b", "¡"])
async def test_nothing_to_say_is_a_short_silence(server: Server, text: str) -> None:
    async with server.client() as client:
        for answer in (
            await ask(client, Synthesize(text).event()),
            await ask(client, *stream(text), streaming=True),
        ):
            assert answer.shape[:3] == SPOKEN
            assert answer.error is None
            assert 0 < answer.seconds < 1.5
            assert not any(answer.audio)


async def test_a_stream_without_text_is_a_short_silence(server: Server) -> None:
    async with server.client() as client:
        assert (await ask(client, *stream(compatible=False), streaming=True)).shape == STREAMED


async def test_unknown_events_and_payloads_are_ignored(server: Server) -> None:
    async with server.client() as client:
        await client.write_event(Event("transcribe", {"language": "en"}))
        await client.write_event(Event("audio-chunk", {"rate": 16000, "width": 2, "channels": 1}, b"\0" * 200_000))
        await client.write_event(Event("x" * 1000))
        assert (await ask(client, Synthesize("Still here.").event())).shape == SPOKEN


async def test_ping_is_answered(server: Server) -> None:
    async with server.client() as client:
        await client.write_event(Ping("hello").event())
        event = await client.read_event()
        assert event is not None
        assert Pong.from_event(event).text == "hello"


async def test_the_right_program_can_be_selected_and_a_wrong_one_is_refused(server: Server) -> None:
    async with server.client() as client:
        answer = await ask(client, SelectProgram("cosyvoice").event(), Synthesize("Yes.").event())
        assert answer.shape == SPOKEN
        answer = await ask(client, SelectProgram("piper").event())
        assert answer.error is not None
        assert "cosyvoice" in answer.error.text
        assert (await ask(client, Synthesize("Still yes.").event())).shape == SPOKEN


async def test_the_voice_is_chosen_by_name_alias_and_language(server: Server) -> None:
    async with server.client() as client:
        low = await ask(client, Synthesize("Voice.", SynthesizeVoice(name="tone_low")).event())
        high = await ask(client, Synthesize("Voice.", SynthesizeVoice(name="tone_high")).event())
        alias = await ask(client, Synthesize("Voice.", SynthesizeVoice(name="high")).event())
        chinese = await ask(client, Synthesize("Voice.", SynthesizeVoice(language="zh-TW")).event())
        bare = await ask(client, Event("synthesize", {"text": "Voice.", "voice": "tone_high"}))
    assert low.audio != high.audio
    assert high.audio == alias.audio == chinese.audio == bare.audio


async def test_the_context_changes_speed_volume_silence_and_rate(server: Server) -> None:
    plain = await say(server, "One sentence. Another sentence.")
    fast = await say(server, "One sentence. Another sentence.", speed=2.0)
    paused = await say(server, "One sentence. Another sentence.", sentence_silence=1.2)
    quiet = await say(server, "One sentence. Another sentence.", volume=0.0)
    narrow = await say(server, "One sentence. Another sentence.", sample_rate=16000)
    assert fast.seconds < 0.7 * plain.seconds
    assert paused.seconds > plain.seconds + 0.8
    assert not any(quiet.audio)
    assert narrow.rate == 16000
    assert narrow.seconds == pytest.approx(plain.seconds, abs=0.01)


async def test_the_context_works_in_a_stream_too(server: Server) -> None:
    async with server.client() as client:
        events = stream("One sentence.", context={"cosyvoice": {"sample_rate": 16000, "language": "auto"}})
        assert (await ask(client, *events, streaming=True)).rate == 16000


async def test_ssml(server: Server) -> None:
    async with server.client() as client:
        plain = await ask(client, Synthesize("One two").event())
        ssml = '<speak>One <break time="1500ms"/> two</speak>'
        marked = await ask(client, Synthesize(ssml, text_format="ssml").event())
    assert marked.shape == SPOKEN
    assert marked.seconds > plain.seconds + 1


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        ({}, "bad-request", "text"),
        ({"text": None}, "bad-request", "text"),
        ({"text": ["a"]}, "bad-request", "text"),
        ({"text": "a", "voice": {"name": "nobody"}}, "unknown-voice", "tone_low"),
        ({"text": "a", "voice": {"name": 5}}, "bad-request", "name"),
        ({"text": "a", "voice": [1]}, "bad-request", "voice"),
        ({"text": "a", "voice": {"language": "tlh"}}, "unsupported-language", "zh"),
        ({"text": "a", "text_format": "html"}, "bad-request", "ssml"),
        ({"text": "a", "context": "fast"}, "bad-request", "context"),
        ({"text": "a", "context": {"cosyvoice": 3}}, "bad-request", "context.cosyvoice"),
        *[
            ({"text": "a", "context": {"cosyvoice": {name: value}}}, "bad-request", name)
            for name, value in [
                ("speed", "fast"),
                ("speed", 9),
                ("speed", True),
                ("speed", 10**400),
                ("volume", -1),
                ("sentence_silence", 99),
                ("style", 1),
                ("style", "x" * 5000),
                ("seed", 1.5),
                ("seed", -1),
                ("seed", 10**30),
                ("sample_rate", 100),
                ("sample_rate", "16k"),
                ("language", {}),
                ("voice", 1),
            ]
        ],
        ({"text": "a", "context": {"cosyvoice": {"language": "klingon"}}}, "unsupported-language", "zh"),
        ({"text": "a" * 30_000}, "text-too-long", "20"),
        ({"text": "a" * 250_000}, "text-too-long", "20"),
    ],
)
async def test_a_wrong_request_is_told_so_and_the_connection_goes_on(
    server: Server, data: dict[str, object], code: str, words: str
) -> None:
    async with server.client() as client:
        answer = await ask(client, Event("synthesize", data))
        assert answer.types == ["error"]
        assert answer.error is not None
        assert (answer.error.code, words in answer.error.text) == (code, True), answer.error
        if "text" not in data or isinstance(data["text"], str):
            start = {key: value for key, value in data.items() if key != "text"}
            events = [Event("synthesize-start", start), *stream(str(data.get("text", "a")))[1:]]
            streamed = await ask(client, *events, streaming=True)
            if "text" in data:
                assert streamed.error is not None
                assert streamed.error.code == code
                assert streamed.types[-1] == "synthesize-stopped"
                assert ("audio-start" in streamed.types) == ("audio-stop" in streamed.types)
        assert (await ask(client, Synthesize("Go on.").event())).shape == SPOKEN


async def test_a_chunk_that_is_no_text_ends_its_stream(server: Server) -> None:
    async with server.client() as client:
        events = [SynthesizeStart().event(), Event("synthesize-chunk", {"text": 5}), SynthesizeStop().event()]
        answer = await ask(client, *events, streaming=True)
        assert answer.types == ["error", "synthesize-stopped"]
        assert (await ask(client, Synthesize("Go on.").event())).shape == SPOKEN


async def test_chunk_and_stop_outside_of_a_stream_are_told_so(server: Server) -> None:
    async with server.client() as client:
        answer = await ask(client, SynthesizeChunk("What?").event())
        assert answer.types == ["error"]
        answer = await ask(client, SynthesizeStop().event(), streaming=True)
        assert answer.types == ["error", "synthesize-stopped"]
        assert (await ask(client, Synthesize("Go on.").event())).shape == SPOKEN


async def test_a_second_start_ends_the_first_stream(server: Server) -> None:
    async with server.client() as client:
        await client.write_event(SynthesizeStart().event())
        await client.write_event(SynthesizeChunk("The first.").event())
        for event in stream("The second."):
            await client.write_event(event)
        assert (await read_answer(client, streaming=True)).shape == STREAMED
        assert (await read_answer(client, streaming=True)).shape == STREAMED


async def test_half_characters_are_survived(server: Server) -> None:
    # a client that cuts UTF-16 between the halves of an emoji sends such strings
    async with server.client() as client:
        assert client._writer is not None
        client._writer.write(b'{"type": "synthesize", "data": {"text": "Smile \\ud83d now."}}\n')
        assert (await read_answer(client, streaming=False)).shape == SPOKEN
        client._writer.write(b'{"type": "synthesize", "data": {"text": "a", "voice": {"name": "\\udc00"}}}\n')
        answer = await read_answer(client, streaming=False)
        assert answer.error is not None
        assert answer.error.code == "unknown-voice"
