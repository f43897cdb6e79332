// Wires the page: what is typed is spoken, drawn, explained and offered elsewhere.

import * as api from "./api.js";
import { spectrogram, waveform } from "./draw.js";
import { EXAMPLES, HELLO, LANGUAGE_NAMES, WORDS, preferred } from "./i18n.js";
import { showModels } from "./models.js";
import { Player, wavFile } from "./player.js";
import { snippet } from "./snippets.js";

const POLL = 3000;
const $ = (id) => document.getElementById(id);
const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

const page = { language: preferred(), voices: [], player: null, speech: null, tab: "curl", download: null };
const word = (key, values = {}) =>
  Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), WORDS[page.language][key]);
const token = () => $("token").value;

function request() {
  const voice = $("voice").value;
  const speed = Number($("speed").value);
  const language = voice ? "" : $("filter").value;
  return { ...(voice && { voice }), ...(language && { language }), ...(speed !== 1 && { speed }) };
}

function translate() {
  document.documentElement.lang = page.language === "zh" ? "zh-Hans" : page.language;
  for (const node of document.querySelectorAll("[data-i18n]")) node.textContent = word(node.dataset.i18n);
  for (const node of document.querySelectorAll("[data-i18n-label]")) {
    node.setAttribute("aria-label", word(node.dataset.i18nLabel));
  }
  showVoices();
  showSnippet();
}

function showVoices() {
  const filter = $("filter");
  const chosen = { filter: filter.value, voice: $("voice").value };
  const languages = Object.keys(LANGUAGE_NAMES).filter((code) => page.voices.some((voice) => speaks(voice, code)));
  filter.replaceChildren(
    element("option", { value: "", textContent: word("all") }),
    ...languages.map((code) => element("option", { value: code, textContent: LANGUAGE_NAMES[code] })),
  );
  filter.value = languages.includes(chosen.filter) ? chosen.filter : "";
  const shown = page.voices.filter((voice) => !filter.value || speaks(voice, filter.value));
  $("voice").replaceChildren(
    element("option", { value: "", textContent: word("automatic") }),
    ...shown.map((voice) => element("option", { value: voice.id, textContent: voiceName(voice, filter.value) })),
  );
  $("voice").value = shown.some((voice) => voice.id === chosen.voice) ? chosen.voice : "";
}

const speaks = (voice, code) => voice.languages.includes(code) || voice.experimental.includes(code);
const voiceName = (voice, code) =>
  `${voice.description} (${voice.id})${voice.experimental.includes(code) ? ` – ${word("experimental")}` : ""}`;

function showExamples() {
  $("examples").replaceChildren(
    ...Object.entries(EXAMPLES).map(([code, text]) => {
      const button = element("button", { type: "button", lang: code, textContent: LANGUAGE_NAMES[code] });
      button.onclick = () => {
        $("text").value = text;
        showSnippet();
        $("text").focus();
      };
      return button;
    }),
  );
}

function showSnippet() {
  const text = $("text").value || EXAMPLES[page.language];
  $("snippet").textContent = snippet(page.tab, request(), text, new URL("./", location.href).href);
}

function say(text) {
  $("message").textContent = text;
}

async function speak(text, options) {
  await stop();
  say("");
  const started = performance.now();
  let first = null;
  $("stop").disabled = false;
  $("download").hidden = true;
  page.speech = api.speak({ ...options, ...(token() && { token: token() }) }, text, {
    started: ({ sample_rate: rate }) => {
      page.player = new Player(rate);
    },
    samples: (samples) => {
      first ??= (performance.now() - started) / 1000;
      page.player.add(samples);
      draw();
    },
  });
  try {
    const done = await page.speech.finished;
    if (done) {
      showFigures(done, first);
      draw({ now: true });
      await page.player.end();
    }
  } catch (error) {
    say(error.code === "lost" ? word("lost") : error.message);
    await page.player?.close();
  } finally {
    $("stop").disabled = true;
    page.speech = null;
  }
}

async function stop() {
  page.speech?.cancel();
  await page.player?.close();
}

function showFigures(done, first) {
  const factor = done.duration ? (done.total_seconds / done.duration).toFixed(2) : "–";
  $("figures").textContent = word("figures", {
    duration: done.duration.toFixed(2),
    first: (first ?? 0).toFixed(2),
    factor,
  });
  if (page.download) URL.revokeObjectURL(page.download);
  page.download = URL.createObjectURL(wavFile(page.player.samples(), page.player.rate));
  $("download").href = page.download;
  $("download").hidden = false;
}

let drawn = 0;
function draw({ now = false } = {}) {
  // at most four times a second: drawing must not starve the sound
  if (!page.player || (!now && performance.now() - drawn < 250)) return;
  drawn = performance.now();
  const samples = page.player.samples();
  waveform($("waveform"), samples);
  spectrogram($("spectrogram"), samples, page.player.rate);
}

async function explain() {
  const text = $("text").value.trim();
  if (!text) return say(word("nothing"));
  say("");
  try {
    const { voice, language } = request();
    const { clauses } = await api.explain(token(), { text, ...(voice && { voice }), ...(language && { language }) });
    $("clauses").replaceChildren(...clauses.filter((clause) => clause.spans.length).map(clauseItem));
    $("plan").hidden = false;
    if (!$("clauses").children.length) say(word("silence"));
  } catch (error) {
    say(error.message);
  }
  return undefined;
}

// Neighbours in one language are one: a word with a reading of its own is a span, but people look for languages.
function joined(spans) {
  const runs = [];
  for (const { language, spoken } of spans) {
    const last = runs.at(-1);
    if (last?.language === language) last.spoken += spoken;
    else runs.push({ language, spoken });
  }
  return runs;
}

function clauseItem(clause) {
  const spans = joined(clause.spans).map((span) =>
    element(
      "span",
      { className: `span ${span.language}`, lang: span.language },
      element("small", { textContent: LANGUAGE_NAMES[span.language], lang: span.language }),
      span.spoken,
    ),
  );
  return element("li", {}, element("div", { className: "written", textContent: clause.text }), element("div", {}, ...spans));
}

async function poll() {
  const state = $("state");
  try {
    const now = await api.status(token());
    if (!page.voices.length || state.classList.contains("lost")) {
      page.voices = (await api.voices(token())).voices;
      showVoices();
    }
    state.classList.remove("lost");
    const factor = now.real_time_factor?.toFixed(2) ?? "–";
    state.textContent = `${word("ready")}: ${now.engines.join(", ")}${now.open_streams > 1 ? ` (${now.open_streams - 1} ${word("queue")})` : ""}`;
    const total = now.cache_hits + now.cache_misses;
    showNumbers({
      version: now.version,
      factor,
      first: now.first_audio_seconds === null ? "–" : `${now.first_audio_seconds.toFixed(2)} s`,
      requests: now.requests,
      queue: Math.max(0, now.open_streams - 1),
      cache: total ? `${Math.round((100 * now.cache_hits) / total)} %` : "–",
    });
    say($("message").textContent === word("lost") ? "" : $("message").textContent);
  } catch (error) {
    state.classList.add("lost");
    state.textContent = error instanceof api.ApiError ? error.message : word("lost");
  }
  setTimeout(poll, POLL);
}

function showNumbers(numbers) {
  $("numbers").replaceChildren(
    ...Object.entries(numbers).flatMap(([key, value]) => [
      element("dt", { textContent: word(key) }),
      element("dd", { textContent: value }),
    ]),
  );
}

function chooseTab(tab) {
  page.tab = tab.id.replace("tab-", "");
  for (const other of document.querySelectorAll("[role=tab]")) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
  }
  $("snippet").setAttribute("aria-labelledby", tab.id);
  showSnippet();
}

function wireTabs() {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  tabs.forEach((tab, i) => {
    tab.onclick = () => chooseTab(tab);
    tab.onkeydown = ({ key }) => {
      const move = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (!move) return;
      const next = tabs[(i + move + tabs.length) % tabs.length];
      chooseTab(next);
      next.focus();
    };
  });
}

$("form").onsubmit = (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (text) speak(text, request());
  else say(word("nothing"));
};
$("text").onkeydown = (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit();
};
$("stop").onclick = stop;
$("explain").onclick = explain;
$("audition").onclick = () => {
  const voice = page.voices.find(({ id }) => id === $("voice").value);
  const code = $("filter").value || voice?.languages[0] || page.language;
  speak(HELLO[code] ?? HELLO.en, request());
};
$("filter").onchange = () => {
  showVoices();
  showSnippet();
};
$("speed").oninput = () => {
  $("speed-value").textContent = Number($("speed").value).toFixed(2);
  showSnippet();
};
for (const id of ["text", "voice"]) $(id).addEventListener("input", showSnippet);
$("page-language").onchange = () => {
  page.language = $("page-language").value;
  translate();
};
$("copy").onclick = async () => {
  await navigator.clipboard.writeText($("snippet").textContent);
  $("copy").textContent = word("copied");
  setTimeout(() => ($("copy").textContent = word("copy")), 1500);
};
$("token").onchange = () => showModels(token(), word);
$("server").ontoggle = () => $("server").open && showModels(token(), word);

$("page-language").value = page.language;
wireTabs();
showExamples();
translate();
poll();
