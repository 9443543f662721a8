// GraphQL and JSON as text: tokens for colours, prettifying, and what can stand at the cursor.

const TOKEN = /(#[^\n]*)|("""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"?)|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(\$?@?[A-Za-z_]\w*)|(\.\.\.)|([{}()[\]:=!|&,])|(\s+)|(.)/g;
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
  const parts = [];
  let at = 0;
  for (const token of tokens(text)) {
    if (token.at > at) parts.push(text.slice(at, token.at));
    if (token.kind === "punctuation") parts.push(token.text);
    else {
      const span = document.createElement("span");
      span.className = token.kind;
      span.textContent = token.text;
      parts.push(span);
    }
    at = token.at + token.text.length;
  }
  // A last line break shows only if something follows it.
  parts.push(text.slice(at), "\n");
  element.replaceChildren(...parts);
}

/** The operation, one field a line. */
export function prettify(text) {
  let out = "", depth = 0, round = 0, previous = null;
  const line = () => { out = out.trimEnd() + "\n" + "  ".repeat(depth); };
  for (const token of tokens(text)) {
    const t = token.text;
    if (token.kind === "comment") { line(); out += t; line(); previous = null; continue; }
    if (t === "{" && !round) { out = out.trimEnd() + " {"; depth++; line(); previous = null; continue; }
    if (t === "}" && !round) { depth = Math.max(0, depth - 1); line(); out += "}"; line(); if (!depth) out += "\n"; previous = null; continue; }
    if (t === ",") { if (round) out = out.trimEnd() + ", "; previous = null; continue; }
    if ("([{".includes(t)) { out = t === "(" ? out.trimEnd() + t : out + t; round++; previous = null; continue; }
    if (")]}".includes(t)) { round--; out = out.trimEnd() + t + " "; previous = t; continue; }
    if (t === ":") { out = out.trimEnd() + ": "; previous = null; continue; }
    if (t === "!") { out = out.trimEnd() + "! "; previous = t; continue; }
    const starts = previous !== null && !round && depth > 0 && !t.startsWith("@") && t !== "on"
      && !["...", "on", "="].includes(previous) && !previous.startsWith("@") || (t === "..." && previous !== null);
    if (starts) line();
    out += t + (t === "..." ? " " : " ");
    previous = t;
  }
  return out.trim().replace(/\.\.\. (?!on\b|@|\{)/g, "...").replace(/[ \t]+\n/g, "\n") + "\n";
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

/**
 * What can stand at the end of `text`: `{prefix, items: [{label, detail}]}`. The braces before it
 * say on which type.
 */
export function complete(text, schema) {
  const before = tokens(text);
  const last = before.at(-1);
  const touching = last && last.at + last.text.length === text.length && /^@?[A-Za-z_]/.test(last.text);
  const prefix = touching ? last.text : "";
  if (touching) before.pop();
  const types = new Map(schema.types.map((type) => [type.name, type]));
  const field = (type, name) => types.get(type)?.fields?.find((f) => f.name === name);
  const stack = [];
  let root = schema.queryType?.name, pending = root, owner = null, called = null, round = 0;
  for (let i = 0; i < before.length; i++) {
    const { text: t, kind } = before[i];
    if (round) { if (t === "(") round++; if (t === ")") round--; continue; }
    if (t === "{") { stack.push(owner); owner = pending; pending = null; called = null; }
    else if (t === "}") { owner = stack.pop() ?? null; pending = owner ? null : root; }
    else if (t === "(") { round = 1; if (i === before.length - 1 || !closes(before, i)) return argumentItems(called, prefix); }
    else if (!owner && kind === "keyword") {
      pending = { query: schema.queryType, mutation: schema.mutationType, subscription: schema.subscriptionType }[t]?.name ?? pending;
    } else if (t === "on") pending = before[++i]?.text ?? null;
    else if (owner && kind === "name" && before[i + 1]?.text !== ":" && before[i - 1]?.text !== "...") {
      called = field(owner, t);
      pending = called ? named(called.type) : null;
    }
  }
  const type = types.get(owner);
  if (!type) return { prefix, items: [] };
  const fields = (type.fields ?? []).map((f) => ({ label: f.name, detail: typeText(f.type) }));
  return { prefix, items: narrow([...fields, { label: "__typename", detail: "String!" }], prefix) };
}

function closes(list, from) {
  let depth = 0;
  for (const { text } of list.slice(from)) {
    if (text === "(") depth++;
    if (text === ")" && --depth === 0) return true;
  }
  return false;
}

function argumentItems(field, prefix) {
  const items = (field?.args ?? []).map((a) => ({ label: a.name, detail: typeText(a.type), insert: a.name + ": " }));
  return { prefix, items: narrow(items, prefix) };
}

function narrow(items, prefix) {
  const wanted = prefix.toLowerCase();
  return items.filter((item) => item.label.toLowerCase().startsWith(wanted) && item.label !== prefix).slice(0, 40);
}
