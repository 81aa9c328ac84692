//! `wasi:http/outgoing-handler`: what a guest sends goes through the grants of its plugin.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::uri::Scheme;
use http::{HeaderValue, Request, Response};
use http_body_util::BodyExt;
use noontide_domain::trace::TRACEPARENT;
use noontide_domain::{Grant, Limits, TraceParent};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime_wasi_http::{Error as Code, RequestOptions, WasiBody, WasiHttpHooks};

use super::body::{Bounded, Counted};
use super::error::EgressError;
use super::exchange::Patience;
use super::witness::Witness;
use super::{Egress, decide};

/// So long a request waits for others of its attempt.
const QUEUE: Duration = Duration::from_secs(5);

/// Of a body that is sent, in bytes. Two of these wait in the host for each request that a guest makes, also for one that
/// it never sends: with WASI's own megabytes, thousands of requests would be gigabytes of the host's memory.
const CHUNK: usize = 16 << 10;

/// What becomes of a request: the answer, and what moves its bytes.
type Answered = (Response<WasiBody>, Moving);
type Moving = Box<dyn Future<Output = Result<(), Code>> + Send>;

/// One guest's way out.
#[derive(Clone)]
pub(crate) struct Client {
    /// `None` for a plugin that is asked to describe itself.
    egress: Option<Arc<Egress>>,
    grant: Option<Arc<Grant>>,
    limits: Limits,
    places: Arc<Semaphore>,
    deadline: Instant,
    witness: Witness,
    /// What its requests are a part of, unless they say something else.
    trace: Option<HeaderValue>,
}

impl Client {
    pub(crate) fn new(
        egress: Option<Arc<Egress>>,
        grant: Option<Arc<Grant>>,
        limits: Limits,
        deadline: Instant,
        witness: Witness,
    ) -> Self {
        let places = Arc::new(Semaphore::new(limits.http_concurrency));
        Self { egress, grant, limits, places, deadline, witness, trace: None }
    }

    /// The same, for requests that are part of `trace`.
    pub(crate) fn within(self, trace: Option<TraceParent>) -> Self {
        Self { trace: trace.and_then(|trace| trace.to_string().parse().ok()), ..self }
    }

    /// Decided, in its turn, and sent.
    async fn send(&self, mut request: Request<WasiBody>, options: RequestOptions) -> Result<Answered, EgressError> {
        if let Some(trace) = &self.trace {
            request.headers_mut().entry(TRACEPARENT).or_insert_with(|| trace.clone());
        }
        let grants = self.grant.as_ref().map(|grant| grant.http.as_slice()).unwrap_or_default();
        let decided = decide::decide(&request, grants)?;
        let origin = decided.target.to_string();
        let Some(egress) = &self.egress else {
            let reason = "no requests while a plugin describes itself".to_owned();
            return Err(EgressError::Request { target: origin, reason });
        };
        let place = self.place(&origin).await?;
        let patience = self.patience(options);
        let counted = self.witness.sent(&origin);
        let request = request.map(|body| Counted::new(body, counted));
        let (response, wire) = egress.exchange(&decided, request, patience, || self.witness.called(&origin)).await?;
        let witness = self.witness.clone();
        let failed = origin.clone();
        let response = response.map(|body| {
            Bounded::new(body, self.limits.http_response)
                .silent_at_most(options.between_bytes_timeout)
                .counted(self.witness.received(&origin), place)
                .map_err(move |error| {
                    witness.failed("http", &failed, &error);
                    error.code()
                })
                .boxed_unsync()
        });
        // Whatever becomes of the connection, whoever reads the body is told.
        let moving: Moving = Box::new(async move {
            let _ = wire.rest().await;
            Ok(())
        });
        Ok((response, moving))
    }

    async fn place(&self, origin: &str) -> Result<OwnedSemaphorePermit, EgressError> {
        let busy = || EgressError::Busy { target: origin.to_owned(), limit: self.limits.http_concurrency };
        let place = tokio::time::timeout(QUEUE, Arc::clone(&self.places).acquire_owned()).await;
        place.map_err(|_| busy())?.map_err(|_| busy())
    }

    /// As long as the guest says, and no longer than it has itself.
    fn patience(&self, options: RequestOptions) -> Patience {
        let usual = Patience::until(self.deadline);
        let left = usual.first_byte;
        Patience {
            connect: options.connect_timeout.map_or(usual.connect, |asked| asked.min(left)),
            first_byte: options.first_byte_timeout.map_or(left, |asked| asked.min(left)),
        }
    }
}

impl WasiHttpHooks for Client {
    fn is_supported_scheme(&mut self, scheme: &Scheme) -> bool {
        let supported = *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS;
        if !supported {
            let target = decide::shown(scheme.as_str(), "");
            let reason = "only http and https are sent".to_owned();
            self.witness.failed("http", &target, &EgressError::Request { target: target.clone(), reason });
        }
        supported
    }

    /// Written where the request is sent, from what was judged.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Code>> + Send>,
    ) -> Box<dyn Future<Output = Result<Answered, Code>> + Send> {
        let client = self.clone();
        Box::new(async move {
            let origin = decide::origin(&request);
            let sent = client.send(request, options.unwrap_or_default()).await;
            sent.map_err(|error| {
                client.witness.failed("http", &origin, &error);
                error.code()
            })
        })
    }
}
