//! What a document may cost, checked before any other work on it.
//!
//! Fragments make an operation larger than its text: a chain of fragments that spread each other
//! twice doubles at every step. What an operation costs is therefore computed on the *expanded*
//! operation, without expanding it: each fragment is measured once, after all that it spreads, so
//! the whole takes time in proportion to the document. The same order shows whether fragments
//! spread themselves.
//!
//! Everything behind may rely on it: without cycles, no recursion over an operation goes deeper
//! than [`Limits::nesting`], and no walk over the expanded operation takes more than
//! [`Limits::selections`] steps.

use rustc_hash::FxHashMap;

use braid_model::syntax::{self, Document, Field, List, Selection, Span};

use crate::validate::error::{Errors, Rule, excerpt};

/// The limits. Each bounds one thing of a document; exceeding one is an error with a code.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Lexical tokens of the document: 15,000.
    pub tokens: usize,
    /// Selection sets within each other, through fragments too, and values within values: 200.
    pub nesting: usize,
    /// Fields within each other, through fragments too, without introspection: 15.
    pub depth: usize,
    /// Fields within each other below `__schema` and `__type`: 30. Standard introspection has 21
    /// at most, nearly all `ofType`.
    pub introspection_depth: usize,
    /// Lists of schema elements (`fields`, `interfaces`, `possibleTypes`, `inputFields`) within
    /// each other below `__schema` and `__type`: 2. Each multiplies the answer.
    pub introspection_lists: usize,
    /// Aliases of an expanded operation: 30.
    pub aliases: usize,
    /// Fields of the root type of an expanded operation: 20.
    pub root_fields: usize,
    /// Directives of the document: 50.
    pub directives: usize,
    /// Directives at one place: 5.
    pub directives_per_place: usize,
    /// Operations and fragments of the document: 500.
    pub definitions: usize,
    /// Variables of an operation: 250.
    pub variables: usize,
    /// Selections of all operations, expanded: 10,000.
    pub selections: usize,
    /// Pairs of fields that are compared to see whether they can be merged: 200,000. Only fields
    /// of one response key that differ, under different type conditions, are compared in pairs.
    pub comparisons: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tokens: 15_000,
            nesting: 200,
            depth: 15,
            introspection_depth: 30,
            introspection_lists: 2,
            aliases: 30,
            root_fields: 20,
            directives: 50,
            directives_per_place: 5,
            definitions: 500,
            variables: 250,
            selections: 10_000,
            comparisons: 200_000,
        }
    }
}

impl Limits {
    /// The parser's share of the limits.
    pub fn syntax(&self) -> syntax::Limits {
        syntax::Limits { tokens: self.tokens, depth: self.nesting }
    }
}

/// The lists of introspection that multiply the answer.
const LISTS: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];

/// The cost of a selection set, expanded.
#[derive(Clone, Copy, Default)]
struct Cost {
    selections: usize,
    nesting: usize,
    depth: usize,
    introspection_depth: usize,
    /// Introspection's lists within each other, wherever they stand.
    lists: usize,
    /// The same, below `__schema` and `__type` only.
    introspection_lists: usize,
    aliases: usize,
    root_fields: usize,
}

impl Cost {
    /// Adds a selection that costs `other` beside what is there already.
    fn beside(&mut self, other: Self) {
        self.selections = self.selections.saturating_add(other.selections);
        self.nesting = self.nesting.max(other.nesting);
        self.depth = self.depth.max(other.depth);
        self.introspection_depth = self.introspection_depth.max(other.introspection_depth);
        self.lists = self.lists.max(other.lists);
        self.introspection_lists = self.introspection_lists.max(other.introspection_lists);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.root_fields = self.root_fields.saturating_add(other.root_fields);
    }
}

/// Measures the document against the limits. Without errors, no fragment spreads itself.
pub(crate) fn check(doc: &Document, limits: &Limits, errors: &mut Errors) {
    let definitions = doc.operations.len() + doc.fragments.len();
    if definitions > limits.definitions {
        let message = format!(
            "the document has {definitions} operations and fragments, {} are allowed",
            limits.definitions
        );
        errors.push(Rule::MaxDefinitions, message, &[]);
        return;
    }
    directives(doc, limits, errors);
    for operation in &doc.operations {
        let count = operation.variables.len();
        if count > limits.variables {
            let message =
                format!("the operation has {count} variables, {} are allowed", limits.variables);
            errors.push(Rule::MaxVariables, message, &[operation.span]);
        }
    }
    let Some(measure) = Measure::fragments(doc, errors) else { return };
    let mut selections: usize = 0;
    for operation in &doc.operations {
        let cost = measure.selections(operation.selections);
        selections = selections.saturating_add(cost.selections);
        compare(&cost, limits, operation.span, errors);
    }
    // Fragments that no operation uses are measured, too, so that no walk over them can surprise.
    let unused = measure.costs.iter().map(|cost| cost.nesting).max().unwrap_or(0);
    if unused > limits.nesting && errors.is_empty() {
        too_much(errors, Rule::MaxNesting, "nesting", unused, limits.nesting, &[]);
    }
    if selections > limits.selections {
        let spans: Vec<Span> = doc.operations.iter().take(1).map(|op| op.span).collect();
        let what = "number of selections with its fragments expanded";
        too_much(errors, Rule::MaxSelections, what, selections, limits.selections, &spans);
    }
}

fn compare(cost: &Cost, limits: &Limits, span: Span, errors: &mut Errors) {
    let (depth, lists) = (cost.introspection_depth, cost.introspection_lists);
    let checks = [
        (Rule::MaxNesting, "nesting", cost.nesting, limits.nesting),
        (Rule::MaxDepth, "depth", cost.depth, limits.depth),
        (Rule::MaxIntrospectionDepth, "depth of introspection", depth, limits.introspection_depth),
        (
            Rule::MaxIntrospectionDepth,
            "depth of lists in introspection",
            lists,
            limits.introspection_lists,
        ),
        (Rule::MaxAliases, "number of aliases", cost.aliases, limits.aliases),
        (Rule::MaxRootFields, "number of root fields", cost.root_fields, limits.root_fields),
    ];
    for (rule, what, is, allowed) in checks {
        if is > allowed {
            too_much(errors, rule, what, is, allowed, &[span]);
        }
    }
}

fn too_much(
    errors: &mut Errors,
    rule: Rule,
    what: &str,
    is: usize,
    allowed: usize,
    spans: &[Span],
) {
    let is = if is == usize::MAX { "too large to count".to_owned() } else { is.to_string() };
    let message = format!("the operation's {what} is {is}, {allowed} is allowed; ask for less");
    errors.push(rule, message, spans);
}

fn directives(doc: &Document, limits: &Limits, errors: &mut Errors) {
    let mut total = 0;
    let mut place = |list: List<syntax::Directive>, errors: &mut Errors| {
        total += list.len();
        if list.len() > limits.directives_per_place {
            let at = doc[list].get(limits.directives_per_place).map_or(Span::default(), |d| d.span);
            let message = format!(
                "there are {} directives at one place, {} are allowed",
                list.len(),
                limits.directives_per_place
            );
            errors.push(Rule::MaxDirectives, message, &[at]);
        }
    };
    for operation in &doc.operations {
        place(operation.directives, errors);
        for variable in &doc[operation.variables] {
            place(variable.directives, errors);
        }
    }
    for fragment in &doc.fragments {
        place(fragment.directives, errors);
    }
    let roots = doc.operations.iter().map(|op| op.selections);
    let mut sets: Vec<List<Selection>> =
        roots.chain(doc.fragments.iter().map(|f| f.selections)).collect();
    while let Some(set) = sets.pop() {
        for selection in &doc[set] {
            let (list, inner) = match selection {
                Selection::Field(field) => (field.directives, field.selections),
                Selection::Spread(spread) => (spread.directives, List::EMPTY),
                Selection::Inline(inline) => (inline.directives, inline.selections),
            };
            place(list, errors);
            sets.push(inner);
        }
    }
    if total > limits.directives {
        let message =
            format!("the document has {total} directives, {} are allowed", limits.directives);
        errors.push(Rule::MaxDirectives, message, &[]);
    }
}

struct Measure<'a> {
    doc: &'a Document,
    by_name: FxHashMap<&'a str, usize>,
    costs: Vec<Cost>,
}

impl<'a> Measure<'a> {
    /// Measures all fragments, each after those that it spreads (Kahn's order). What is left over
    /// leads to a cycle, which is an error (specification, section 5.5.2.2).
    fn fragments(doc: &'a Document, errors: &mut Errors) -> Option<Self> {
        let mut by_name = FxHashMap::default();
        for (at, fragment) in doc.fragments.iter().enumerate() {
            by_name.entry(doc.text(fragment.name)).or_insert(at);
        }
        let mut measure = Self { doc, by_name, costs: vec![Cost::default(); doc.fragments.len()] };
        let spreads: Vec<Vec<usize>> =
            doc.fragments.iter().map(|f| measure.spreads(f.selections)).collect();
        let mut spread_by: Vec<Vec<usize>> = vec![Vec::new(); spreads.len()];
        let mut waits: Vec<usize> = Vec::with_capacity(spreads.len());
        for (at, targets) in spreads.iter().enumerate() {
            waits.push(targets.len());
            for &target in targets {
                spread_by[target].push(at);
            }
        }
        let mut ready: Vec<usize> = (0..waits.len()).filter(|&at| waits[at] == 0).collect();
        let mut measured = 0;
        while let Some(at) = ready.pop() {
            measured += 1;
            measure.costs[at] = measure.selections(doc.fragments[at].selections);
            for &by in &spread_by[at] {
                waits[by] -= 1;
                if waits[by] == 0 {
                    ready.push(by);
                }
            }
        }
        if measured < waits.len() {
            measure.report_cycle(&spreads, &waits, errors);
            return None;
        }
        Some(measure)
    }

    /// The fragments that are spread anywhere in the set, once for each spread.
    fn spreads(&self, set: List<Selection>) -> Vec<usize> {
        let (mut sets, mut found) = (vec![set], Vec::new());
        while let Some(set) = sets.pop() {
            for selection in &self.doc[set] {
                match selection {
                    Selection::Field(field) => sets.push(field.selections),
                    Selection::Inline(inline) => sets.push(inline.selections),
                    Selection::Spread(spread) => found.extend(self.target(spread.name)),
                }
            }
        }
        found
    }

    fn target(&self, name: Span) -> Option<usize> {
        self.by_name.get(self.doc.text(name)).copied()
    }

    /// Recursion is as deep as the text nests, which the parser bounds.
    fn selections(&self, set: List<Selection>) -> Cost {
        let mut sum = Cost::default();
        for selection in &self.doc[set] {
            let mut cost = match selection {
                Selection::Field(field) => self.field(field),
                Selection::Inline(inline) => self.selections(inline.selections),
                Selection::Spread(spread) => {
                    self.target(spread.name).map_or(Cost::default(), |at| self.costs[at])
                }
            };
            cost.selections = cost.selections.saturating_add(1);
            cost.nesting += 1;
            sum.beside(cost);
        }
        sum
    }

    fn field(&self, field: &Field) -> Cost {
        let mut cost = self.selections(field.selections);
        let name = self.doc.text(field.name);
        if matches!(name, "__schema" | "__type") {
            cost.introspection_depth = cost.introspection_depth.max(cost.depth + 1);
            cost.introspection_lists = cost.introspection_lists.max(cost.lists);
            cost.depth = 0;
        } else {
            cost.depth += 1;
        }
        cost.lists += usize::from(LISTS.contains(&name));
        cost.aliases = cost.aliases.saturating_add(usize::from(field.alias.is_some()));
        cost.root_fields = 1;
        cost
    }

    /// Follows spreads among the fragments that could not be measured until one comes again.
    fn report_cycle(&self, spreads: &[Vec<usize>], waits: &[usize], errors: &mut Errors) {
        let mut at = waits.iter().position(|&waits| waits > 0).unwrap_or(0);
        let mut order: Vec<usize> = Vec::new();
        let mut seen = vec![usize::MAX; waits.len()];
        while seen[at] == usize::MAX {
            seen[at] = order.len();
            order.push(at);
            // A fragment waits only while one that it spreads does.
            let next = spreads[at].iter().copied().find(|&to| waits[to] > 0);
            at = next.unwrap_or(at);
        }
        let cycle = order.get(seen[at]..).unwrap_or_default();
        let name = |at: usize| excerpt(self.doc.text(self.doc.fragments[at].name));
        let through: Vec<String> =
            cycle.iter().skip(1).take(3).map(|&at| format!("`{}`", name(at))).collect();
        let through = match (through.is_empty(), cycle.len() > 4) {
            (true, _) => String::new(),
            (false, false) => format!(" through {}", through.join(", ")),
            (false, true) => format!(" through {} and others", through.join(", ")),
        };
        let message = format!("fragment `{}` spreads itself{through}; break the cycle", name(at));
        let spans: Vec<Span> = cycle.iter().map(|&at| self.doc.fragments[at].name).collect();
        errors.push(Rule::NoFragmentCycles, message, &spans[..spans.len().min(4)]);
    }
}
