//! The OpenAPI document. It is made from the routes that are served: what is not in it does not exist, and what is in it does.

use axum::http::{Method, header};
use axum::routing::{Router, get};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem, Ref, Required, ResponseBuilder,
    schema::{ObjectBuilder, Type},
    tag::TagBuilder,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::access::{Needs, needs};
use crate::problem::ProblemDetails;
use crate::unchanged::TAGGED;
use crate::{
    WebParts, alerts, artifacts, audit, chains, events, feed, host, hosts, occurrences, outbox, plugins, put, runs,
    schedules, simulate, submit, tokens,
};

/// Where the API lies.
const BASE: &str = "/api/v1";

/// How to say who asks.
const BEARER: &str = "bearer";

/// Each resource, in the order of a reader's questions.
const TAGS: [(&str, &str); 13] = [
    ("schedules", "What comes due when, and what it calls"),
    ("runs", "What was carried out, is going on or waits"),
    ("occurrences", "Why something ran or did not"),
    ("chains", "Calls that follow one another"),
    ("outbox", "Messages that handlers handed over"),
    ("alerts", "What went wrong, and who was told"),
    ("plugins", "What is loaded, and which version"),
    ("hosts", "Those that share the ledger"),
    ("events", "What happens"),
    ("tokens", "Who may ask"),
    ("audit", "Who did what"),
    ("feeds", "For calendars and for pages elsewhere"),
    ("host", "This host"),
];

/// The routes of the API and of the probes, each with its description.
fn routes() -> OpenApiRouter<WebParts> {
    let api = OpenApiRouter::new()
        .merge(schedules::routes())
        .merge(put::routes())
        .merge(submit::routes())
        .merge(chains::routes())
        .merge(runs::routes())
        .merge(artifacts::routes())
        .merge(occurrences::routes())
        .merge(outbox::routes())
        .merge(alerts::routes())
        .merge(plugins::routes())
        .merge(host::routes())
        .merge(hosts::routes())
        .merge(simulate::routes())
        .merge(tokens::routes())
        .merge(audit::routes())
        .merge(events::routes());
    OpenApiRouter::with_openapi(head()).nest(BASE, api).merge(host::probes()).merge(feed::routes())
}

/// What is served, and its description.
pub(crate) fn parts() -> (Router<WebParts>, OpenApi) {
    let (router, mut document) = routes().split_for_parts();
    complete(&mut document);
    (router, document)
}

/// The OpenAPI document, as it is served at `/openapi.json`.
pub fn document() -> String {
    let mut text = parts().1.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// `/openapi.json`. It tells nothing about this host, so it is made once.
pub(crate) fn route(document: OpenApi) -> Router<WebParts> {
    let text = document.to_json().unwrap_or_default();
    let answer = async move || ([(header::CONTENT_TYPE, "application/json")], text);
    Router::new().route("/openapi.json", get(answer))
}

fn head() -> OpenApi {
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("Noontide")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "A scheduler whose tasks are WebAssembly plugins. Lists come as `{\"items\": […], \"next\": …}`: `next` is the \
             `after` of the next page. Times are RFC 3339. Refusals are problem details (RFC 9457).",
        ))
        .license(Some(license));
    let tags = TAGS.map(|(name, words)| TagBuilder::new().name(name).description(Some(words)).build());
    OpenApiBuilder::new().info(info).tags(Some(tags)).build()
}

/// Says of every operation what holds for all of them: its tag, the names in its path, refusals, and who is let in.
fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    components.schemas.insert(ProblemDetails::name().into_owned(), ProblemDetails::schema());
    let words = "A token; each operation names the scope it needs. Nothing is asked for on the Unix socket, and on loopback \
                 where no token is configured.";
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(words)).build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(token));
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.tags = Some(vec![tag(path).to_owned()]);
            name_path(path, operation);
            if let Needs::Scope(scope) = needs(&method, path) {
                refusals(operation);
                operation.security = Some(vec![SecurityRequirement::new(BEARER, [scope.as_str()])]);
            }
            if method == Method::POST && !shows_a_secret(path) {
                sent_twice(operation);
            }
            if method == Method::GET && TAGGED.contains(&path.as_str()) {
                seen_before(operation);
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let all = [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::PATCH, &mut item.patch),
        (Method::DELETE, &mut item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The first word of a path, if it is a resource.
fn tag(path: &str) -> &str {
    if ["/calendar.ics", "/badge/"].iter().any(|feed| path.starts_with(feed)) {
        return "feeds";
    }
    if path.ends_with("/simulate") {
        return "schedules";
    }
    let word = path.strip_prefix(BASE).and_then(|rest| rest.split('/').nth(1)).unwrap_or_default();
    TAGS.iter().map(|(name, _)| *name).find(|name| *name == word).unwrap_or("host")
}

/// The parameters that the path itself names.
fn name_path(path: &str, operation: &mut Operation) {
    for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let resource = tag(path).trim_end_matches('s');
        let text = match name {
            "id" => format!("The id of the {resource}"),
            "name" if path.contains("/artifacts/") => "The name of the file".to_owned(),
            _ => format!("The {name} of the {resource}"),
        };
        let parameter: Parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(text))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .build();
        operation.parameters.get_or_insert_default().insert(0, parameter.into());
    }
}

/// Answers that are not kept, whoever asks for it.
pub(crate) fn shows_a_secret(path: &str) -> bool {
    path.ends_with("/tokens")
}

fn header_parameter(name: &str, words: &str, text: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(words))
        .schema(Some(text.schema_type(Type::String)))
        .build()
}

fn sent_twice(operation: &mut Operation) {
    let words = "A text of 1 to 255 characters that the client makes up for this request. For 24 hours the same request under the \
                 same key is answered as the first time, with `Idempotency-Replayed: true`, and does nothing; another \
                 request under it is refused (422), and one that is still being carried out, too (409). Refusals are not kept";
    let text = ObjectBuilder::new().min_length(Some(1)).max_length(Some(255)).pattern(Some("^[!-~]+$"));
    operation.parameters.get_or_insert_default().push(header_parameter("Idempotency-Key", words, text).into());
}

fn seen_before(operation: &mut Operation) {
    let words = "The `ETag` of an answer that was seen before";
    operation
        .parameters
        .get_or_insert_default()
        .push(header_parameter("If-None-Match", words, ObjectBuilder::new()).into());
    let same = ResponseBuilder::new().description("It is the same as what was seen").build();
    operation.responses.responses.insert("304".to_owned(), same.into());
}

fn refusals(operation: &mut Operation) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemDetails::name()))).build();
    let refusal = ResponseBuilder::new().description("A refusal").content("application/problem+json", content).build();
    operation.responses.responses.insert("default".to_owned(), refusal.into());
}
