"""Take the pictures of docs/home-assistant.md: ``python -m tests.home_assistant.real.screenshots docs/images``.

A real Home Assistant, a real server and a headless Chromium (``CHROMIUM``, or Debian's). Needs the environment of
``script/test-ha real`` and playwright in it, and ``COSYVOICE_PYTHON`` as there.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright
from tests.home_assistant.real.home import CLIENT_ID, Home
from tests.home_assistant.real.server import CosyVoice

PROFILES = (
    {"name": "Bedroom", "voice": "zh_female_2", "language": "auto", "speed": 0.9, "sentence_silence": 0.5},
    {"name": "Kitchen", "voice": "en_male_1", "language": "en", "volume": 1.4},
)


async def prepare(home: Home, cosyvoice: CosyVoice) -> str:
    """Add the server and two profiles; return the entry's id."""
    form = await home.start_flow("cosyvoice")
    entry_id: str = (await home.continue_flow(form, host="127.0.0.1", port=cosyvoice.port))["result"]["entry_id"]
    for profile in PROFILES:
        await home.wait_for_entity("tts.cosyvoice_speech")
        flow = await home.post("/api/config/config_entries/subentries/flow", {"handler": [entry_id, "profile"]})
        offered = json.dumps(flow["data_schema"])
        values = {key: value for key, value in profile.items() if key != "voice" or str(value) in offered}
        await home.post(f"/api/config/config_entries/subentries/flow/{flow['flow_id']}", values)
        await home.wait_for_entity(f"tts.{str(profile['name']).lower()}_speech")
    return entry_id


async def log_in(page: Page, home: Home) -> None:
    """Give the front end the owner's tokens, as if it had asked for name and password."""
    tokens: dict[str, Any] = {
        "access_token": home.token,
        "token_type": "Bearer",
        "expires_in": 1800,
        "hassUrl": home.url,
        "clientId": CLIENT_ID,
        "expires": 9999999999999,
        "refresh_token": "",
    }
    script = f"localStorage.setItem('hassTokens', {json.dumps(json.dumps(tokens))})"
    await page.add_init_script(script)


async def take(home: Home, entry_id: str, folder: Path) -> None:
    """Walk through the dialogs and take a picture of each."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1100, "height": 760}, locale="en-GB")
        await log_in(page, home)

        await page.goto(f"{home.url}/config/integrations/integration/cosyvoice")
        # Home Assistant asks whether to keep the port that the configuration gave it
        await page.get_by_role("button", name="Confirm").click(timeout=20000)
        await page.get_by_text("Bedroom").first.wait_for()
        await page.wait_for_timeout(2500)
        await page.screenshot(path=folder / "integration.png")

        await page.goto(f"{home.url}/config/integrations/dashboard/add?domain=cosyvoice")
        ok = page.get_by_role("button", name="OK")
        await ok.click(timeout=20000)
        await page.get_by_text("Connect to a CosyVoice server").first.wait_for()
        await page.wait_for_timeout(1000)
        await page.screenshot(path=folder / "add.png")

        await page.goto(f"{home.url}/config/integrations/integration/cosyvoice")
        await page.set_viewport_size({"width": 1100, "height": 1180})
        await page.get_by_role("button", name="Add voice profile").first.click(timeout=20000)
        await page.get_by_text("The entity and its device are named after it.").wait_for()
        await page.wait_for_timeout(1500)
        await page.screenshot(path=folder / "profile.png")
        await browser.close()


async def main(folder: Path) -> None:
    """Take all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        home, cosyvoice = Home(Path(name) / "config"), CosyVoice(Path(name))
        try:
            await asyncio.gather(home.start(), cosyvoice.start(os.environ.get("MODEL", "starter")))
            await take(home, await prepare(home, cosyvoice), folder)
        finally:
            await home.stop()
            cosyvoice.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
