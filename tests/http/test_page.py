"""The page in a real browser: types, hears, changes language, loses the server and finds it again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from tests.asr.recogniser import Recogniser, Scorer, assemble
from tests.http.process import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from wyoming_cosyvoice.text.clause import Language

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (script/setup --test installs it on Debian)"),
]

# What is sent to the loudspeaker is kept, block by block, so that the test can hear it.
EARS = """
window.heard = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when) {
  window.heard.push(Array.from(this.buffer.getChannelData(0)));
  window.heardRate = this.buffer.sampleRate;
  return start.call(this, when);
};
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
        flags += ["--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("tone"), "tone")
    running.start()
    yield running
    running.stop()


def open_page(browser: Browser, url: str, **settings: Any) -> Page:
    page = browser.new_context(**{"locale": "en-GB", **settings}).new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: (
            complaints.append(request.url) if not request.url.startswith((url, "ws://127", "blob:")) else None
        ),
    )
    page.complaints = complaints  # type: ignore[attr-defined]
    page.add_init_script(EARS)
    page.goto(url)
    expect(page.locator("#state")).to_contain_text(":", timeout=10_000)
    return page


def heard(page: Page) -> tuple[np.ndarray[Any, np.dtype[np.float32]], int]:
    """Return the samples that went to the loudspeaker, and their rate."""
    expect(page.locator("#download")).to_be_visible(timeout=60_000)
    blocks, rate = page.evaluate("[window.heard, window.heardRate]")
    return np.concatenate([np.asarray(block, np.float32) for block in blocks]), rate


def heard_anew(page: Page, button: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Press a button that speaks, once more, and return the samples of this time."""
    page.evaluate("window.heard = []")
    link = page.locator("#download")
    before = link.get_attribute("href") or ""
    page.click(button)
    # the link is hidden meanwhile, but maybe for a moment only that no look at the page meets
    expect(link).not_to_have_attribute("href", before)
    return heard(page)[0]


def test_typing_speaks_and_draws(browser: Browser, server: Server) -> None:
    page = open_page(browser, server.url)
    page.fill("#text", "Hello there.")
    page.keyboard.press("Control+Enter")
    sound, rate = heard(page)
    assert rate == 22050
    assert np.abs(sound).max() > 0.05
    expect(page.locator("#figures")).to_contain_text("real-time factor")
    for canvas in ("#waveform", "#spectrogram"):
        colours = page.evaluate(
            "(id) => { const c = document.querySelector(id); "
            "const image = c.getContext('2d').getImageData(0, 0, c.width, c.height); "
            "return new Set(new Uint32Array(image.data.buffer)).size }",
            canvas,
        )
        assert colours > 1
    with page.expect_download() as download:
        page.click("#download")
    data = Path(download.value.path()).read_bytes()
    assert data[:4] == b"RIFF"
    assert len(data) == 44 + 2 * len(sound)
    assert page.complaints == []  # type: ignore[attr-defined]


def test_voice_language_and_speed_reach_the_server(browser: Browser, server: Server) -> None:
    page = open_page(browser, server.url)
    page.click("#examples button[lang=zh]")
    page.select_option("#filter", "zh")
    page.select_option("#voice", "tone_high")
    page.click("#speak")
    usual, _ = heard(page)
    page.locator("#speed").fill("2")
    fast = heard_anew(page, "#speak")
    assert len(fast) < 0.75 * len(usual)
    assert "tone_high" in page.inner_text("#snippet")
    assert np.abs(heard_anew(page, "#audition")).max() > 0.05


def test_the_plan_shows_languages_and_numbers_as_words(browser: Browser, server: Server) -> None:
    page = open_page(browser, server.url)
    page.fill("#text", "打开 Living Room 的灯，温度是 21℃。")
    page.click("#explain")
    expect(page.locator("#clauses .en").first).to_contain_text("Living Room")
    expect(page.locator("#clauses")).to_contain_text("二十一")
    assert page.locator("#clauses .span").count() >= 3


def test_stop_stops(browser: Browser, tmp_path: Path) -> None:
    slow = Server(tmp_path, "tone:1")
    slow.start()
    try:
        page = open_page(browser, slow.url)
        page.fill("#text", "This takes a while. " * 20)
        page.click("#speak")
        # not wait_for_function: that needs eval, which the page's policy forbids
        while not page.evaluate("window.heard.length"):
            page.wait_for_timeout(20)
        page.click("#stop")
        expect(page.locator("#stop")).to_be_disabled()
        assert httpx.get(f"{slow.url}status").json()["open_streams"] == 0
    finally:
        slow.stop()


@pytest.mark.parametrize(
    ("locale", "word"), [("zh-CN", "朗读"), ("ja-JP", "読み上げ"), ("ko-KR", "읽기"), ("fr-FR", "Speak")]
)
def test_the_page_speaks_the_browsers_language(browser: Browser, server: Server, locale: str, word: str) -> None:
    page = open_page(browser, server.url, locale=locale)
    expect(page.locator("#speak")).to_have_text(word)
    page.select_option("#page-language", "en")
    expect(page.locator("#speak")).to_have_text("Speak")
    assert page.evaluate("document.documentElement.lang") == "en"


def test_every_language_has_every_word_and_every_hole(browser: Browser, server: Server) -> None:
    page = open_page(browser, server.url)
    words = page.evaluate("import('./web/i18n.js').then((module) => module.WORDS)")
    holes = {name: text.count("{") for name, text in words["en"].items()}
    for language in ("zh", "ja", "ko"):
        assert {name: text.count("{") for name, text in words[language].items()} == holes
        assert all(words[language].values())


def test_losing_the_server_is_told_and_finding_it_again_too(browser: Browser, tmp_path: Path) -> None:
    server = Server(tmp_path, "tone")
    server.start()
    page = open_page(browser, server.url)
    server.stop()
    expect(page.locator("#state")).to_have_class("lost", timeout=15_000)
    page.fill("#text", "Anybody there?")
    page.click("#speak")
    expect(page.locator("#message")).not_to_be_empty()
    server.start()
    try:
        expect(page.locator("#state")).not_to_have_class("lost", timeout=15_000)
        expect(page.locator("#message")).to_be_empty()
        page.click("#speak")
        assert np.abs(heard(page)[0]).max() > 0.05
    finally:
        server.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "docs"])
def test_no_serious_barrier(browser: Browser, server: Server, scheme: str, path: str) -> None:
    page = browser.new_context(color_scheme=scheme, viewport={"width": 390, "height": 844}).new_page()  # type: ignore[arg-type]
    page.goto(server.url + path)
    if path == "":
        page.fill("#text", "打开 Living Room 的灯。")
        page.click("#explain")
        expect(page.locator("#clauses .en").first).to_be_visible()
        page.click("#server summary")
    else:
        expect(page.locator("table").first).to_be_visible()
    found = [one for one in Axe().run(page).response["violations"] if one["impact"] in {"serious", "critical"}]
    assert found == []
    # a phone shows it without scrolling sideways
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_keyboard_alone_is_enough(browser: Browser, server: Server) -> None:
    page = open_page(browser, server.url)
    reached = []
    for _ in range(25):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    assert reached.index("text") < reached.index("voice") < reached.index("speak") < reached.index("tab-curl")
    page.locator("#tab-curl").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-python")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#snippet")).to_contain_text("openai")


def test_docs_can_try_an_operation(browser: Browser, server: Server) -> None:
    page = open_page(browser, server.url)
    page.goto(f"{server.url}docs")
    page.get_by_role("button", name="Try POST /explain").click()
    expect(page.locator("pre", has_text="clauses").first).to_be_visible()


@pytest.mark.asr
@pytest.mark.starter
def test_what_is_heard_is_what_was_typed(browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "recogniser"
    folder.mkdir()
    recogniser, scorer = Recogniser(assemble(folder)), Scorer()
    server = Server(tmp_path, "starter")
    server.start()
    texts: dict[Language, str] = {"en": "The garage door is still open.", "zh": "客厅的灯已经打开了。"}
    try:
        for language, text in texts.items():
            page = open_page(browser, server.url)
            page.fill("#text", text)
            page.click("#speak")
            sound, rate = heard(page)
            said = recogniser.transcribe((sound * 32767).astype(np.int16), rate, language)
            errors, _ = scorer.errors(text, said, language)
            assert errors <= 1, f"{text!r} was heard as {said!r}"
    finally:
        server.stop()


@pytest.mark.skipif("SCREENSHOTS" not in os.environ, reason="set SCREENSHOTS to the folder for the README's pictures")
@pytest.mark.starter
def test_screenshots(browser: Browser, tmp_path: Path) -> None:
    folder = Path(os.environ["SCREENSHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(tmp_path, "starter")
    server.start()
    try:
        for scheme, width, text in (
            ("light", 1100, "打开 Living Room 的灯，把空调调到 26℃。"),
            ("dark", 390, "The front door is open, and it is 21.5 °C in the living room."),
        ):
            page = open_page(browser, server.url, color_scheme=scheme, viewport={"width": width, "height": 1000})
            page.fill("#text", text)
            page.click("#explain")
            page.click("#speak")
            heard(page)
            page.screenshot(path=folder / f"page-{scheme}.png", full_page=True)
    finally:
        server.stop()
