//! Answers logs over HTTP: `POST /add-checkpoint` of C2SP tlog-witness. A reverse proxy in front of
//! it can add TLS. Without TLS a cosignature cannot be forged either.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use axum::{
    Extension, Router,
    body::{Bytes, HttpBody as _},
    extract::{DefaultBodyLimit, FromRequest, Request, State},
    middleware::AddExtension,
    response::{IntoResponse, Response},
    routing::post,
};
use axum_server::{Handle, Server, accept::Accept};
use futures_util::future::{Ready, ready};
use http::{StatusCode, header::CONTENT_TYPE};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tower::Layer;
use transparency_log::{
    note::MAX_NOTE_LEN,
    witness::{AddCheckpoint, Refusal},
};
use web::Clock;

use super::store::{CosignError, WitnessStore};
use crate::terminal_text;

/// Maximum number of connections. Further ones are closed at once.
pub const MAX_CONNECTIONS: usize = 64;
/// Timeout for the headers of a request, and for its body. An idle connection is closed after it.
pub const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum length of a request: a note, and the lines before it.
pub const MAX_REQUEST_LEN: usize = MAX_NOTE_LEN + 4 * 1024;
/// Maximum time for open requests to end when the program stops.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);
/// The content type of the size that the witness has cosigned last.
const SIZE_TYPE: &str = "text/x.tlog.size";

/// A witness that is bound to its address and does not answer yet.
pub struct BoundWitness {
    server: Server<SocketAddr, LimitedAcceptor>,
    state: WitnessState,
    /// The address of the server.
    pub address: SocketAddr,
}

#[derive(Clone)]
struct WitnessState {
    store: Arc<WitnessStore>,
    clock: Clock,
}

impl BoundWitness {
    /// Binds the address.
    ///
    /// # Errors
    /// If the address is not available.
    pub fn bind(store: WitnessStore, address: SocketAddr, clock: Clock) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let acceptor = LimitedAcceptor(Arc::new(Semaphore::new(MAX_CONNECTIONS)));
        let mut server = axum_server::from_tcp(listener)?
            .acceptor(acceptor)
            .http1_only()
            .first_request_timeout(READ_TIMEOUT);
        server.http_builder().http1().header_read_timeout(READ_TIMEOUT);
        Ok(Self { server, state: WitnessState { store: Arc::new(store), clock }, address })
    }

    /// Answers requests until `stop` resolves.
    ///
    /// # Errors
    /// If the server fails.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let handle = Handle::new();
        let router = Router::new()
            .route("/add-checkpoint", post(add_checkpoint))
            .layer(DefaultBodyLimit::max(MAX_REQUEST_LEN))
            .with_state(self.state);
        let serving = self.server.handle(handle.clone()).serve(router.into_make_service());
        let stopping = async {
            stop.await;
            handle.graceful_shutdown(Some(SHUTDOWN_GRACE));
        };
        let (served, ()) = tokio::join!(serving, stopping);
        served
    }
}

/// Accepts a limited number of connections. The service of a connection holds its permit.
#[derive(Clone)]
struct LimitedAcceptor(Arc<Semaphore>);

type ConnectionPermit = Arc<OwnedSemaphorePermit>;

impl<S> Accept<TcpStream, S> for LimitedAcceptor {
    type Stream = TcpStream;
    type Service = AddExtension<S, ConnectionPermit>;
    type Future = Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let permit = Arc::clone(&self.0).try_acquire_owned();
        let accepted =
            permit.map_err(|_| io::Error::other("too many connections")).and_then(|permit| {
                stream.set_nodelay(true)?;
                Ok((stream, Extension(Arc::new(permit)).layer(service)))
            });
        ready(accepted)
    }
}

async fn add_checkpoint(State(state): State<WitnessState>, request: Request) -> Response {
    // Before the body is sent, so that a client need not send all of it.
    if request.body().size_hint().lower() > MAX_REQUEST_LEN as u64 {
        return text(StatusCode::PAYLOAD_TOO_LARGE, "the request is too long");
    }
    let Ok(read) = timeout(READ_TIMEOUT, Bytes::from_request(request, &())).await else {
        return text(StatusCode::REQUEST_TIMEOUT, "the request did not arrive in time");
    };
    let body = match read {
        Ok(body) => body,
        Err(rejection) => return text(rejection.status(), &rejection.body_text()),
    };
    let parsed = std::str::from_utf8(&body).map_err(|error| error.to_string()).and_then(|body| {
        body.parse().map_err(|error: transparency_log::witness::RequestError| error.to_string())
    });
    let request: AddCheckpoint = match parsed {
        Ok(request) => request,
        Err(reason) => return refuse(&Refusal::BadRequest(reason)),
    };
    let WitnessState { store, clock } = state;
    // A clock before 1970 is no time at which anything was cosigned.
    let time = u64::try_from(clock.now().unix_timestamp()).unwrap_or(0);
    let cosigning = tokio::task::spawn_blocking(move || {
        let cosigned = store.cosign(&request, time);
        (request, cosigned)
    });
    match cosigning.await {
        Ok((request, Ok(signature))) => {
            let head = request.checkpoint.checkpoint();
            tracing::info!(log = %head.origin, size = head.size, "checkpoint cosigned");
            text(StatusCode::OK, signature.to_string().trim_end())
        }
        Ok((_, Err(CosignError::Refused(refusal)))) => refuse(&refusal),
        Ok((_, Err(error @ CosignError::NotStored(_)))) => {
            tracing::error!(%error, "checkpoint not cosigned");
            text(StatusCode::INTERNAL_SERVER_ERROR, "the witness cannot store the tree")
        }
        Err(error) => {
            tracing::error!(%error, "checkpoint not cosigned: the task failed");
            text(StatusCode::INTERNAL_SERVER_ERROR, "internal error of the witness")
        }
    }
}

/// Answers with the status code that the specification requires, and logs the reason.
fn refuse(refusal: &Refusal) -> Response {
    let reason = terminal_text::sanitize_line(&refusal.to_string());
    let status = match refusal {
        Refusal::BadRequest(_) => StatusCode::BAD_REQUEST,
        Refusal::UnknownLog(_) => StatusCode::NOT_FOUND,
        Refusal::NotSigned(_) => StatusCode::FORBIDDEN,
        Refusal::OtherSize { .. } | Refusal::OtherTree { .. } => StatusCode::CONFLICT,
        Refusal::Inconsistent { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    };
    match refusal {
        Refusal::OtherTree { .. } => tracing::error!(
            status = status.as_u16(),
            reason,
            "ALARM: checkpoint refused: the log has signed two different trees. Both checkpoints are in the folder \"refused\". Inform the oversight body"
        ),
        Refusal::Inconsistent { .. } => tracing::error!(
            status = status.as_u16(),
            reason,
            "checkpoint refused: the log did not prove that it only grows. The checkpoint is in the folder \"refused\". If the log does not send a valid proof, inform the oversight body"
        ),
        _ => tracing::warn!(status = status.as_u16(), reason, "checkpoint refused"),
    }
    if let Refusal::OtherSize { cosigned, .. } = refusal {
        let size = format!("{}\n", cosigned.size);
        return (status, [(CONTENT_TYPE, SIZE_TYPE)], size).into_response();
    }
    text(status, &reason)
}

fn text(status: StatusCode, line: &str) -> Response {
    (status, format!("{line}\n")).into_response()
}
