// The page: editors, running an operation, who is signed in, stored documents, history.

import { INTROSPECTION, browse, make } from "./docs.js";
import { complete, paint, prettify } from "./language.js";

const $ = (id) => document.getElementById(id);
const HISTORY_MAX = 30;
const start = `# Ctrl-Enter runs, Ctrl-Space completes.
query Shop {
  products(first: 3) {
    nodes { id name price { amount currency } }
    pageInfo { hasNextPage endCursor }
  }
}
`;

const state = { user: null, token: null, documentId: null, schema: null };
const memory = {
  read: (key, otherwise) => { try { return JSON.parse(localStorage.getItem("braid." + key)) ?? otherwise; } catch { return otherwise; } },
  write: (key, value) => { try { localStorage.setItem("braid." + key, JSON.stringify(value)); } catch { /* storage may be off */ } },
};

// === Editors ===

function editor(area, changed) {
  const backdrop = area.parentElement.querySelector("pre");
  const update = () => {
    paint(backdrop, area.value);
    area.style.height = "auto";
    area.style.height = Math.max(area.scrollHeight, area.parentElement.clientHeight) + "px";
    changed?.();
  };
  area.addEventListener("input", update);
  area.addEventListener("keydown", (event) => {
    if (event.key === "Tab" && !event.shiftKey && $("completions").hidden && area.selectionStart !== area.value.length) {
      event.preventDefault();
      area.setRangeText("  ", area.selectionStart, area.selectionEnd, "end");
      update();
    }
  });
  return { update, set: (text) => { area.value = text; update(); } };
}

const query = editor($("query"), () => { state.documentId = null; memory.write("query", $("query").value); suggest(false); });
const variables = editor($("variables"), () => memory.write("variables", $("variables").value));

// === Completion ===

let chosen = 0, offered = [], prefixLength = 0;

function suggest(asked) {
  const area = $("query"), list = $("completions");
  const text = area.value.slice(0, area.selectionEnd);
  const found = state.schema && document.activeElement === area ? complete(text, state.schema) : { items: [], prefix: "" };
  if (!found.items.length || !(asked || found.prefix)) return dismiss();
  list.hidden = false;
  offered = found.items;
  prefixLength = found.prefix.length;
  chosen = 0;
  list.replaceChildren(...offered.map((item, at) => {
    const row = make("li", "", [item.label, make("span", "", item.detail ?? "")]);
    row.setAttribute("role", "option");
    row.id = "option-" + at;
    row.addEventListener("mousedown", (event) => { event.preventDefault(); chosen = at; accept(); });
    return row;
  }));
  const place = caret(area, document.createRange());
  list.style.left = place.x + "px";
  list.style.top = place.y + "px";
  mark();
}

/** Where the cursor is, measured in the coloured text behind the editor. */
function caret(area, range) {
  const backdrop = area.parentElement.querySelector("pre");
  const walker = document.createTreeWalker(backdrop, NodeFilter.SHOW_TEXT);
  let left = area.selectionEnd, node;
  while ((node = walker.nextNode())) {
    if (left <= node.length) break;
    left -= node.length;
  }
  if (!node) return { x: 12, y: 30 };
  range.setStart(node, left);
  const at = range.getBoundingClientRect(), box = backdrop.getBoundingClientRect();
  return { x: Math.max(0, Math.min(at.left - box.left, box.width - 220)), y: at.bottom - box.top + 4 };
}

function dismiss() {
  $("completions").hidden = true;
  $("query").removeAttribute("aria-activedescendant");
}

function mark() {
  $("query").setAttribute("aria-activedescendant", "option-" + chosen);
  [...$("completions").children].forEach((row, at) => {
    row.setAttribute("aria-selected", String(at === chosen));
    if (at === chosen) row.scrollIntoView({ block: "nearest" });
  });
}

function accept() {
  const area = $("query"), item = offered[chosen], end = area.selectionEnd;
  area.setRangeText(item.insert ?? item.label, end - prefixLength, end, "end");
  query.update();
  dismiss();
}

$("query").addEventListener("keydown", (event) => {
  if (event.key === " " && event.ctrlKey) { event.preventDefault(); suggest(true); return; }
  if ($("completions").hidden) return;
  const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (move) { event.preventDefault(); chosen = (chosen + move + offered.length) % offered.length; mark(); }
  else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey || event.key === "Tab") { event.preventDefault(); accept(); }
  else if (event.key === "Escape") dismiss();
});
$("query").addEventListener("blur", dismiss);

// === Requests ===

async function post(path, body) {
  const headers = { "content-type": "application/json", accept: "application/graphql-response+json, application/json", "graphql-client-name": "braid-explorer" };
  if (state.token) headers.authorization = "Bearer " + state.token;
  const begun = performance.now();
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  return { response, text, ms: performance.now() - begun };
}

function variablesOrComplaint() {
  const text = $("variables").value.trim();
  if (!text) return {};
  try { return JSON.parse(text); } catch (error) { status("The variables are not JSON: " + error.message, true); return null; }
}

function status(text, bad) {
  $("status").textContent = text;
  $("status").classList.toggle("bad", Boolean(bad));
}

async function run() {
  const values = variablesOrComplaint();
  if (values === null) return;
  status("Running …");
  const text = $("query").value;
  const names = [...text.matchAll(/\b(?:query|mutation|subscription)\s+(\w+)/g)].map((match) => match[1]);
  const body = state.documentId ? { documentId: state.documentId, variables: values } : { query: text, variables: values };
  if (!state.documentId && names.length > 1) body.operationName = nearestName(text);
  try {
    let reply = await post("graphql", body);
    // Access tokens are short-lived: sign in anew, once.
    if (reply.response.status === 401 && state.user) {
      await signIn(state.user);
      reply = await post("graphql", body);
    }
    const { response, text: answer, ms } = reply;
    let shown = answer, errors = 0;
    try { const parsed = JSON.parse(answer); errors = parsed.errors?.length ?? 0; shown = JSON.stringify(parsed, null, 2); } catch { /* shown as it came */ }
    paint($("answer"), shown);
    const said = errors ? ` · ${errors} error${errors > 1 ? "s" : ""}` : "";
    status(`${response.status} ${response.statusText} · ${ms.toFixed(0)} ms · ${size(answer)}${said}`, !response.ok || errors > 0);
    remember(text, $("variables").value);
  } catch (error) {
    status("No answer: " + error.message, true);
  }
}

/** With several operations, the one the cursor stands in runs. */
function nearestName(text) {
  const before = text.slice(0, $("query").selectionEnd);
  const all = /\b(?:query|mutation|subscription)\s+(\w+)/g;
  return [...before.matchAll(all)].at(-1)?.[1] ?? [...text.matchAll(all)][0][1];
}

const size = (text) => { const bytes = new Blob([text]).size; return bytes < 1024 ? bytes + " B" : (bytes / 1024).toFixed(1) + " kB"; };

// === Who is signed in ===

async function signIn(user) {
  Object.assign(state, { user, token: null });
  $("session").textContent = "";
  if (!user) return;
  const { response, text } = await post("auth/sign-in", { email: user.email, password: user.password });
  if (response.ok) state.token = JSON.parse(text).access_token;
  else $("session").textContent = "could not sign in (" + response.status + ")";
}

// === Side panels ===

function remember(text, values) {
  const kept = memory.read("history", []).filter((entry) => entry.text !== text);
  memory.write("history", [{ text, values, at: Date.now() }, ...kept].slice(0, HISTORY_MAX));
  showHistory();
}

function showHistory() {
  const rows = memory.read("history", []).map((entry) => {
    const title = entry.text.replace(/#[^\n]*/g, "").replace(/\s+/g, " ").trim().slice(0, 60);
    return make("li", "", make("button", "link", title || "(empty)", () => { query.set(entry.text); variables.set(entry.values); }));
  });
  $("history").replaceChildren(rows.length ? make("ul", "", rows) : make("p", "description", "Nothing was run yet."));
}

function showStored(documents) {
  const rows = documents.map((stored) => make("li", "", make("button", "link", stored.id, () => {
    query.set(prettify(stored.text));
    variables.set(Object.keys(stored.variables).length ? JSON.stringify(stored.variables, null, 2) : "");
    state.documentId = stored.id;
    status(`Runs by its id, ${stored.id}, as the dashboard calls it. Edit it to run it as text.`);
  })));
  $("stored").replaceChildren(make("p", "description", "The documents that the dashboard calls by id."), make("ul", "", rows));
}

const tabs = [...document.querySelectorAll("[role=tab]")];

function select(tab) {
  for (const other of tabs) {
    other.setAttribute("aria-selected", String(other === tab));
    other.tabIndex = other === tab ? 0 : -1;
    $(other.getAttribute("aria-controls")).hidden = other !== tab;
  }
}

tabs.forEach((tab, at) => {
  tab.addEventListener("click", () => select(tab));
  tab.addEventListener("keydown", (event) => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    const next = tabs[(at + move + tabs.length) % tabs.length];
    select(next);
    next.focus();
  });
});
select(tabs[0]);

/** Also of the variables, if they are JSON. White space makes no other document of a stored one. */
function pretty() {
  const id = state.documentId;
  query.set(prettify($("query").value));
  state.documentId = id;
  try { variables.set(JSON.stringify(JSON.parse($("variables").value), null, 2)); } catch { /* left as they are */ }
}

// === Start ===

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey)) return;
  if (event.key === "Enter") { event.preventDefault(); run(); }
  if (event.shiftKey && event.key.toLowerCase() === "p") { event.preventDefault(); pretty(); }
});
$("run").addEventListener("click", run);
$("prettify").addEventListener("click", pretty);
window.addEventListener("resize", () => { query.update(); variables.update(); });

query.set(memory.read("query", start));
variables.set(memory.read("variables", ""));
showHistory();

const explorer = await fetch("explorer/data.json").then((response) => response.json());
showStored(explorer.documents);
for (const user of explorer.users) $("user").append(new Option(user.role, user.email));
$("user").addEventListener("change", () => signIn(explorer.users.find((user) => user.email === $("user").value)));

const { text } = await post("graphql", { query: INTROSPECTION });
const schema = JSON.parse(text).data?.__schema;
if (schema) {
  state.schema = schema;
  browse($("docs"), schema);
} else $("docs").replaceChildren(make("p", "description", "The schema is closed here: introspection is off."));
