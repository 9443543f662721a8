// GraphQL and JSON as text: tokens for colours, prettifying, and what can stand at the cursor.
// All but `paint` is pure; language.test.mjs has the cases.

const TOKEN = /(#[^\n]*)|("""[\s\S]*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?)|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(\$?[A-Za-z_]\w*|\$|@\w*)|(\.\.\.)|([{}()[\]:=!|&,])|(\s+)|(.)/gu;
const KEYWORDS = new Set(["query", "mutation", "subscription", "fragment", "on", "true", "false", "null"]);

/** The tokens of a text: `{kind, text, at}`; white space is left out. */
export function tokens(text) {
  const found = [];
  for (const match of text.matchAll(TOKEN)) {
    const [all, comment, string, number, name, spread, punctuation, space] = match;
    if (space) continue;
    const kind = comment ? "comment" : string ? "string" : number ? "number"
      : name ? (KEYWORDS.has(name) ? "keyword" : "name") : spread || punctuation ? "punctuation" : "bad";
    found.push({ kind, text: all, at: match.index });
  }
  return found;
}

/** Fills `element` with the text in colours. */
export function paint(element, text) {
  const parts = [], all = tokens(text);
  let at = 0;
  all.forEach((token, i) => {
    if (token.at > at) parts.push(text.slice(at, token.at));
    at = token.at + token.text.length;
    if (token.kind === "punctuation") return parts.push(token.text);
    const span = document.createElement("span");
    // A string before a colon is a key.
    span.className = token.kind === "string" && all[i + 1]?.text === ":" ? "name" : token.kind;
    span.textContent = token.text;
    parts.push(span);
  });
  // A last line break shows only if something follows it.
  parts.push(text.slice(at), "\n");
  element.replaceChildren(...parts);
}

/** The document with one field a line; what stands in round or square brackets stays on its line. */
export function prettify(text) {
  const all = tokens(text);
  let out = "", depth = 0, inside = 0, before = null;
  const line = () => { out = out.trimEnd() + "\n" + "  ".repeat(depth); };
  all.forEach((token, i) => {
    const t = token.text, last = before;
    before = t;
    if (token.kind === "comment") {
      // A comment stays behind what it stands behind.
      const alone = !last || text.slice(all[i - 1].at, token.at).includes("\n");
      if (out && alone) line(); else if (out) out = out.trimEnd() + " ";
      out += t;
      line();
    } else if (inside) {
      if (")]}".includes(t)) { inside--; out = out.trimEnd() + (t === "}" && last !== "{" ? " }" : t) + " "; }
      else if ("([{".includes(t)) { inside++; out += t + (t === "{" && all[i + 1]?.text !== "}" ? " " : ""); }
      else if (t === ":" || t === "!") out = out.trimEnd() + t + " ";
      else if (t === ",") out = out.trimEnd() + ", ";
      else {
        const follows = last && !"([{:,=!".includes(last) && token.kind !== "punctuation" && !t.startsWith("@");
        out = (follows ? out.trimEnd() + ", " : out) + t + " ";
      }
    } else if (t === "{") { out = (/(^|\n *)$/.test(out) ? out : out.trimEnd() + " ") + "{"; depth++; line(); }
    else if (t === "}") { depth = Math.max(0, depth - 1); line(); out += "}"; line(); if (!depth) out += "\n"; }
    else if (t === "(" || t === "[") { inside++; out = (t === "(" ? out.trimEnd() : out) + t; }
    else if (t === ":") out = out.trimEnd() + ": ";
    else if (t === ",") before = last;
    else {
      const goesOn = !last || "{:".includes(last) || last === "..." || last === "on" || t.startsWith("@") || t === "on" || depth === 0;
      const plain = goesOn || out.endsWith("\n" + "  ".repeat(depth));
      if (!plain) line();
      const isName = t === "..." && /^\w/.test(all[i + 1]?.text ?? "") && all[i + 1].text !== "on";
      out += t + (isName ? "" : " ");
    }
  });
  return out.trim().replace(/\s+,/g, ",").replace(/[ \t]+\n/g, "\n").replace(/\n{3,}/g, "\n\n") + "\n";
}

/** The named type inside lists and non-nulls. */
export function named(type) {
  while (type?.ofType) type = type.ofType;
  return type?.name;
}

/** The type as the schema writes it. */
export function typeText(type) {
  if (type.kind === "NON_NULL") return typeText(type.ofType) + "!";
  if (type.kind === "LIST") return "[" + typeText(type.ofType) + "]";
  return type.name;
}

/** What can stand at the end of `text`: `{prefix, items: [{label, detail, insert}]}`. */
export function complete(text, schema) {
  const before = tokens(text), last = before.at(-1);
  const touches = last && last.at + last.text.length === text.length;
  if (touches && (last.kind === "comment" || last.kind === "string")) return { prefix: "", items: [] };
  const prefix = touches && /^[$@\w]/.test(last.text) && last.kind !== "number" ? before.pop().text : "";
  const types = new Map(schema.types.map((type) => [type.name, type]));
  const wanted = prefix.toLowerCase();
  const items = candidates(before, types, schema)
    .filter((item) => item.label.toLowerCase().startsWith(wanted) && item.label !== prefix);
  return { prefix, items: items.slice(0, 40) };
}

/** Walks the brackets: a stack of selection sets, arguments, input objects and lists. */
function candidates(before, types, schema) {
  const roots = { query: schema.queryType, mutation: schema.mutationType, subscription: schema.subscriptionType };
  const declared = [];
  let stack = [], here = { is: "document" }, next = schema.queryType?.name, called = null;
  const open = (frame) => { stack.push(here); here = frame; called = null; };
  before.forEach(({ text: t, kind }, i) => {
    const previous = before[i - 1]?.text, following = before[i + 1]?.text;
    if (t === "{") {
      if (here.is === "document" || here.is === "set") open({ is: "set", type: types.get(next) });
      else open({ is: "object", fields: types.get(named(here.value))?.inputFields });
    } else if (t === "(") open(here.is === "document" ? { is: "variables" } : { is: "object", fields: called?.args, round: true });
    else if (t === "[") open({ is: "list", value: here.value });
    else if ("}])".includes(t)) {
      const closed = here;
      here = stack.pop() ?? { is: "document" };
      if (closed.round) called = closed.called;
      if (here.is === "document") next = closed.is === "variables" ? next : schema.queryType?.name;
    } else if (here.is === "variables" && t.startsWith("$")) declared.push(t);
    else if (here.is === "document" && roots[t]) next = roots[t].name;
    else if (previous === "on") next = t;
    else if (here.is === "set" && kind === "name" && following !== ":" && previous !== "..." && !t.startsWith("@")) {
      called = here.type?.fields?.find((field) => field.name === t) ?? null;
      next = called && named(called.type);
    } else if (here.is === "object" && following === ":") here.value = here.fields?.find((field) => field.name === t)?.type;
  });
  const last = before.at(-1)?.text;
  const listed = (list, suffix = "") => (list ?? []).map((f) => ({ label: f.name, detail: typeText(f.type), insert: f.name + suffix }));
  const plain = (labels, detail = "") => labels.map((label) => ({ label, detail }));
  if (last === "on") return plain(conditions(here, types), "type");
  if (here.is === "document") return plain(["query", "mutation", "subscription", "fragment"].filter((word) => word === "fragment" || roots[word]));
  if (here.is === "set" && last !== "...") return [...listed(here.type?.fields), ...(here.type ? plain(["__typename"], "String!") : [])];
  if (here.is === "set") return plain(["on"]);
  if (here.is === "variables") return last === ":" || last === "[" ? inputTypes(types) : [];
  if (here.is === "object" && last !== ":") return listed(here.fields, ": ");
  const type = types.get(named(here.value));
  const values = type?.name === "Boolean" ? ["true", "false"] : (type?.enumValues ?? []).map((value) => value.name);
  return [...plain(values, type?.name), ...plain(declared, "variable")];
}

function conditions(here, types) {
  if (here.is === "document") return [...types.values()].filter((type) => type.fields && !type.name.startsWith("__")).map((type) => type.name);
  const possible = (here.type?.possibleTypes ?? []).map((type) => type.name);
  return here.type ? [here.type.name, ...possible.filter((name) => name !== here.type.name)] : [];
}

function inputTypes(types) {
  const fits = ["SCALAR", "ENUM", "INPUT_OBJECT"];
  return [...types.values()].filter((type) => fits.includes(type.kind) && !type.name.startsWith("__"))
    .map((type) => ({ label: type.name, detail: type.kind.toLowerCase().replace("_", " ") }));
}
