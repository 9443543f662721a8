// Cases for language.js. Run by hand: node --test bff-web/explorer/language.test.mjs

import assert from "node:assert/strict";
import test from "node:test";
import { complete, prettify, tokens } from "./language.js";

const named = (name, kind = "OBJECT") => ({ kind, name });
const field = (name, type, args = []) => ({ name, type, args });
const schema = {
  queryType: { name: "Query" }, mutationType: { name: "Mutation" },
  types: [
    { ...named("Query"), fields: [
      field("product", named("Product"), [field("id", named("ID", "SCALAR"))]),
      field("products", { kind: "NON_NULL", ofType: named("List") }, [
        field("filter", named("Filter", "INPUT_OBJECT")), field("first", named("Int", "SCALAR")), field("old", named("Boolean", "SCALAR")),
      ]),
    ] },
    { ...named("Mutation"), fields: [field("rename", named("Product"), [field("id", named("ID", "SCALAR"))])] },
    { ...named("List"), fields: [field("nodes", { kind: "LIST", ofType: named("Product") })] },
    { ...named("Product", "INTERFACE"), fields: [field("id", named("ID", "SCALAR")), field("name", named("String", "SCALAR"))], possibleTypes: [named("RidePass")] },
    { ...named("RidePass"), fields: [field("rides", named("Int", "SCALAR"))] },
    { ...named("Filter", "INPUT_OBJECT"), inputFields: [field("status", named("Status", "ENUM")), field("any", { kind: "LIST", ofType: named("Filter", "INPUT_OBJECT") })] },
    { ...named("Status", "ENUM"), enumValues: [{ name: "ACTIVE" }, { name: "RETIRED" }] },
    named("Int", "SCALAR"), named("ID", "SCALAR"), { ...named("Boolean", "SCALAR") },
  ],
};

for (const [text, expected] of [
  ["", "query mutation fragment"],
  ["m", "mutation"],
  ["{", "product products __typename"],
  ["{ prod", "product products"],
  ["query Q { p", "product products"],
  ["query Q($a: Int) { p", "product products"],
  ["mutation { r", "rename"],
  ["{ products { ", "nodes __typename"],
  ["{ products(first: 3) { nodes { na", "name"],
  ["{ products(first: 3, filter: { status: ACTIVE }) { nodes { na", "name"],
  ["{ x: product { na", "name"],
  ["{ product(id: 1) @skip(if: true) { na", "name"],
  ["{ product { id } products { no", "nodes"],
  ["{ products(", "filter first old"],
  ["{ products(f", "filter first"],
  ["{ products(first: 3, o", "old"],
  ["{ products(filter: { ", "status any"],
  ["{ products(filter: { status: ", "ACTIVE RETIRED"],
  ["{ products(filter: { any: [{ status: R", "RETIRED"],
  ["{ products(old: t", "true"],
  ["query($n: Int, $m: Int) { products(first: $", "$n $m"],
  ["query($n: I", "Int ID"],
  ["{ product { ... ", "on"],
  ["{ product { ... on ", "Product RidePass"],
  ["{ product { ... on RidePass { r", "rides"],
  ["fragment F on R", "RidePass"],
  ["fragment F on RidePass { r", "rides"],
  ["{ product { id } } query B { p", "product products"],
  ["{ product { nothing { x", ""],
  ["{ # prod", ""],
  ["{ product(id: \"na", ""],
]) {
  test("completes " + JSON.stringify(text), () => {
    assert.equal(complete(text, schema).items.map((item) => item.label).join(" "), expected);
  });
}

for (const [text, expected] of [
  ["{a}", "{\n  a\n}\n"],
  ["query Q($a:Int=1 $b:[ID!]!){x:a(b:$a,c:[1 2]){d e}}", "query Q($a: Int = 1, $b: [ID!]!) {\n  x: a(b: $a, c: [1, 2]) {\n    d\n    e\n  }\n}\n"],
  ["{a(b:{c:1 d:{}}){e}}", "{\n  a(b: { c: 1, d: {} }) {\n    e\n  }\n}\n"],
  ["{a @include(if:$v) b}", "{\n  a @include(if: $v)\n  b\n}\n"],
  ["{a{...F ...on B{c} ... @skip(if:true){d}}} fragment F on A{e}", "{\n  a {\n    ...F\n    ... on B {\n      c\n    }\n    ... @skip(if: true) {\n      d\n    }\n  }\n}\n\nfragment F on A {\n  e\n}\n"],
  ["# top\n{ a # a\n # b\n b }", "# top\n{\n  a # a\n  # b\n  b\n}\n"],
  ["query A @x {a} mutation B {b}", "query A @x {\n  a\n}\n\nmutation B {\n  b\n}\n"],
  ["{a(s:\"x  y\")}", "{\n  a(s: \"x  y\")\n}\n"],
  ["{a(s:\"\"\"x\n  y\"\"\") b}", "{\n  a(s: \"\"\"x\n  y\"\"\")\n  b\n}\n"],
]) {
  test("prettifies " + JSON.stringify(text), () => {
    assert.equal(prettify(text), expected);
    assert.equal(prettify(expected), expected, "twice is as once");
    const bare = (text) => tokens(text).map((token) => token.text).filter((text) => text !== ",").join(" ");
    assert.equal(bare(prettify(text)), bare(text), "nothing is lost");
  });
}
