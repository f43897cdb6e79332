"""The spine's front door: protocols open streams here."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from wyoming_cosyvoice.errors import BusyError, SpeechError, StoppingError
from wyoming_cosyvoice.speech.cache import MemoryCache, SpokenCache
from wyoming_cosyvoice.speech.casting import Cast
from wyoming_cosyvoice.speech.disk_cache import DiskCache
from wyoming_cosyvoice.speech.fleet import Fleet, stop_workers
from wyoming_cosyvoice.speech.levels import SENTENCES, Levels
from wyoming_cosyvoice.speech.limits import check_length, check_manner, clamp
from wyoming_cosyvoice.speech.plan import Planner, PlanSettings
from wyoming_cosyvoice.speech.statistics import CacheStatus, ServiceStatus, Statistics
from wyoming_cosyvoice.speech.stream import SpeechStream, Stage
from wyoming_cosyvoice.speech.studio import Studio
from wyoming_cosyvoice.text.language import base_language
from wyoming_cosyvoice.text.lexicon_files import LexiconFiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from wyoming_cosyvoice.config import Config
    from wyoming_cosyvoice.engines.registry import Engines
    from wyoming_cosyvoice.speech.limits import Manner
    from wyoming_cosyvoice.speech.request import SpeechOptions, SpeechReport
    from wyoming_cosyvoice.speech.scheduler import Worker
    from wyoming_cosyvoice.text.clause import Clause

_LOGGER = logging.getLogger(__name__)
_MEGABYTE = 1_000_000
_RETRY_AFTER = (1.0, 60.0)
_ENGINE_STOP_SECONDS = 5.0


class SpeechService:
    """Speaks texts for clients. Belongs to the event loop that `start` ran in."""

    def __init__(self, engines: Engines, config: Config) -> None:
        self._config = config
        self._language = base_language(config.language) if config.language else None
        self._statistics = Statistics()
        self._executor = ThreadPoolExecutor(2, thread_name_prefix="speech-plan")
        disk = DiskCache(config.data_dir / "cache", config.cache_disk * _MEGABYTE) if config.cache_disk else None
        self._cache = SpokenCache(MemoryCache(config.cache_memory * _MEGABYTE), disk)
        self._lexicon = LexiconFiles(config.data_dir)
        self._levels = Levels(config.data_dir / "levels.json", self._executor, config.clause_timeout)
        self._studio = Studio(self._cache, self._levels, config.clause_timeout)
        self._fleet = Fleet(engines)
        self._streams: dict[SpeechStream, Fleet] = {}
        self._numbers = count()
        self._retired: set[asyncio.Task[None]] = set()
        self._one_closed = asyncio.Event()
        self._stopping = False
        self._measuring = False
        self._listeners: list[Callable[[SpeechReport], None]] = []

    @property
    def engines(self) -> Engines:
        """The engines that new requests get."""
        return self._fleet.engines

    async def start(self) -> None:
        """Start the engines' threads and look what the disk holds."""
        self._fleet.start()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, self._levels.load)
        await self._cache.open()
        # dictionaries are loaded when a language is first planned: let that not be the first user's wait
        loop.run_in_executor(self._executor, _plan_all, partial(Planner, PlanSettings()), "".join(SENTENCES.values()))

    async def stop(self, drain_seconds: float) -> None:
        """Refuse new requests, give running ones so long to finish, then end them, and close the engines."""
        self._stopping = True
        try:
            async with asyncio.timeout(drain_seconds):
                while self._streams:
                    self._one_closed.clear()
                    await self._one_closed.wait()
        except TimeoutError:
            for stream in list(self._streams):
                stream.abort(StoppingError("The server is shutting down", "Send the request again in a while"))
        self._levels.close()
        await asyncio.gather(*self._retired, stop_workers(self._workers(), _ENGINE_STOP_SECONDS))
        await asyncio.to_thread(self._cache.close)
        self._executor.shutdown(wait=False, cancel_futures=True)

    def replace_engines(self, engines: Engines) -> None:
        """Give new requests these engines. Running requests finish on the old ones, which are closed after that."""
        old, self._fleet = self._fleet, Fleet(engines, self._fleet)
        self._fleet.start()
        if self._measuring:
            self.measure_voices()
        self._retire(old)

    def measure_voices(self) -> None:
        """Measure the voices of unknown loudness in the background, now and whenever engines are replaced.

        What a server does while nobody asks, so that the first who does has not to wait for it.
        """
        self._measuring = True
        self._levels.measure_unknown(self._fleet.workers)

    def open(self, options: SpeechOptions, client: str) -> SpeechStream:
        """Begin a request of that client; clients take turns. Its place in the queue is taken until it is closed.

        Raises SpeechError at once for options that are wrong, a voice that does not exist, a full queue, an engine that
        has failed, or where the server is shutting down.
        """
        try:
            return self._open(options, client)
        except SpeechError as error:
            self._statistics.errors[error.code] += 1
            raise

    def add_listener(self, listener: Callable[[SpeechReport], None]) -> None:
        """Have `listener` told what each request cost when it has ended, in the event loop."""
        self._listeners.append(listener)

    async def explain(self, text: str, options: SpeechOptions) -> list[Clause]:
        """Plan a text without speaking it. Raises SpeechError as `open` and `SpeechStream.feed` do."""
        check_length(len(text), self._config)
        make_planner = self._planner(options, self._cast(options, check_manner(options, self._config)))
        return await asyncio.get_running_loop().run_in_executor(self._executor, _plan_all, make_planner, text)

    def status(self) -> ServiceStatus:
        """Say how things are."""
        counted, cache, workers = self._statistics, self._cache, self._workers()
        made = self._studio.audio_seconds
        busy = sum(worker.busy_seconds for worker in workers)
        return ServiceStatus(
            open_streams=len(self._streams),
            queued=sum(worker.queued for worker in workers),
            running=sum(worker.running for worker in workers),
            requests=counted.requests,
            cancelled=counted.cancelled,
            errors=dict(counted.errors),
            characters=counted.characters,
            clauses=counted.clauses,
            cached_clauses=counted.cached_clauses,
            audio_seconds=counted.audio_seconds,
            real_time_factor=busy / made if made else 0.0,
            first_audio_seconds=counted.first_audio_seconds,
            cache=CacheStatus(
                hits=cache.hits,
                misses=cache.misses,
                shared=self._studio.shared,
                entries=len(cache.memory),
                bytes=cache.memory.bytes,
                disk_entries=len(cache.disk) if cache.disk else 0,
                disk_bytes=cache.disk.bytes if cache.disk else 0,
            ),
            engines={worker.engine.name: dict(worker.engine.metrics()) for worker in workers},
            failures={worker.engine.name: str(worker.failure) for worker in workers if worker.failure},
        )

    def _open(self, options: SpeechOptions, client: str) -> SpeechStream:
        if self._stopping:
            raise StoppingError("The server is shutting down", "Send the request again in a while")
        manner = check_manner(options, self._config)
        cast = self._cast(options, manner)
        failure = self._fleet.worker(cast.engine).failure
        if failure is not None:
            raise failure
        if len(self._streams) >= self._config.max_queue:
            retry = self._seconds_until_free()
            message = f"{len(self._streams)} requests wait or run, and more are not taken"
            raise BusyError(message, f"Try again in {retry:.0f} s, or raise max_queue", retry)
        stage = Stage(self._studio, self._fleet, self._executor, self._config)
        rate = options.sample_rate or cast.engine.sample_rate
        stream = SpeechStream(
            stage,
            number=next(self._numbers),
            client=client,
            cast=cast,
            manner=manner,
            rate=rate,
            make_planner=self._planner(options, cast),
            on_close=self._on_close,
        )
        self._streams[stream] = self._fleet
        return stream

    def _cast(self, options: SpeechOptions, manner: Manner) -> Cast:
        language = options.language or self._language
        engine, voice = self._fleet.engines.choose(options.voice, language)
        return Cast(
            self._fleet.engines,
            engine,
            voice,
            manner,
            speaker=options.speaker or (None if options.voice else self._config.speaker),
            best_voice=self._config.mixed == "best-voice",
            settled=bool(options.voice or language or self._config.voice),
        )

    def _planner(self, options: SpeechOptions, cast: Cast) -> Callable[[], Planner]:
        several = options.text_format == "ssml" or not cast.settled or self._config.mixed == "best-voice"
        engines = self._fleet.engines if several else (cast.engine,)
        settings = PlanSettings(
            language=options.language,
            default_language=options.default_language or self._language or cast.voice.languages[0],
            text_format=options.text_format,
            max_characters=min(engine.max_characters for engine in engines),
        )
        # runs in a planning thread, so the user's dictionaries may be looked at
        return lambda: Planner(replace(settings, lexicon=self._lexicon.refresh()))

    def _on_close(self, stream: SpeechStream) -> None:
        fleet = self._streams.pop(stream)
        self._one_closed.set()
        self._retire(fleet)
        report = stream.report
        self._statistics.count(report, complete=stream.complete)
        for listener in self._listeners:
            listener(report)
        outcome = "" if stream.complete else ", cancelled"
        if stream.failure is not None:
            self._statistics.errors[stream.failure.code] += 1
            outcome = f", failed: {stream.failure.code}"
        _LOGGER.info(
            "%s: %d characters in %d clauses (%d cached) by %s, first audio after %.3f s, "
            "%.2f s of audio in %.2f s (real-time factor %.2f)%s",
            stream.client,
            report.characters,
            report.clauses,
            report.cached_clauses,
            report.voice,
            report.first_audio_seconds,
            report.audio_seconds,
            report.total_seconds,
            report.total_seconds / report.audio_seconds if report.audio_seconds else 0.0,
            outcome,
        )

    def _retire(self, fleet: Fleet) -> None:
        """Stop the workers of a fleet that was replaced, once no stream uses them."""
        if fleet is self._fleet or self._stopping or fleet in self._streams.values():
            return
        used = self._workers()
        idle = [worker for worker in fleet.workers if worker not in used]
        task = asyncio.ensure_future(stop_workers(idle, _ENGINE_STOP_SECONDS))
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)

    def _workers(self) -> list[Worker]:
        fleets = (self._fleet, *self._streams.values())
        return list(dict.fromkeys(worker for fleet in fleets for worker in fleet.workers))

    def _seconds_until_free(self) -> float:
        """Estimate when a place in the queue becomes free: the work that a request has meant so far."""
        busy = sum(worker.busy_seconds for worker in self._workers())
        return clamp(busy / max(self._statistics.requests, 1), _RETRY_AFTER)


def _plan_all(make_planner: Callable[[], Planner], text: str) -> list[Clause]:
    planner = make_planner()
    return planner.feed(text) + planner.finish()
