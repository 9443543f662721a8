//! Composed schemas, subgraphs that answer what they are told to, and whole runs of operations.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use braid_composition::SubgraphInput;
use braid_executor::{
    Compiled, InProcess, InProcessFuture, RequestContext, Response, SubgraphConfig, Subgraphs, Via,
};
use braid_model::Supergraph;
use braid_model::bits::AuthSet;
use braid_planner::coerce::Variables;
use braid_planner::document::ValidDocument;
use braid_planner::introspect;
use braid_planner::validate::Options;
use braid_planner::view::View;
use bytes::Bytes;
use serde_json::Value;
use tokio::time::Instant;

/// What a subgraph answers.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) delay: Duration,
}

impl Reply {
    pub(crate) fn bytes(body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { status: 200, headers, body: body.into(), delay: Duration::ZERO }
    }

    pub(crate) fn data(data: &str) -> Self {
        Self::bytes(format!("{{\"data\":{data}}}"))
    }

    pub(crate) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn media(mut self, media: &str) -> Self {
        self.headers.retain(|(name, _)| *name != "content-type");
        self.headers.push(("content-type", media.to_owned()));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn after(self, millis: u64) -> Self {
        Self { delay: Duration::from_millis(millis), ..self }
    }
}

type Answering = dyn Fn(&Value) -> Reply + Send + Sync;

/// What subgraphs were asked: name and body, in order.
pub(crate) type Log = Arc<Mutex<Vec<(String, http::Request<Bytes>)>>>;

struct Scripted {
    name: String,
    log: Log,
    answer: Arc<Answering>,
}

impl InProcess for Scripted {
    fn call(&self, request: http::Request<Bytes>) -> InProcessFuture {
        let asked: Value = serde_json::from_slice(request.body()).unwrap();
        self.log.lock().unwrap().push((self.name.clone(), request));
        let answer = Arc::clone(&self.answer);
        Box::pin(async move {
            let reply = answer(&asked);
            tokio::time::sleep(reply.delay).await;
            let mut response = http::Response::builder().status(reply.status);
            for (name, value) in &reply.headers {
                response = response.header(*name, value);
            }
            response.body(reply.body.into()).unwrap()
        })
    }
}

/// A composed schema, and who answers for its subgraphs. A copy shares schema and log.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) schema: Arc<Supergraph>,
    pub(crate) configs: HashMap<String, SubgraphConfig>,
    pub(crate) log: Log,
    pub(crate) context: Arc<dyn Fn(RequestContext) -> RequestContext + Send + Sync>,
    pub(crate) introspection: Arc<Mutex<Option<Bytes>>>,
    pub(crate) stored: bool,
    /// Whatever needs anything of the caller is denied.
    pub(crate) deny: bool,
}

const HEAD: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.5",
  import: ["@key", "@external", "@requires", "@provides", "@shareable", "@inaccessible", "@authenticated",
    "@interfaceObject"])
"#;

impl World {
    /// Composes subgraphs; each answers `null` until it is told otherwise.
    pub(crate) fn new(subgraphs: &[(&str, &str)]) -> Self {
        Self::composed(subgraphs).unwrap_or_else(|errors| panic!("{errors}")).0
    }

    /// The same, with the API schema, or why it cannot be composed.
    pub(crate) fn composed(subgraphs: &[(&str, &str)]) -> Result<(Self, String), String> {
        let inputs: Vec<SubgraphInput> = subgraphs
            .iter()
            .map(|(name, sdl)| SubgraphInput {
                name: (*name).to_owned(),
                url: format!("http://{name}.test/graphql"),
                sdl: format!("{HEAD}{sdl}"),
                file: None,
            })
            .collect();
        let composed = braid_composition::compose(&inputs);
        let composed = composed.map_err(|errors| format!("{errors:#?}"))?;
        let schema = Arc::new(Supergraph::read(&composed.supergraph_sdl).unwrap());
        let world = Self {
            schema,
            configs: HashMap::new(),
            log: Log::default(),
            context: Arc::new(|context| RequestContext {
                errors: braid_executor::ErrorOptions { expose_messages: true, errors_max: 20 },
                ..context
            }),
            introspection: Arc::default(),
            stored: false,
            deny: false,
        };
        let names: Vec<String> = subgraphs.iter().map(|(name, _)| (*name).to_owned()).collect();
        let world = names.iter().fold(world, |world, name| world.on(name, |_| Reply::data("null")));
        Ok((world, composed.api_sdl))
    }

    /// Tells what a subgraph answers.
    pub(crate) fn on(
        mut self,
        name: &str,
        answer: impl Fn(&Value) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let service = Scripted {
            name: name.to_owned(),
            log: Arc::clone(&self.log),
            answer: Arc::new(answer),
        };
        let mut config = SubgraphConfig::new(name, format!("http://{name}.test/graphql"));
        config.via = Via::InProcess(Arc::new(service));
        self.configs.insert(name.to_owned(), config);
        self
    }

    /// A subgraph that answers the same bytes to whatever it is asked.
    pub(crate) fn answers(self, name: &str, reply: Reply) -> Self {
        self.on(name, move |_| reply.clone())
    }

    pub(crate) fn subgraphs(&self) -> Arc<Subgraphs> {
        let configs =
            self.schema.subgraphs.iter().map(|subgraph| self.configs[&subgraph.name].clone());
        Arc::new(Subgraphs::new(configs.collect()).unwrap())
    }

    /// Whether our own validation lets the operation pass.
    pub(crate) fn is_planned(&self, text: &str) -> bool {
        let view = View::api(&self.schema);
        ValidDocument::read(&self.schema, &view, text, None, &Options::default()).is_ok()
    }

    pub(crate) async fn try_run(&self, text: &str, variables: &str) -> Result<Value, String> {
        let response = self.respond(text, variables).await;
        serde_json::from_slice(&response.body).map_err(|error| error.to_string())
    }

    pub(crate) fn compiled(&self, text: &str, variables: &str) -> (Arc<Compiled>, Arc<Variables>) {
        let view = View::api(&self.schema);
        let options = Options { stored: self.stored, ..Options::default() };
        let document = ValidDocument::read(&self.schema, &view, text, None, &options);
        let document = document.unwrap_or_else(|errors| panic!("{errors:#?}"));
        let variables =
            Variables::coerce(&self.schema, &view, &document, variables.as_bytes()).unwrap();
        let conditions = variables.conditions(&document).unwrap();
        let denied = if self.deny { document.auth().clone() } else { AuthSet::default() };
        let operation = document.normalise(&self.schema, conditions, &denied);
        if let Ok(answer) =
            introspect::answer(&self.schema, &view, &operation.selections, &variables)
        {
            *self.introspection.lock().unwrap() = Some(answer.into());
        }
        let plan = braid_planner::plan(&self.schema, &operation, &Default::default())
            .unwrap_or_else(|error| panic!("{error}\n{text}"));
        let compiled = braid_executor::compile(&self.schema, &plan);
        let compiled =
            compiled.unwrap_or_else(|error| panic!("{error}\n{}", plan.tree(&self.schema)));
        (Arc::new(compiled), Arc::new(variables))
    }

    pub(crate) async fn respond(&self, text: &str, variables: &str) -> Response {
        let (compiled, variables) = self.compiled(text, variables);
        let context = RequestContext::new(Instant::now() + Duration::from_secs(30));
        let context = RequestContext {
            introspection: self
                .introspection
                .lock()
                .unwrap()
                .clone()
                .filter(|_| compiled.introspects()),
            ..(self.context)(context)
        };
        braid_executor::execute(&compiled, &self.subgraphs(), variables, context).await
    }

    /// Runs an operation without variables.
    pub(crate) async fn run(&self, text: &str) -> Value {
        self.run_with(text, "").await
    }

    pub(crate) async fn run_with(&self, text: &str, variables: &str) -> Value {
        let response = self.respond(text, variables).await;
        let value: Value = serde_json::from_slice(&response.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&response.body)));
        assert_eq!(response.data_null, value["data"].is_null());
        let errors = value["errors"].as_array().map_or(0, Vec::len);
        assert_eq!(errors == 0, response.errors == 0, "{value}");
        value
    }

    /// The bodies of the requests to a subgraph, so far.
    pub(crate) fn asked(&self, name: &str) -> Vec<Value> {
        let log = self.log.lock().unwrap();
        let of = log.iter().filter(|(asked, _)| asked == name);
        of.map(|(_, request)| serde_json::from_slice(request.body()).unwrap()).collect()
    }
}

/// Code, service and path of each error: `SUBREQUEST_TIMEOUT reviews users.0.name`.
pub(crate) fn errors(response: &Value) -> Vec<String> {
    let errors = response["errors"].as_array().cloned().unwrap_or_default();
    errors
        .iter()
        .map(|error| {
            assert!(error["message"].is_string(), "{error}");
            let path = error["path"].as_array().cloned().unwrap_or_default();
            let path: Vec<String> = path
                .iter()
                .map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned))
                .collect();
            let text = |name: &str| error["extensions"][name].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", text("code"), text("service"), path.join("."))
        })
        .collect()
}

/// What an entity subgraph answers: for each representation, by `answer`.
pub(crate) fn entities(asked: &Value, answer: impl Fn(&Value) -> Value) -> Reply {
    let representations = asked["variables"]["r0"].as_array().cloned().unwrap_or_default();
    let entities: Vec<Value> = representations.iter().map(answer).collect();
    Reply::data(&serde_json::json!({ "_entities": entities }).to_string())
}
