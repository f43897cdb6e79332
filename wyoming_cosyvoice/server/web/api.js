// Talks to the server. Addresses are relative, so that the page also works behind Home Assistant's ingress.

export class ApiError extends Error {
  constructor(detail) {
    super(detail.hint ? `${detail.message}. ${detail.hint}` : detail.message);
    this.code = detail.code;
  }
}

const headers = (token, more = {}) => (token ? { ...more, Authorization: `Bearer ${token}` } : more);

async function call(path, token, options = {}) {
  const response = await fetch(path, { ...options, headers: headers(token, options.headers) });
  if (response.ok) return response;
  let detail = { code: "http-error", message: `${response.status} ${response.statusText}` };
  try {
    detail = (await response.json()).error ?? detail;
  } catch {
    // not our JSON: a proxy in between answered
  }
  throw new ApiError(detail);
}

const json = async (...args) => (await call(...args)).json();
const post = (path, token, body) =>
  json(path, token, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const voices = (token) => json("voices", token);
export const status = (token) => json("status", token);
export const explain = (token, body) => post("explain", token, body);
export const models = (token) => json("models", token);
export const chooseModel = (token, name) => post(`models/${encodeURIComponent(name)}/choose`, token, {});
export const removeModel = (token, name) => json(`models/${encodeURIComponent(name)}`, token, { method: "DELETE" });

export async function installModel(token, name, onProgress) {
  const response = await call("models", token, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name }),
  });
  let rest = "";
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + piece).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const data = JSON.parse(event.replace(/^data: /, ""));
      if (data.type === "error") throw new ApiError(data.error);
      onProgress(data);
    }
  }
}

// Speaks a text over the WebSocket. `on` has started({sample_rate}), samples(Int16Array) and done({...}).
// Returns {finished: Promise, cancel()}.
export function speak(request, text, on) {
  const url = new URL("ws/tts", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  let settled = false;
  const finished = new Promise((resolve, reject) => {
    const settle = (act, value) => {
      if (settled) return;
      settled = true;
      act(value);
      socket.close();
    };
    socket.onopen = () => {
      socket.send(JSON.stringify({ type: "start", ...request }));
      socket.send(JSON.stringify({ type: "text", text }));
      socket.send(JSON.stringify({ type: "end" }));
    };
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) {
        on.samples(new Int16Array(data));
        return;
      }
      const message = JSON.parse(data);
      if (message.type === "started") on.started(message);
      else if (message.type === "done") settle(resolve, message);
      else if (message.type === "cancelled") settle(resolve, null);
      else if (message.type === "error") settle(reject, new ApiError(message.error));
    };
    socket.onclose = () => settle(reject, new ApiError({ code: "lost", message: "" }));
  });
  const cancel = () => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "cancel" }));
    else socket.close();
  };
  return { finished, cancel };
}
