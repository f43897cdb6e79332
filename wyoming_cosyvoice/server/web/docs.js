// Renders openapi.json: for each operation its fields, its answers and a form to try it.

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

const document_ = await (await fetch("openapi.json")).json();
const resolve = (schema) => (schema?.$ref ? document_.components.schemas[schema.$ref.split("/").pop()] : (schema ?? {}));
const bodyOf = (operation) => resolve(operation.requestBody?.content["application/json"]?.schema);

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" | ");
  if (schema.type === "array") return `${typeOf(schema.items ?? {})}[]`;
  return schema.type ?? "any";
}

function rangeOf(schema) {
  const part = (schema.anyOf ?? [schema]).find((one) => one.minimum !== undefined || one.maximum !== undefined);
  return part ? `${part.minimum ?? "…"} to ${part.maximum ?? "…"}` : "";
}

function fieldsTable(schema) {
  const required = new Set(schema.required ?? []);
  const rows = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const said = [field.description ?? field.anyOf?.find((one) => one.description)?.description, rangeOf(field)];
    return element(
      "tr",
      {},
      element("th", { scope: "row", textContent: name + (required.has(name) ? " *" : "") }),
      element("td", { textContent: typeOf(field) }),
      element("td", { textContent: said.filter(Boolean).join(" ") }),
    );
  });
  const head = element("tr", {}, ...["Field (* required)", "Type", "Meaning"].map((textContent) => element("th", { scope: "col", textContent })));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
}

function example(schema) {
  const required = new Set(schema.required ?? []);
  const wanted = Object.entries(schema.properties ?? {}).filter(([name]) => required.has(name));
  return JSON.stringify(
    Object.fromEntries(wanted.map(([name, field]) => [name, field.type === "array" ? ["Hello."] : "Hello."])),
    null,
    2,
  );
}

function tryIt(path, method, schema) {
  const answer = element("pre", { tabIndex: 0, hidden: true });
  const label = `${method.toUpperCase()} ${path}`;
  const input = schema.properties ? element("textarea", { rows: 5, value: example(schema), ariaLabel: `Body of ${label}` }) : null;
  const token = document_.security ? element("input", { type: "password", ariaLabel: `Token for ${label}`, placeholder: "Token" }) : null;
  const send = element("button", { type: "button", textContent: "Try", ariaLabel: `Try ${label}` });
  send.onclick = async () => {
    const headers = { ...(input && { "Content-Type": "application/json" }), ...(token?.value && { Authorization: `Bearer ${token.value}` }) };
    const response = await fetch(path.slice(1), { method: method.toUpperCase(), headers, body: input?.value });
    const type = response.headers.get("content-type") ?? "";
    const text = /json|text/.test(type) ? (await response.text()).slice(0, 4000) : `${(await response.blob()).size} bytes of ${type}`;
    answer.hidden = false;
    answer.textContent = `${response.status}\n${text}`;
  };
  return [input, token, send, answer].filter(Boolean);
}

for (const [path, methods] of Object.entries(document_.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const schema = bodyOf(operation);
    const errors = Object.entries(operation.responses).map(([status, { description }]) =>
      element("li", { textContent: `${status}: ${description}` }),
    );
    document.getElementById("operations").append(
      element(
        "section",
        {},
        element("h2", { textContent: `${method.toUpperCase()} ${path}` }),
        element("p", { textContent: operation.summary }),
        ...(schema.properties ? [fieldsTable(schema)] : []),
        element("ul", {}, ...errors),
        ...(path.includes("{") ? [] : tryIt(path, method, schema)),
      ),
    );
  }
}
