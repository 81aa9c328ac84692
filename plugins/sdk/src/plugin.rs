//! What a plugin says about itself, and which function answers to which name.

use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::call::Call;
use crate::failure::Failure;
use crate::outcome::{IntoOutcome, Outcome};

/// A plugin: its name, its wishes and its handlers. [`plugin!`](crate::plugin!) writes it.
#[derive(Debug)]
pub struct Plugin {
    name: &'static str,
    version: &'static str,
    summary: &'static str,
    wants: Wants,
    handlers: Vec<Handler>,
}

/// What the plugin would like to be granted. The operator decides; see `noontide plugin inspect`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wants {
    /// Origins, such as `https://api.example.com`.
    pub http: Vec<&'static str>,
    /// `host:port`.
    pub tcp: Vec<&'static str>,
    /// Names of environment variables.
    pub env: Vec<&'static str>,
    /// Names of secrets.
    pub secrets: Vec<&'static str>,
    /// Guest paths of folders.
    pub folders: Vec<&'static str>,
    /// SQL connections: `shop`, or `shop read-write`.
    pub sql: Vec<&'static str>,
    /// Redis connections: `cache`, or `cache read-write`.
    pub kv: Vec<&'static str>,
}

/// A function with a name, and what there is to know about it.
pub struct Handler {
    name: &'static str,
    summary: &'static str,
    input_schema: fn() -> String,
    example: Option<Value>,
    timeout: Option<Duration>,
    body: Box<Body>,
}

/// A handler's function with its types forgotten: input is read from the call, the result is JSON text.
type Body = dyn Fn(&Call) -> Result<Outcome<String>, Failure>;

impl Plugin {
    /// A plugin without handlers.
    pub fn new(name: &'static str, version: &'static str, summary: &'static str) -> Self {
        Self { name, version, summary, wants: Wants::default(), handlers: Vec::new() }
    }

    /// The same with these wishes.
    #[must_use]
    pub fn wanting(mut self, wish: impl FnOnce(&mut Wants)) -> Self {
        wish(&mut self.wants);
        self
    }

    /// The same with one handler more.
    #[must_use]
    pub fn with(mut self, handler: Handler) -> Self {
        self.handlers.push(handler);
        self
    }

    /// The plugin's name.
    pub fn name(&self) -> &str {
        self.name
    }

    /// The version, from the package.
    pub fn version(&self) -> &str {
        self.version
    }

    /// What it is for, in a sentence.
    pub fn summary(&self) -> &str {
        self.summary
    }

    /// What it would like to be granted.
    pub fn wants(&self) -> &Wants {
        &self.wants
    }

    /// All handlers, as declared.
    pub fn handlers(&self) -> &[Handler] {
        &self.handlers
    }

    /// Runs the handler that the call names; the result is JSON text.
    pub fn run(&self, call: &Call) -> Result<Outcome<String>, Failure> {
        match self.handlers.iter().find(|handler| handler.name == call.handler()) {
            Some(handler) => (handler.body)(call),
            None => Err(Failure::permanent(self.lacks(call.handler()))),
        }
    }

    fn lacks(&self, asked: &str) -> String {
        let names: Vec<_> = self.handlers.iter().map(Handler::name).collect();
        format!("plugin `{}` has no handler `{asked}`, it has: {}", self.name, names.join(", "))
    }
}

impl Handler {
    /// A handler from a function; the function's types say how input is read and results are written.
    pub fn new<I, R>(name: &'static str, body: fn(&Call, I) -> Result<R, Failure>) -> Self
    where
        I: DeserializeOwned + JsonSchema + 'static,
        R: IntoOutcome + 'static,
    {
        Self {
            name,
            summary: "",
            input_schema: schema_text::<I>,
            example: None,
            timeout: None,
            body: Box::new(move |call| body(call, call.input()?)?.into_outcome()),
        }
    }

    /// What it does, in a sentence.
    #[must_use]
    pub fn with_summary(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    /// An input that works.
    #[must_use]
    pub fn with_example(self, example: Value) -> Self {
        Self { example: Some(example), ..self }
    }

    /// Used where the schedule sets no timeout of its own.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }

    /// The handler's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it does, in a sentence.
    pub fn summary(&self) -> &'static str {
        self.summary
    }

    /// The JSON Schema of its input.
    pub fn input_schema(&self) -> String {
        (self.input_schema)()
    }

    /// An input that works.
    pub fn example(&self) -> Option<&Value> {
        self.example.as_ref()
    }

    /// Used where the schedule sets no timeout of its own.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }
}

fn schema_text<I: JsonSchema>() -> String {
    schema_for!(I).as_value().to_string()
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handler").field("name", &self.name).finish_non_exhaustive()
    }
}
