//! Calls to the API, by members and by strangers.

use axum::body::Body;
use ed25519_dalek::SigningKey;
use envelope::{
    Hash,
    desk_api::{
        CaseFile, CaseRow, Challenge, ChallengeRequest, NewEvent, Problem, Session, SessionRequest,
        sign_session,
    },
    event::{Action, LogEntry},
    life::next_event,
};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde::{Serialize, de::DeserializeOwned};
use tower::ServiceExt;
use uuid::Uuid;

use super::World;

impl World {
    pub(crate) async fn call(
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

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, token: &str) -> Result<T, StatusCode> {
        let (status, body) = self.call(Method::GET, path, token, &()).await;
        if status.is_success() { Ok(serde_json::from_slice(&body).unwrap()) } else { Err(status) }
    }

    pub(crate) async fn challenge(&self, handle: &str) -> Hash {
        let request = ChallengeRequest { handle: handle.into() };
        let (_, body) = self.call(Method::POST, "/v1/challenge", "", &request).await;
        serde_json::from_slice::<Challenge>(&body).unwrap().nonce
    }

    pub(crate) async fn answer(
        &self,
        handle: &str,
        nonce: Hash,
        key: &SigningKey,
    ) -> Result<String, StatusCode> {
        let signature = sign_session(key, self.directory.instance, handle, &nonce);
        let request = SessionRequest { handle: handle.into(), nonce, signature };
        let (status, body) = self.call(Method::POST, "/v1/session", "", &request).await;
        if status.is_success() {
            Ok(serde_json::from_slice::<Session>(&body).unwrap().token)
        } else {
            Err(status)
        }
    }

    pub(crate) async fn sign_in(&self, handle: &str) -> String {
        let nonce = self.challenge(handle).await;
        self.answer(handle, nonce, &self.people[handle].1).await.unwrap()
    }

    pub(crate) async fn queue(&self, handle: &str) -> Vec<CaseRow> {
        self.get("/v1/cases", &self.sign_in(handle).await).await.unwrap()
    }

    pub(crate) async fn case(&self, handle: &str, id: Uuid) -> Result<CaseFile, StatusCode> {
        self.get(&format!("/v1/cases/{id}"), &self.sign_in(handle).await).await
    }

    /// An event on the newest state, signed by the person.
    pub(crate) async fn event(&self, handle: &str, id: Uuid, action: Action) -> NewEvent {
        let state = self.case(handle, id).await.unwrap().row.state;
        let event = next_event(id, &state, handle, self.clock.now(), action);
        NewEvent { event: event.sign(&self.people[handle].1), brings: envelope::desk_api::Brings::default() }
    }

    pub(crate) async fn post(&self, handle: &str, id: Uuid, new: &NewEvent) -> Result<LogEntry, Problem> {
        let token = self.sign_in(handle).await;
        let (status, body) = self.call(Method::POST, &format!("/v1/cases/{id}/events"), &token, new).await;
        if status.is_success() {
            Ok(serde_json::from_slice(&body).unwrap())
        } else {
            Err(serde_json::from_slice(&body).unwrap())
        }
    }

    pub(crate) async fn declare(&self, id: Uuid, handles: &[&str]) {
        for handle in handles {
            self.act(handle, id, Action::Declared).await.unwrap();
        }
    }

    pub(crate) async fn act(&self, handle: &str, id: Uuid, action: Action) -> Result<LogEntry, Problem> {
        let new = self.event(handle, id, action).await;
        self.post(handle, id, &new).await
    }
}
