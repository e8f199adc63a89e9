//! A case handler in memory: the API of `envelope::desk_api` over real TLS, honest unless it is told to cheat.

use std::{
    collections::BTreeMap,
    net::TcpListener,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use axum_server::tls_rustls::RustlsConfig;
use envelope::{
    Hash,
    desk_api::{
        CaseFile, CaseRow, Challenge, ChallengeRequest, GenerationGrant, GenerationRecipient, Log, NewEvent,
        Part, PartKind, Problem, SESSION_LABEL, Session, SessionRequest,
    },
    directory::SignedDirectory,
    event::{Action, Event, HANDLER, LogEntry, midnight},
    frame::{Attachment, FrameKind, Head},
    grant::Grant,
    keys::{CaseSecret, MailboxRecipient},
    life::{CaseState, Refusal, Role},
    receipt::Receipt,
    report::{Answer, EXCLUSIONS, ReportBody},
    submission::Urgency,
};
use rand::rngs::OsRng;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use uuid::Uuid;

use super::{House, absences, reporter::Reporter, today};

/// One case as it is kept.
pub(crate) struct Kept {
    pub(crate) state: CaseState,
    pub(crate) parts: Vec<(Part, Vec<u8>)>,
    pub(crate) grants: Vec<(String, GenerationGrant)>,
    pub(crate) mailbox: MailboxRecipient,
    pub(crate) recipients: Vec<GenerationRecipient>,
    pub(crate) holders: Vec<String>,
    pub(crate) replies: Vec<Vec<u8>>,
}

#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) directories: Vec<SignedDirectory>,
    pub(crate) cases: BTreeMap<Uuid, Kept>,
    pub(crate) log: Vec<LogEntry>,
    /// Until when members are away.
    pub(crate) away: BTreeMap<String, time::Date>,
    /// What happens just before the next event is looked at, whoever sends it.
    pub(crate) meanwhile: Option<Meanwhile>,
    nonces: Vec<(String, Hash)>,
}

type Meanwhile = Box<dyn FnOnce(&mut Shelf) + Send>;

/// What a test holds: the address, and the shelf to cheat on.
#[derive(Clone)]
pub(crate) struct Handler {
    pub(crate) url: String,
    pub(crate) shelf: Arc<Mutex<Shelf>>,
}

pub(crate) type App = State<(Arc<Mutex<Shelf>>, Arc<House>)>;
type Answer2<T> = Result<Json<T>, (StatusCode, Json<Problem>)>;

/// Starts it on a free port with the installation's own certificate.
pub(crate) fn start(house: &Arc<House>) -> Handler {
    let shelf = Arc::new(Mutex::new(Shelf { directories: vec![house.signed()], ..Shelf::default() }));
    let app = Router::new()
        .route("/v1/challenge", post(challenge))
        .route("/v1/session", post(session))
        .route("/v1/directory", get(directory).put(put_directory))
        .route("/v1/directories", get(directories))
        .route("/v1/absence", get(absences::list).put(absences::set))
        .route("/v1/cases", get(cases))
        .route("/v1/cases/{id}", get(case))
        .route("/v1/cases/{id}/parts/{part}", get(part))
        .route("/v1/cases/{id}/log", get(case_log))
        .route("/v1/cases/{id}/events", post(event))
        .route("/v1/log", get(log))
        .with_state((Arc::clone(&shelf), Arc::clone(house)));
    let tls = house.admin.path("tls");
    let chain = vec![CertificateDer::from_pem_file(tls.join("api.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(tls.join("api.key")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(Arc::new(config))).unwrap();
    tokio::spawn(async move { server.serve(app.into_make_service()).await.unwrap() });
    Handler { url, shelf }
}

impl Handler {
    /// Files a report as a reporter's device seals it, with one attached file.
    pub(crate) fn file(&self, house: &House, excluded: &[&str], story: &str) -> Reporter {
        let photo = ("../../photo\u{202e}.jpg", "image/jpeg", &b"a photograph of a receipt book"[..]);
        self.file_with(house, excluded, story, photo)
    }

    /// The same with another file: its name, what it is said to be, and its bytes.
    pub(crate) fn file_with(
        &self,
        house: &House,
        excluded: &[&str],
        story: &str,
        (name, media_type, file): (&str, &str, &[u8]),
    ) -> Reporter {
        let (case, receipt, secret) =
            (Uuid::new_v4(), Receipt::generate(&mut OsRng), CaseSecret::generate(&mut OsRng));
        let excluded: Vec<String> = excluded.iter().map(ToString::to_string).collect();
        let directory = house.signed().verify_past(&house.trust).unwrap();
        let to = directory.addressees("FAC", "trader", &excluded);
        let grant = Grant {
            case,
            generation: 0,
            secret: secret.clone(),
            reporter_key: (&receipt.signing_key()).into(),
            mailbox_recipient: receipt.mailbox_identity().recipient().hash(),
        };
        let readers = to.members.iter().chain(&to.oversight);
        let grants = readers.map(|member| {
            (member.handle.clone(), GenerationGrant { generation: 0, grant: grant.seal(&member.recipient) })
        });
        let c = secret.identity().recipient();
        let last = Head { seq: 0, hash: Hash::default() };
        let mut reporter = Reporter { case, receipt, secret, last, names: None };
        let attachment = Attachment {
            name: name.into(),
            media_type: media_type.into(),
            len: file.len() as u64,
            sha256: Hash::of(&[file]),
        };
        let answers = [(EXCLUSIONS.to_owned(), Answer::Many(excluded.clone()))];
        let body = ReportBody {
            category: "FAC".into(),
            audience: "trader".into(),
            answers: answers.into(),
            story: story.into(),
        };
        let frame = reporter.frame(FrameKind::Report, &body.to_bytes(), vec![attachment]);
        let event = Event {
            v: 1,
            case,
            seq: 0,
            prev: None,
            at: midnight(today()),
            actor: HANDLER.into(),
            action: Action::Received { desk: to.desk.id.clone(), urgency: Urgency::P3, retention_months: 60 },
        };
        let signed = event.sign(&house.log_key);
        let mut kept = Kept {
            state: CaseState::begin(&event, signed.hash()).unwrap(),
            parts: Vec::new(),
            grants: grants.collect(),
            mailbox: reporter.receipt.mailbox_identity().recipient(),
            recipients: vec![GenerationRecipient { generation: 0, recipient: c.clone() }],
            holders: to.members.iter().map(|member| member.handle.clone()).collect(),
            replies: Vec::new(),
        };
        kept.add(PartKind::Attachment, 0, 0, c.seal(file));
        kept.add(PartKind::Body, 0, 0, c.seal(&frame));
        let mut locked = self.shelf.lock().unwrap();
        locked.append(signed);
        locked.cases.insert(case, kept);
        reporter
    }

    /// Files a follow-up of a reporter.
    pub(crate) fn follow_up(&self, house: &House, reporter: &mut Reporter, text: &str) {
        self.shelf.lock().unwrap().follow_up(house, reporter, text);
    }

    /// Another message arrives between the reading of a case and the next event on it.
    pub(crate) fn follow_up_meanwhile(&self, house: &Arc<House>, mut reporter: Reporter, text: &'static str) {
        let house = Arc::clone(house);
        self.shelf.lock().unwrap().meanwhile =
            Some(Box::new(move |shelf| shelf.follow_up(&house, &mut reporter, text)));
    }

    pub(crate) fn with<T>(&self, case: Uuid, cheat: impl FnOnce(&mut Kept) -> T) -> T {
        cheat(self.shelf.lock().unwrap().cases.get_mut(&case).unwrap())
    }
}

impl Kept {
    pub(crate) fn add(&mut self, kind: PartKind, generation: u32, batch: u32, sealed: Vec<u8>) {
        let same = |part: &&(Part, Vec<u8>)| part.0.kind == kind && part.0.batch == batch;
        let position = u32::try_from(self.parts.iter().filter(same).count()).unwrap();
        let sha256 = Hash::of(&[&sealed]);
        let part =
            Part { id: Uuid::new_v4(), kind, generation, batch, position, len: sealed.len() as u64, sha256 };
        self.parts.push((part, sealed));
    }

    fn row(&self, id: Uuid) -> CaseRow {
        CaseRow {
            id,
            lang: "fr".into(),
            filed: today(),
            state: self.state.clone(),
            suggested: None,
            next: None,
        }
    }
}

impl Shelf {
    pub(crate) fn append(&mut self, event: envelope::event::SignedEvent) {
        let before = self.log.last().map_or(Hash::default(), |entry| entry.link);
        self.log.push(LogEntry::append(before, event));
    }

    fn follow_up(&mut self, house: &House, reporter: &mut Reporter, text: &str) {
        let frame = reporter.frame(FrameKind::Message, text.as_bytes(), Vec::new());
        let kept = self.cases.get_mut(&reporter.case).unwrap();
        let batch = kept.state.received;
        kept.add(PartKind::Body, 0, batch, reporter.recipient().seal(&frame));
        let event = Event {
            v: 1,
            case: reporter.case,
            seq: kept.state.next_seq,
            prev: Some(kept.state.head),
            at: midnight(today()),
            actor: HANDLER.into(),
            action: Action::FollowedUp,
        };
        let signed = event.sign(&house.log_key);
        kept.state.apply(&event, signed.hash(), Role::default()).unwrap();
        self.append(signed);
    }

    pub(crate) fn log_of(&self, case: Uuid) -> Vec<LogEntry> {
        self.log.iter().filter(|entry| entry.event.peek().unwrap().case == case).cloned().collect()
    }

    fn newest(&self, house: &House) -> envelope::directory::Directory {
        self.directories.last().unwrap().verify_past(&house.trust).unwrap()
    }
}

fn problem(status: StatusCode, title: &(impl ToString + ?Sized)) -> (StatusCode, Json<Problem>) {
    let kind = match status {
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::NOT_FOUND => "not-found",
        _ => "refused",
    };
    let (kind, title) = (kind.to_owned(), title.to_string());
    (status, Json(Problem { kind, title, status: status.as_u16(), rule: None }))
}

/// The token is the handle: what is tested here is the workbench.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<String, (StatusCode, Json<Problem>)> {
    let token = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    token.map(str::to_owned).ok_or_else(|| problem(StatusCode::UNAUTHORIZED, "no session"))
}

async fn challenge(State((shelf, _)): App, Json(asked): Json<ChallengeRequest>) -> Json<Challenge> {
    let nonce = Hash::of(&[Uuid::new_v4().as_bytes()]);
    shelf.lock().unwrap().nonces.push((asked.handle, nonce));
    Json(Challenge { nonce })
}

async fn session(State((shelf, house)): App, Json(asked): Json<SessionRequest>) -> Answer2<Session> {
    let mut shelf = shelf.lock().unwrap();
    let unauthorised = || problem(StatusCode::UNAUTHORIZED, "no such member, or a wrong signature");
    let at = shelf.nonces.iter().position(|known| *known == (asked.handle.clone(), asked.nonce));
    shelf.nonces.remove(at.ok_or_else(unauthorised)?);
    let directory = shelf.newest(&house);
    let member = directory.member(&asked.handle).ok_or_else(unauthorised)?;
    let signature = asked.signature.as_slice().try_into().map_err(|_| unauthorised())?;
    member.device.verify(SESSION_LABEL, asked.nonce.as_bytes(), signature).map_err(|_| unauthorised())?;
    Ok(Json(Session { token: asked.handle, seconds: 600 }))
}

async fn directory(State((shelf, _)): App) -> Json<SignedDirectory> {
    Json(shelf.lock().unwrap().directories.last().unwrap().clone())
}

async fn put_directory(State((shelf, _)): App, Json(new): Json<SignedDirectory>) -> StatusCode {
    shelf.lock().unwrap().directories.push(new);
    StatusCode::NO_CONTENT
}

async fn directories(State((shelf, _)): App, headers: HeaderMap) -> Answer2<Vec<SignedDirectory>> {
    bearer(&headers)?;
    Ok(Json(shelf.lock().unwrap().directories.clone()))
}

/// Which part of a queue.
#[derive(serde::Deserialize)]
struct PartOf {
    most: Option<usize>,
    after: Option<Uuid>,
}

async fn cases(
    State((shelf, _)): App,
    headers: HeaderMap,
    Query(part): Query<PartOf>,
) -> Answer2<Vec<CaseRow>> {
    let me = bearer(&headers)?;
    let shelf = shelf.lock().unwrap();
    let own = shelf.cases.iter().filter(|(_, kept)| kept.holders.contains(&me));
    let mut rows: Vec<CaseRow> = own.map(|(id, kept)| kept.row(*id)).collect();
    if let Some(most) = part.most {
        rows.sort_by_key(|row| (row.state.next_deadline().map(|next| next.due), row.id));
        let from = rows.iter().position(|row| Some(row.id) == part.after).map_or(0, |at| at + 1);
        rows = rows.into_iter().skip(from).take(most).collect();
    }
    Ok(Json(rows))
}

async fn case(State((shelf, _)): App, headers: HeaderMap, Path(id): Path<Uuid>) -> Answer2<CaseFile> {
    let me = bearer(&headers)?;
    let shelf = shelf.lock().unwrap();
    let kept = shelf.cases.get(&id).filter(|kept| kept.holders.contains(&me));
    let kept = kept.ok_or_else(|| problem(StatusCode::NOT_FOUND, "no such case"))?;
    let own = kept.grants.iter().filter(|(holder, _)| *holder == me);
    Ok(Json(CaseFile {
        row: kept.row(id),
        grants: own.map(|(_, grant)| grant.clone()).collect(),
        mailbox_recipient: kept.mailbox.clone(),
        case_recipients: kept.recipients.clone(),
        parts: kept.parts.iter().map(|(part, _)| part.clone()).collect(),
        log: shelf.log_of(id),
        holders: kept.holders.clone(),
    }))
}

async fn part(
    State((shelf, _)): App,
    headers: HeaderMap,
    Path((id, part)): Path<(Uuid, Uuid)>,
) -> Result<Vec<u8>, (StatusCode, Json<Problem>)> {
    let me = bearer(&headers)?;
    let shelf = shelf.lock().unwrap();
    let kept = shelf.cases.get(&id).filter(|kept| kept.holders.contains(&me));
    let found = kept.and_then(|kept| kept.parts.iter().find(|(known, _)| known.id == part));
    found.map(|(_, sealed)| sealed.clone()).ok_or_else(|| problem(StatusCode::NOT_FOUND, "no such part"))
}

async fn event(
    State((shelf, house)): App,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
    Json(new): Json<NewEvent>,
) -> Answer2<LogEntry> {
    let me = bearer(&headers)?;
    let mut shelf = shelf.lock().unwrap();
    if let Some(meanwhile) = shelf.meanwhile.take() {
        meanwhile(&mut shelf);
    }
    let directory = shelf.newest(&house);
    let device = directory.member(&me).unwrap().device;
    let event = new.event.verify(&device).map_err(|error| problem(StatusCode::FORBIDDEN, &error))?;
    let kept = shelf.cases.get_mut(&id).ok_or_else(|| problem(StatusCode::NOT_FOUND, "no such case"))?;
    let role = Role::of(&directory, &me, &kept.state.desk);
    let refused = |refusal: Refusal| {
        let (status, Json(told)) = problem(StatusCode::CONFLICT, &refusal);
        let kind = if let Refusal::Stale { .. } = refusal { "stale".into() } else { told.kind };
        (status, Json(Problem { kind, ..told }))
    };
    kept.state.apply(&event, new.event.hash(), role).map_err(refused)?;
    kept.take(&event, new.brings, &directory);
    shelf.append(new.event);
    Ok(Json(shelf.log.last().unwrap().clone()))
}

impl Kept {
    /// What a real case handler does with what an event brings along.
    fn take(
        &mut self,
        event: &Event,
        brings: envelope::desk_api::Brings,
        directory: &envelope::directory::Directory,
    ) {
        let before = self.state.generation - u32::from(matches!(event.action, Action::Rotated { .. }));
        self.replies.extend(brings.reply.map(|sealed| sealed.0));
        if let Some(copy) = brings.copy {
            self.add(PartKind::ReplyCopy, before, event.seq, copy.0);
        }
        if let Some(note) = brings.note {
            self.add(PartKind::Note, before, event.seq, note.0);
        }
        if let Some(recipient) = brings.case_recipient {
            self.recipients.push(GenerationRecipient { generation: self.state.generation, recipient });
            self.holders.clear();
        }
        for grant in brings.grants {
            let of = |m: &&envelope::directory::Member| {
                envelope::grant::slot_tag(event.case, &m.recipient) == grant.grant.tag
            };
            let member = directory.members.iter().find(of).unwrap();
            if !self.holders.contains(&member.handle) && !directory.is_oversight(&member.handle) {
                self.holders.push(member.handle.clone());
            }
            self.grants.push((member.handle.clone(), grant));
        }
        if event.action == Action::Recused {
            self.holders.retain(|holder| *holder != event.actor);
        }
    }
}

async fn case_log(
    State((shelf, _)): App,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
) -> Answer2<Vec<LogEntry>> {
    let me = bearer(&headers)?;
    let shelf = shelf.lock().unwrap();
    let kept = shelf.cases.get(&id).filter(|kept| kept.holders.contains(&me));
    kept.ok_or_else(|| problem(StatusCode::NOT_FOUND, "no such case"))?;
    Ok(Json(shelf.log_of(id)))
}

async fn log(State((shelf, house)): App, headers: HeaderMap) -> Answer2<Log> {
    let me = bearer(&headers)?;
    let shelf = shelf.lock().unwrap();
    if !shelf.newest(&house).is_oversight(&me) {
        return Err(problem(StatusCode::FORBIDDEN, "for the outside body"));
    }
    Ok(Json(Log { entries: shelf.log.clone() }))
}
