//! API calls by members and by clients without a session.

use axum::body::Body;
use ed25519_dalek::SigningKey;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use protocol::{
    Hash,
    api::workbench::{
        CaseDetail, CaseSummary, ChallengeRequest, ChallengeResponse, NewEvent, ProblemDetails,
        SessionRequest, SessionResponse, sign_session,
    },
    case::{
        event::{Action, SignedEvent},
        next_event,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use tower::ServiceExt;
use uuid::Uuid;

use super::HandlerFixture;

impl HandlerFixture {
    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: &impl Serialize,
    ) -> (StatusCode, Vec<u8>) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Body::from(serde_json::to_vec(body).unwrap()))
            .unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status();
        (status, response.into_body().collect().await.unwrap().to_bytes().to_vec())
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        token: &str,
    ) -> Result<T, StatusCode> {
        let (status, body) = self.request(Method::GET, path, token, &()).await;
        if status.is_success() { Ok(serde_json::from_slice(&body).unwrap()) } else { Err(status) }
    }

    pub(crate) async fn challenge(&self, handle: &str) -> Hash {
        let request = ChallengeRequest { handle: handle.into() };
        let (_, body) = self.request(Method::POST, "/v1/challenge", "", &request).await;
        serde_json::from_slice::<ChallengeResponse>(&body).unwrap().nonce
    }

    pub(crate) async fn answer_challenge(
        &self,
        handle: &str,
        nonce: Hash,
        key: &SigningKey,
    ) -> Result<String, StatusCode> {
        let signature = sign_session(key, self.directory.instance, handle, &nonce);
        let request = SessionRequest { handle: handle.into(), nonce, signature };
        let (status, body) = self.request(Method::POST, "/v1/session", "", &request).await;
        if status.is_success() {
            Ok(serde_json::from_slice::<SessionResponse>(&body).unwrap().token)
        } else {
            Err(status)
        }
    }

    pub(crate) async fn sign_in(&self, handle: &str) -> String {
        let nonce = self.challenge(handle).await;
        self.answer_challenge(handle, nonce, &self.members[handle].1).await.unwrap()
    }

    pub(crate) async fn queue(&self, handle: &str) -> Vec<CaseSummary> {
        self.get("/v1/cases", &self.sign_in(handle).await).await.unwrap()
    }

    pub(crate) async fn case(&self, handle: &str, id: Uuid) -> Result<CaseDetail, StatusCode> {
        self.get(&format!("/v1/cases/{id}"), &self.sign_in(handle).await).await
    }

    /// Returns an event on the newest state, signed by the member.
    pub(crate) async fn signed_event(&self, handle: &str, id: Uuid, action: Action) -> NewEvent {
        let state = self.case(handle, id).await.unwrap().row.state;
        let event = next_event(id, &state, handle, self.clock.now(), action);
        NewEvent {
            event: event.sign(&self.members[handle].1),
            payload: protocol::api::workbench::EventPayload::default(),
        }
    }

    pub(crate) async fn post_event(
        &self,
        handle: &str,
        id: Uuid,
        new: &NewEvent,
    ) -> Result<SignedEvent, ProblemDetails> {
        let token = self.sign_in(handle).await;
        let (status, body) =
            self.request(Method::POST, &format!("/v1/cases/{id}/events"), &token, new).await;
        if status.is_success() {
            Ok(serde_json::from_slice(&body).unwrap())
        } else {
            Err(serde_json::from_slice(&body).unwrap())
        }
    }

    pub(crate) async fn declare(&self, id: Uuid, handles: &[&str]) {
        for handle in handles {
            self.post_action(handle, id, Action::Declared).await.unwrap();
        }
    }

    pub(crate) async fn post_action(
        &self,
        handle: &str,
        id: Uuid,
        action: Action,
    ) -> Result<SignedEvent, ProblemDetails> {
        let new = self.signed_event(handle, id, action).await;
        self.post_event(handle, id, &new).await
    }
}
