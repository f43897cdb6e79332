// What to paste elsewhere to get the same speech.

const quoteShell = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const quoteYaml = (text) => JSON.stringify(text);

export function snippet(kind, request, text, origin) {
  const body = { text, ...request };
  if (kind === "curl") {
    return [
      `curl -s ${origin}tts \\`,
      "  -H 'Content-Type: application/json' \\",
      `  -d ${quoteShell(JSON.stringify(body))} \\`,
      "  | jq -r .audio | base64 -d > speech.wav",
    ].join("\n");
  }
  if (kind === "python") {
    const speech = { input: text, voice: request.voice ?? "auto", model: "cosyvoice", response_format: "wav" };
    if (request.speed !== 1) speech.speed = request.speed;
    const fields = Object.entries(speech).map(([name, value]) => `    ${name}=${JSON.stringify(value)},`);
    return [
      "from openai import OpenAI",
      "",
      `client = OpenAI(base_url="${origin}v1", api_key="none")`,
      "with client.audio.speech.with_streaming_response.create(",
      ...fields,
      ") as answer:",
      '    answer.stream_to_file("speech.wav")',
    ].join("\n");
  }
  const options = Object.entries(request).filter(([, value]) => value !== undefined && value !== 1);
  return [
    "action: tts.speak",
    "target:",
    "  entity_id: tts.cosyvoice",
    "data:",
    "  media_player_entity_id: media_player.living_room",
    `  message: ${quoteYaml(text)}`,
    ...(options.length ? ["  options:", ...options.map(([name, value]) => `    ${name}: ${value}`)] : []),
  ].join("\n");
}
