//! The TypeScript types of the browser script equal the Rust types whose JSON they describe. The
//! test writes a value of each type with every field, and every variant of each enum, to a
//! TypeScript file, and the TypeScript compiler checks it.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use ed25519_dalek::SigningKey;
use protocol::{
    Hash, Priority,
    case::Stage,
    directory::{Desk, Directory, LogSettings, LogWitness, Member, RootSignature, TrustRoots},
    keys::{InvestigatorIdentity, PublicKey, TransportIdentity},
    mailbox::MailboxHeader,
    program::ProgramManifest,
    rotation::{ConfirmedRotation, RotationStatement},
    submission::{
        envelope::{CaseRef, EnvelopeHeader, SubmissionKind},
        facts_body::FactsBody,
        frame::{Attachment, FrameDirection, FrameHeader, FrameKind, FrameRef, Routing},
        related_report::RelatedReport,
        report_body::{ReportAnswer, ReportBody},
        treatment::{
            AttachmentTreatment, CleaningExtent, CleaningReport, MetadataCategory, SignatureState,
        },
    },
};
use serde::Serialize;
use serde_json::{Value, json};
use taxonomy::{AnswerFormat, AnswerType};
use time::macros::date;
use uuid::Uuid;

use super::*;

/// Returns all variants of an enum as JSON. It does not compile without one of them.
macro_rules! variants {
    ($kind:ident: $($variant:ident),+) => {{
        let in_json = |kind: $kind| match kind {
            $($kind::$variant => json!(kind),)+
        };
        vec![$(in_json($kind::$variant)),+]
    }};
}

fn enums() -> Vec<(&'static str, Vec<Value>)> {
    vec![
        (
            "offlineForm.AnswerType",
            variants!(AnswerType: Option, Options, Text, Story, OptionOrDate),
        ),
        (
            "details.DetailKind",
            variants!(IdentifyingDetailKind: Receipt, Phone, Email, Name, Vehicle, Declaration, Tax,
                Identity, Date, Function, Time, OnlyMe),
        ),
        ("submission.SubmissionKind", variants!(SubmissionKind: Report, FollowUp)),
        ("frame.Priority", variants!(Priority: P1, P2, P3, P4)),
        ("frame.Direction", variants!(FrameDirection: In, Out)),
        ("frame.FrameKind", variants!(FrameKind: Report, Message, Status, Facts)),
        (
            "inbox.Stage",
            variants!(Stage: Received, Triaged, Assessing, Investigating, Decided, Referred, Closed,
                Purged),
        ),
        (
            "treatment.MetadataKind",
            variants!(MetadataCategory: Author, Place, Date, Device, Words, Preview, History, Other),
        ),
        (
            "treatment.CleaningReport[\"reading\"]",
            variants!(CleaningExtent: Whole, Broken, Unknown, Empty),
        ),
        (
            "treatment.CleaningReport[\"signature\"]",
            variants!(SignatureState: Absent, Kept, Broken),
        ),
        (
            "treatment.FileTreatment[\"how\"]",
            [
                cleaned(),
                AttachmentTreatment::Redrawn,
                AttachmentTreatment::Kept,
                AttachmentTreatment::CutOff,
                AttachmentTreatment::VoiceAltered,
            ]
            .map(|treatment| match &treatment {
                AttachmentTreatment::Cleaned(_)
                | AttachmentTreatment::Redrawn
                | AttachmentTreatment::Kept
                | AttachmentTreatment::CutOff
                | AttachmentTreatment::VoiceAltered => json!(treatment)["how"].clone(),
            })
            .to_vec(),
        ),
    ]
}

fn cleaned() -> AttachmentTreatment {
    AttachmentTreatment::Cleaned(CleaningReport {
        removed: MetadataCategory::ALL.into(),
        left: MetadataCategory::ALL.into(),
        reading: CleaningExtent::Broken,
        signature: SignatureState::Kept,
    })
}

fn public_key() -> PublicKey {
    PublicKey::from(&SigningKey::from_bytes(&[7; 32]))
}

fn sample_rotation() -> ConfirmedRotation {
    let key = SigningKey::from_bytes(&[7; 32]);
    let statement = RotationStatement {
        v: 2,
        case: Uuid::from_u128(5),
        generation: 1,
        case_recipient: Hash::default(),
        replies_key: public_key(),
        newest_reply: Some(FrameRef { seq: 1, hash: Hash::default() }),
        previous: Some(Hash::default()),
    };
    let confirmations = vec![statement.confirm(&key)];
    ConfirmedRotation { rotation: statement.sign(&key), confirmations }
}

fn routing() -> Routing {
    Routing {
        desk: String::new(),
        priority: Priority::P4,
        release_to_oversight: false,
        directory: Hash::of(&[b"directory"]),
    }
}

fn frame_header() -> FrameHeader {
    FrameHeader {
        v: 2,
        case: Uuid::from_u128(5),
        generation: 0,
        direction: FrameDirection::In,
        seq: 0,
        prev: Some(Hash::default()),
        ack: Some(FrameRef { seq: 1, hash: Hash::default() }),
        recipient: Hash::default(),
        kind: FrameKind::Report,
        lang: "fr".into(),
        week: "2026-W48".into(),
        salt: Hash::of(&[b"salt"]),
        routing: Some(routing()),
        program: Some(Hash::default()),
        attachments: vec![Attachment {
            name: "a.jpg".into(),
            media_type: "image/jpeg".into(),
            len: 3,
            sha256: Hash::default(),
            treatment: Some(cleaned()),
        }],
        reporter_key: Some(public_key()),
        related: Some(RelatedReport { token: Hash::default(), proof: vec![0; 64] }),
    }
}

fn directory() -> Directory {
    Directory {
        v: 1,
        instance: Uuid::from_u128(1),
        epoch: 2,
        previous: Some(Hash::default()),
        issued: date!(2026 - 11 - 23),
        expires: date!(2026 - 12 - 23),
        transport: vec![TransportIdentity::from_seed(&[1; 32]).recipient()],
        handler_key: public_key(),
        log: LogSettings {
            witnesses: vec![LogWitness { name: "witness.example/w1".into(), key: public_key() }],
            ..LogSettings::default()
        },
        members: vec![Member {
            handle: "awa".into(),
            recipient: InvestigatorIdentity::from_seed(&[2; 32]).recipient(),
            device: public_key(),
            units: vec!["port".into()],
            languages: vec!["fr".into()],
        }],
        desks: vec![Desk {
            id: "ethics".into(),
            labels: [("fr".to_owned(), "Éthique".to_owned())].into(),
            categories: vec!["FAC".into()],
            audiences: vec!["trader".into()],
            members: vec!["awa".into()],
            units: vec!["port".into()],
        }],
        oversight: "ethics".into(),
        programs: vec![Hash::default()],
    }
}

fn program() -> ProgramManifest {
    ProgramManifest {
        app: "Burkindi".into(),
        default_csp: "default-src 'none'".into(),
        default_fallback: "/fr".into(),
        default_index: "fr".into(),
        extra_csp: [("/fr/report".to_owned(), "script-src 'self'".to_owned())].into(),
        files: [("/fr".to_owned(), Hash::default())].into(),
        timestamp: Some("tree head".into()),
        version: "0.1.0".into(),
        wasm: vec![Hash::default()],
    }
}

fn in_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn protocol_values() -> Vec<(&'static str, Value)> {
    let (frame, directory) = (in_json(&frame_header()), in_json(&directory()));
    let one = |value: &Value, field: &str| value[field][0].clone();
    let answers = [
        ("place".to_owned(), ReportAnswer::One("port".into())),
        ("goods".to_owned(), ReportAnswer::Many(vec!["fuel".into()])),
    ];
    vec![
        ("frame.AttachmentEntry", one(&frame, "attachments")),
        ("treatment.CleaningReport", frame["attachments"][0]["treatment"].clone()),
        ("frame.ThreadHead", frame["ack"].clone()),
        ("relatedReport.RelatedReport", frame["related"].clone()),
        ("frame.FrameHeader", frame),
        ("directory.DirectoryMember", one(&directory, "members")),
        ("directory.DirectoryDesk", one(&directory, "desks")),
        ("directory.LogWitness", one(&directory["log"], "witnesses")),
        ("directory.LogQuorum", directory["log"]["quorum"].clone()),
        ("directory.LogSettings", directory["log"].clone()),
        ("directory.DirectoryDocument", directory),
        (
            "directory.TrustAnchor",
            in_json(&TrustRoots { instance: Uuid::nil(), threshold: 2, roots: vec![public_key()] }),
        ),
        ("program.ProgramManifest", in_json(&program())),
        (
            "directory.RootSignature",
            in_json(&RootSignature { key: public_key(), signature: vec![0; 64] }),
        ),
        ("rotations.RotationStatement", in_json(&sample_rotation().rotation.statement)),
        (
            "inbox.MailboxHeader",
            in_json(&MailboxHeader {
                v: 1,
                week: "2026-W48".into(),
                stage: Stage::Received,
                released_to_oversight: true,
                oversight_asked: false,
                unreadable: false,
                next_update: Some(date!(2026 - 11 - 30)),
                received: 1,
            }),
        ),
        (
            "submission.EnvelopeHeader",
            in_json(&EnvelopeHeader {
                v: 1,
                kind: SubmissionKind::Report,
                desk: "ethics".into(),
                lang: "fr".into(),
                priority: Priority::P2,
                mailbox: Hash::default(),
                case: CaseRef { id: Uuid::nil(), generation: 0 },
                directory: Hash::default(),
                release_to_oversight: false,
                seq: 0,
            }),
        ),
        (
            "report.ReportBody",
            in_json(&ReportBody {
                category: "FAC".into(),
                audience: "trader".into(),
                answers: answers.clone().into(),
                story: "…".into(),
            }),
        ),
        (
            "factsBody.FactsBody",
            in_json(&FactsBody { category: "FAC".into(), answers: answers.into() }),
        ),
    ]
}

/// Returns the offline form and its parts. Of each map it retains the entries that matter for the
/// types: one question of each answer type, and one entry of the others.
async fn offline_form_values() -> Vec<(&'static str, Value)> {
    let mut parts = Vec::new();
    for path in ["/fr/form.json", "/fr/form-rest.json"] {
        let (status, body) = get(path).await;
        assert_eq!(status, StatusCode::OK);
        let mut part: Value = serde_json::from_str(&body).unwrap();
        for field in ["pages", "texts", "categories", "audiences", "stages", "counted"] {
            let Some(entries) = part.get_mut(field).and_then(Value::as_object_mut) else {
                continue;
            };
            let first = entries.keys().next().unwrap().clone();
            entries.retain(|name, _| *name == first);
        }
        parts.push(part);
    }
    let [start, mut form] = parts.try_into().unwrap();
    let mut answers = Vec::new();
    form["questions"].as_object_mut().unwrap().retain(|_, question| {
        let is_new = !answers.contains(&question["answer"]);
        answers.push(question["answer"].clone());
        is_new
    });
    let first = |field: &str| form[field].as_object().unwrap().values().next().unwrap().clone();
    vec![
        ("offlineForm.PageTemplate", first("pages")),
        ("offlineForm.FormQuestion", first("questions")),
        (
            "offlineForm.AnswerFormat",
            in_json(&AnswerFormat { pattern: "[0-9]".into(), example: "1".into() }),
        ),
        ("offlineForm.FormCategory", first("categories")),
        ("details.DetailRule", form["guard"][0].clone()),
        ("offlineForm.FormStart", start),
        ("offlineForm.FormRest", form),
    ]
}

fn typescript(source: &Path, values: &[(&str, Value)]) -> String {
    let modules = [
        ("details", "identifying_details"),
        ("directory", "directory"),
        ("factsBody", "facts_body"),
        ("frame", "frame"),
        ("inbox", "inbox"),
        ("offlineForm", "pages/offline_form"),
        ("program", "program"),
        ("relatedReport", "related_report"),
        ("report", "report_body"),
        ("rotations", "rotations"),
        ("submission", "submission"),
        ("treatment", "treatment"),
    ];
    let mut text = String::new();
    for (name, file) in modules {
        writeln!(text, "import type * as {name} from \"{}/{file}.ts\";", source.display()).unwrap();
    }
    text += "type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;\n";
    for (number, (kind, names)) in enums().iter().enumerate() {
        writeln!(
            text,
            "const enum{number} = {} as const;\n\
             export const same{number}: Same<(typeof enum{number})[number], {kind}> = true;",
            Value::from(names.clone())
        )
        .unwrap();
    }
    for (number, (kind, value)) in values.iter().enumerate() {
        writeln!(
            text,
            "const value{number} = {value} satisfies {kind};\n\
             export const fields{number}: Same<keyof typeof value{number}, keyof {kind}> = true;"
        )
        .unwrap();
    }
    text
}

#[tokio::test]
async fn typescript_types_have_the_fields_and_variants_of_the_rust_types() {
    let browser = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rust_types.ts");
    let values = [protocol_values(), offline_form_values().await].concat();
    fs::write(&file, typescript(&browser.join("src"), &values)).unwrap();
    let config = json!({
        "extends": browser.join("tsconfig.json"),
        "compilerOptions": { "types": [], "noEmit": true },
        "include": [],
        "files": [&file],
    });
    let project = folder.path().join("tsconfig.json");
    fs::write(&project, config.to_string()).unwrap();
    let checked = Command::new(browser.join("node_modules/.bin/tsc"))
        .arg("--project")
        .arg(&project)
        .output()
        .expect("the TypeScript compiler starts after: npm ci --prefix crates/intake/browser");
    let errors = String::from_utf8_lossy(&checked.stdout);
    let short: Vec<String> = errors.lines().map(|line| line.chars().take(400).collect()).collect();
    assert!(checked.status.success(), "{}", short.join("\n"));
}
