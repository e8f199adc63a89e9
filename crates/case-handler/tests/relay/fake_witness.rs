//! A fake outside witness. It follows the rules of C2SP tlog-witness, or breaks one of them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use ed25519_dalek::SigningKey;
use futures_util::stream;
use http::{StatusCode, header};
use protocol::directory::LogWitness;
use tokio::{net::TcpListener, task::JoinHandle};
use transparency_log::{
    checkpoint::witness_key,
    note::VerifierKey,
    witness::{AddCheckpoint, Refusal, WitnessedTree, authenticate, check_growth},
};

pub(super) const NAME: &str = "witness.example/w1";
/// The time of its cosignatures, in seconds since 1970.
pub(super) const COSIGNED: u64 = 1_795_000_000;

/// How the witness answers.
#[derive(Clone, Default)]
pub(super) enum WitnessBehavior {
    /// As the specification says.
    #[default]
    Honest,
    /// Never completes a response.
    Hang,
    /// Sends 10 MiB, with or without stating the length before.
    Endless { states_length: bool },
    /// Redirects to this address.
    Redirect(String),
    /// Cosigns with another key under its own name.
    OtherKey,
    /// Sends this body as the cosignature.
    Body(String),
    /// Names another size.
    Size(String),
    /// Answers with this status.
    Status(u16),
}

#[derive(Default)]
pub(super) struct WitnessState {
    pub(super) behavior: WitnessBehavior,
    /// The tree that it has cosigned last, by origin.
    pub(super) tree: Option<(String, WitnessedTree)>,
    /// The logs that it trusts.
    pub(super) logs: Vec<VerifierKey>,
    /// The old size of each request.
    pub(super) requests: Vec<u64>,
}

pub(super) struct FakeWitness {
    pub(super) url: String,
    pub(super) key: SigningKey,
    pub(super) state: Arc<Mutex<WitnessState>>,
    server: JoinHandle<()>,
}

impl FakeWitness {
    pub(super) async fn start(logs: Vec<VerifierKey>) -> Self {
        Self::start_at(
            "127.0.0.1:0",
            Arc::new(Mutex::new(WitnessState { logs, ..Default::default() })),
        )
        .await
    }

    pub(super) async fn start_at(address: &str, state: Arc<Mutex<WitnessState>>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}/w", listener.local_addr().unwrap());
        let key = SigningKey::from_bytes(&[77; 32]);
        let router = Router::new()
            .route("/w/add-checkpoint", post(add_checkpoint))
            .with_state((Arc::clone(&state), key.clone()));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, key, state, server }
    }

    /// Returns its entry in a directory.
    pub(super) fn entry(&self) -> LogWitness {
        LogWitness { name: NAME.to_owned(), key: (&self.key).into() }
    }

    pub(super) fn set(&self, behavior: WitnessBehavior) {
        self.state.lock().unwrap().behavior = behavior;
    }

    /// Returns the old sizes of the requests since the last call.
    pub(super) fn take_requests(&self) -> Vec<u64> {
        std::mem::take(&mut self.state.lock().unwrap().requests)
    }

    /// Closes the listener.
    pub(super) async fn stop(self) -> Arc<Mutex<WitnessState>> {
        self.server.abort();
        drop(self.server.await);
        self.state
    }
}

async fn add_checkpoint(
    State((state, key)): State<(Arc<Mutex<WitnessState>>, SigningKey)>,
    body: String,
) -> Response {
    let request: AddCheckpoint = body.parse().unwrap();
    let behavior = {
        let mut state = state.lock().unwrap();
        state.requests.push(request.old_size);
        state.behavior.clone()
    };
    let mebibyte = || Bytes::from(vec![b'x'; 1 << 20]);
    match behavior {
        WitnessBehavior::Honest => cosign(&mut state.lock().unwrap(), &request, &key),
        WitnessBehavior::Hang => {
            tokio::time::sleep(Duration::from_hours(1)).await;
            StatusCode::OK.into_response()
        }
        WitnessBehavior::Endless { states_length: true } => vec![b'x'; 10 << 20].into_response(),
        WitnessBehavior::Endless { states_length: false } => {
            let chunks = (0..10).map(move |_| Ok::<_, std::io::Error>(mebibyte()));
            Body::from_stream(stream::iter(chunks)).into_response()
        }
        WitnessBehavior::Redirect(to) => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response()
        }
        WitnessBehavior::OtherKey => {
            let other = SigningKey::from_bytes(&[78; 32]);
            request
                .checkpoint
                .cosign(NAME.parse().unwrap(), &other, COSIGNED)
                .to_string()
                .into_response()
        }
        WitnessBehavior::Body(body) => body.into_response(),
        WitnessBehavior::Size(size) => size_response(&size),
        WitnessBehavior::Status(status) => {
            (StatusCode::from_u16(status).unwrap(), "no reason\x1b[31m\nline").into_response()
        }
    }
}

fn size_response(size: &str) -> Response {
    let content_type = [(header::CONTENT_TYPE, "text/x.tlog.size")];
    (StatusCode::CONFLICT, content_type, size.to_owned()).into_response()
}

fn cosign(state: &mut WitnessState, request: &AddCheckpoint, key: &SigningKey) -> Response {
    let origin = &request.checkpoint.checkpoint().origin;
    let known = state.tree.as_ref().filter(|(known, _)| known == origin);
    let known = known.map_or_else(WitnessedTree::empty, |(_, tree)| *tree);
    let checked =
        authenticate(&request.checkpoint, &state.logs).and_then(|()| check_growth(request, known));
    match checked {
        Ok(tree) => {
            state.tree = Some((origin.clone(), tree));
            let entry = LogWitness { name: NAME.to_owned(), key: key.into() };
            let name = witness_key(&entry).unwrap().name;
            request.checkpoint.cosign(name, key, COSIGNED).to_string().into_response()
        }
        Err(Refusal::OtherSize { cosigned, .. }) => size_response(&format!("{}\n", cosigned.size)),
        Err(refusal) => {
            let status = match refusal {
                Refusal::UnknownLog(_) => StatusCode::NOT_FOUND,
                Refusal::NotSigned(_) => StatusCode::FORBIDDEN,
                Refusal::OtherTree { .. } => StatusCode::CONFLICT,
                Refusal::Inconsistent { .. } => StatusCode::UNPROCESSABLE_ENTITY,
                _ => StatusCode::BAD_REQUEST,
            };
            (status, format!("{refusal}\n")).into_response()
        }
    }
}
