// The schema browser: types and fields as an introspection answer has them.

import { named, typeText } from "./language.js";

export const INTROSPECTION = `query Introspection { __schema {
  queryType { name } mutationType { name } subscriptionType { name }
  types { kind name description
    fields(includeDeprecated: true) { name description isDeprecated deprecationReason type { ...T } args { name description defaultValue type { ...T } } }
    inputFields { name description defaultValue type { ...T } }
    interfaces { name } possibleTypes { name }
    enumValues(includeDeprecated: true) { name description isDeprecated }
  } } }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }`;

/** An element with a class, children and, for buttons, what a click does. */
export function make(tag, className, children = [], onclick) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...[children].flat());
  if (onclick) element.addEventListener("click", onclick);
  return element;
}

/** Shows the schema in `place`; `insert` is called with the name of a field that was chosen. */
export function browse(place, schema) {
  const types = new Map(schema.types.map((type) => [type.name, type]));
  const trail = [];
  let wanted = "";

  const link = (type) => make("button", "link", typeText(type), () => open(named(type)));

  function open(name) {
    trail.push(name);
    show();
  }

  function show() {
    const type = types.get(trail.at(-1));
    place.replaceChildren(type ? page(type) : start());
    place.scrollTop = 0;
  }

  function start() {
    const roots = [["query", schema.queryType], ["mutation", schema.mutationType], ["subscription", schema.subscriptionType]];
    const list = roots.filter(([, type]) => type).map(([kind, type]) =>
      make("li", "", [make("span", "kind", kind + " "), make("button", "link", type.name, () => open(type.name))]));
    const filter = make("input", "");
    Object.assign(filter, { type: "search", placeholder: "Find a type or field", value: wanted });
    filter.setAttribute("aria-label", filter.placeholder);
    const names = make("ul", "");
    const fill = () => names.replaceChildren(...find(filter.value).map(([name, member]) =>
      make("li", "", make("button", "link", member ? name + "." + member : name, () => open(name)))));
    filter.addEventListener("input", () => { wanted = filter.value; fill(); });
    fill();
    return make("div", "", [make("ul", "", list), filter, names]);
  }

  /** Types whose names hold the text; with a text, fields, too. */
  function find(text) {
    const holds = (name) => name.toLowerCase().includes(text.trim().toLowerCase());
    const shown = schema.types.filter((type) => !type.name.startsWith("__")).sort((a, b) => (a.name < b.name ? -1 : 1));
    const found = shown.filter((type) => holds(type.name)).map((type) => [type.name]);
    if (text.trim()) for (const type of shown) for (const f of type.fields ?? []) if (holds(f.name)) found.push([type.name, f.name]);
    return found.slice(0, 400);
  }

  function page(type) {
    const back = make("button", "", "‹ Back", () => { trail.pop(); show(); });
    const head = make("p", "", [make("strong", "mono", type.name), make("span", "kind", " " + type.kind.toLowerCase().replaceAll("_", " "))]);
    const described = type.description ? [make("p", "description", type.description)] : [];
    const members = [...(type.fields ?? []), ...(type.inputFields ?? [])].map(member);
    const values = (type.enumValues ?? []).map((v) => make("li", "mono", v.name));
    const kinds = (type.possibleTypes ?? []).map((t) => make("li", "", link({ name: t.name })));
    const lists = [members, values, kinds].filter((list) => list.length).map((list) => make("ul", "", list));
    return make("div", "", [back, head, ...described, ...lists]);
  }

  function member(f) {
    const args = (f.args ?? []).flatMap((a, i) => [i ? ", " : "", a.name + ": ", link(a.type), a.defaultValue ? " = " + a.defaultValue : ""]);
    const line = make("div", "mono", [f.name, ...(args.length ? ["(", ...args, ")"] : []), ": ", link(f.type)]);
    const notes = [f.description, f.isDeprecated && "Deprecated: " + f.deprecationReason].filter(Boolean);
    return make("li", "", [line, ...notes.map((note) => make("div", "description", note))]);
  }

  show();
}
