// The list of models, for who has the token.

import * as api from "./api.js";

const $ = (id) => document.getElementById(id);

export async function showModels(token, word) {
  $("models").hidden = true;
  if (!token) return;
  try {
    const { models } = await api.models(token);
    $("model-list").replaceChildren(...models.map((model) => item(model, token, word)));
    $("models").hidden = false;
  } catch (error) {
    $("model-message").textContent = error.message;
  }
}

function item(model, token, word) {
  const line = document.createElement("li");
  const state = model.in_use ? word("inUse") : model.installed ? word("installed") : "";
  line.append(`${model.name} – ${model.description}${state ? ` (${state})` : ""}`);
  const button = (label, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.setAttribute("aria-label", `${label}: ${model.name}`);
    made.onclick = () => run(act, token, word);
    line.append(made);
  };
  if (!model.installed) {
    button(word("install"), () =>
      api.installModel(token, model.name, (event) => {
        $("model-message").textContent = `${word("installing")} ${model.name}: ${Math.round((event.bytes ?? 0) / 1e6)} MB`;
      }),
    );
  } else {
    if (!model.in_use) button(word("choose"), () => api.chooseModel(token, model.name));
    button(word("remove"), () => api.removeModel(token, model.name));
  }
  return line;
}

async function run(act, token, word) {
  const message = $("model-message");
  message.textContent = "";
  try {
    await act();
  } catch (error) {
    message.textContent = error.message;
  }
  await showModels(token, word);
}
