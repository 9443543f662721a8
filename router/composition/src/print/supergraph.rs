//! The supergraph SDL (join specification v0.3 to v0.5).

use std::fmt::Write as _;

use crate::{
    ir::Kind,
    merged::{GraphIndex, JoinField, JoinType, Merged, MergedField, MergedInput, MergedType},
    names::{Name, Names},
    print::{
        element,
        features::{self, JoinVersion},
    },
};

/// Prints a merged schema.
pub(crate) fn print(names: &Names, merged: &Merged, join: JoinVersion) -> String {
    let printer = Printer { names, merged };
    let mut text = String::with_capacity(64 * 1024);
    printer.schema(&mut text, join);
    for definition in features::directive_definitions(merged, join) {
        _ = write!(text, "\n{definition}\n");
    }
    let mut types = features::type_definitions(merged, join);
    types.extend(merged.types.iter().map(|ty| (names[ty.name].to_owned(), printer.type_(ty))));
    types.sort_by(|one, two| one.0.cmp(&two.0));
    for (_, definition) in types {
        _ = write!(text, "\n{definition}");
    }
    text
}

struct Printer<'p> {
    names: &'p Names,
    merged: &'p Merged,
}

impl Printer<'_> {
    fn schema(&self, text: &mut String, join: JoinVersion) {
        element::description(text, "", self.merged.schema_marks.description.as_deref());
        text.push_str("schema\n");
        for link in features::links(self.merged, join) {
            _ = writeln!(text, "  {link}");
        }
        let mut applied = String::new();
        element::feature_directives(&mut applied, self.names, &self.merged.schema_marks);
        if !applied.is_empty() {
            _ = writeln!(text, " {applied}");
        }
        text.push_str("{\n");
        for (operation, root) in roots(self.names, self.merged) {
            _ = writeln!(text, "  {operation}: {root}");
        }
        text.push_str("}\n");
    }

    fn graph(&self, graph: GraphIndex) -> &str {
        &self.merged.graphs[graph].value
    }

    fn type_(&self, ty: &MergedType) -> String {
        let mut text = String::new();
        element::description(&mut text, "", ty.marks.description.as_deref());
        _ = write!(text, "{} {}", keyword(ty.kind), &self.names[ty.name]);
        if !ty.interfaces.is_empty() {
            let list: Vec<&str> = ty.interfaces.iter().map(|name| &self.names[*name]).collect();
            _ = write!(text, " implements {}", list.join(" & "));
        }
        text.push('\n');
        for (graph, interface) in &ty.join_implements {
            let (graph, name) = (self.graph(*graph), &self.names[*interface]);
            _ = writeln!(text, "  @join__implements(graph: {graph}, interface: \"{name}\")");
        }
        for join in &ty.joins {
            _ = writeln!(text, "  {}", self.join_type(join));
        }
        for (graph, member) in &ty.join_members {
            let (graph, name) = (self.graph(*graph), &self.names[*member]);
            _ = writeln!(text, "  @join__unionMember(graph: {graph}, member: \"{name}\")");
        }
        let mut applied = String::new();
        element::standard_directives(&mut applied, &ty.marks);
        element::feature_directives(&mut applied, self.names, &ty.marks);
        if !applied.is_empty() {
            _ = writeln!(text, " {applied}");
        }
        self.body(&mut text, ty);
        text
    }

    fn body(&self, text: &mut String, ty: &MergedType) {
        match ty.kind {
            Kind::Scalar => {}
            Kind::Union => {
                let members: Vec<&str> = ty.members.iter().map(|name| &self.names[*name]).collect();
                _ = writeln!(text, " = {}", members.join(" | "));
            }
            Kind::Object | Kind::Interface => {
                text.push_str("{\n");
                ty.fields.iter().for_each(|field| self.field(text, field));
                text.push_str("}\n");
            }
            Kind::Input => {
                text.push_str("{\n");
                ty.inputs.iter().for_each(|input| self.input(text, input));
                text.push_str("}\n");
            }
            Kind::Enum => {
                text.push_str("{\n");
                for value in &ty.values {
                    element::description(text, "  ", value.marks.description.as_deref());
                    _ = write!(text, "  {}", &self.names[value.name]);
                    for graph in &value.graphs {
                        _ = write!(text, " @join__enumValue(graph: {})", self.graph(*graph));
                    }
                    element::standard_directives(text, &value.marks);
                    element::feature_directives(text, self.names, &value.marks);
                    text.push('\n');
                }
                text.push_str("}\n");
            }
        }
    }

    fn join_type(&self, join: &JoinType) -> String {
        let mut text = format!("@join__type(graph: {}", self.graph(join.graph));
        if let Some(key) = &join.key {
            _ = write!(text, ", key: {}", element::quoted(key));
        }
        if join.extension {
            text.push_str(", extension: true");
        }
        if !join.resolvable {
            text.push_str(", resolvable: false");
        }
        if join.interface_object {
            text.push_str(", isInterfaceObject: true");
        }
        text.push(')');
        text
    }

    fn field(&self, text: &mut String, field: &MergedField) {
        element::description(text, "  ", field.marks.description.as_deref());
        _ = write!(text, "  {}", &self.names[field.name]);
        if !field.args.is_empty() {
            let list: Vec<String> =
                field.args.iter().map(|argument| self.argument(argument)).collect();
            _ = write!(text, "({})", list.join(", "));
        }
        _ = write!(text, ": {}", field.ty.print(self.names));
        field.joins.iter().for_each(|join| self.join_field(text, join));
        element::standard_directives(text, &field.marks);
        element::feature_directives(text, self.names, &field.marks);
        text.push('\n');
    }

    fn argument(&self, argument: &MergedInput) -> String {
        let mut text = element::input_value(self.names, argument);
        element::standard_directives(&mut text, &argument.marks);
        element::feature_directives(&mut text, self.names, &argument.marks);
        text
    }

    fn input(&self, text: &mut String, input: &MergedInput) {
        element::description(text, "  ", input.marks.description.as_deref());
        _ = write!(text, "  {}", element::bare_input_value(self.names, input));
        input.joins.iter().for_each(|join| self.join_field(text, join));
        element::standard_directives(text, &input.marks);
        element::feature_directives(text, self.names, &input.marks);
        text.push('\n');
    }

    fn join_field(&self, text: &mut String, join: &JoinField) {
        let mut arguments = Vec::new();
        arguments.extend(join.graph.map(|graph| format!("graph: {}", self.graph(graph))));
        let quoted = |name: &str, value: &String| format!("{name}: {}", element::quoted(value));
        arguments.extend(join.requires.as_ref().map(|fields| quoted("requires", fields)));
        arguments.extend(join.provides.as_ref().map(|fields| quoted("provides", fields)));
        arguments.extend(join.ty.map(|ty| format!("type: \"{}\"", ty.print(self.names))));
        if join.external {
            arguments.push("external: true".to_owned());
        }
        arguments.extend(join.override_from.as_ref().map(|from| quoted("override", from)));
        if join.used_overridden {
            arguments.push("usedOverridden: true".to_owned());
        }
        arguments.extend(join.override_label.as_ref().map(|label| quoted("overrideLabel", label)));
        text.push_str(" @join__field");
        if !arguments.is_empty() {
            _ = write!(text, "({})", arguments.join(", "));
        }
    }
}

/// The root operations that have at least one field.
pub(crate) fn roots(names: &Names, merged: &Merged) -> Vec<(&'static str, &'static str)> {
    let all = [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")];
    let exists = |name: &str| {
        let found: Option<Name> = names.get(name);
        found.and_then(|name| merged.type_named(name)).is_some_and(|ty| !ty.fields.is_empty())
    };
    all.into_iter().filter(|(_, name)| exists(name)).collect()
}

pub(crate) fn keyword(kind: Kind) -> &'static str {
    match kind {
        Kind::Scalar => "scalar",
        Kind::Object => "type",
        Kind::Interface => "interface",
        Kind::Union => "union",
        Kind::Enum => "enum",
        Kind::Input => "input",
    }
}
