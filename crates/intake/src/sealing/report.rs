//! `POST /{lang}/report/send`: a report from the form.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use envelope::{
    receipt::Receipt,
    report::{Answer, ReportBody},
    submission::Urgency,
};
use rand::rngs::OsRng;
use reporter::{Draft, Filing, ReportSealer};
use taxonomy::Priority;
use web::Locale;
use zeroize::Zeroizing;

use super::{
    NotSent,
    multipart::{File, Form},
    pipeline::{self, Files},
};
use crate::{
    app::App,
    form::{Report, ReportForm},
    pages::{ErrorKind, ReceiptView, SentFile, sent, take_step},
};

/// Files the report, and shows the receipt once it is durable.
pub(super) async fn send(State(app): State<App>, Path(lang): Path<String>, request: Request) -> Response {
    let Some(locale) = app.pages.locale(&lang) else {
        return app.error_page("", ErrorKind::NotFound);
    };
    let mut form = ReportForm::new(locale);
    let mut parts = match Form::of(request, ReportForm::is_field) {
        Ok(parts) => parts,
        Err(refused) => return refused.page(&app, locale),
    };
    let outcome = match parts.fields(|name, value| form.set(name, value)).await {
        // A browser that knows no `formaction` posts every button here. Only the one without a name sends.
        Ok(_) if !form.go.is_empty() => {
            parts.drain().await;
            return take_step(&app.pages, &mut form);
        }
        Ok(first) => file(&app, &form, &mut parts, first).await,
        Err(refused) => Err(refused),
    };
    match outcome {
        Ok((receipt, files)) => sent(&app.pages, &form, &spell(&receipt, locale), &files),
        Err(refused) => {
            parts.late(|name, value| form.set(name, value));
            parts.drain().await;
            refused.keeping(&app, &mut form)
        }
    }
}

async fn file(
    app: &App,
    form: &ReportForm,
    parts: &mut Form,
    first: Option<File>,
) -> Result<(Receipt, Vec<SentFile>), NotSent> {
    let report = form.to_report(&app.pages.taxonomy).map_err(|_| NotSent::Answers)?;
    let seed = Zeroizing::new(form.seed().map_err(|_| NotSent::BadForm)?);
    let draft = draft(report, app.clock.iso_week());
    let filing = filing(&seed, &draft);
    let receipt = filing.receipt().clone();
    let attached = Files { first, keep: form.keep_files };
    let files = pipeline::file(app, parts, attached, move |to, out| {
        ReportSealer::begin(&to.directory, to.hash, &filing, draft, out, &mut OsRng)
    })
    .await?;
    Ok((receipt, files))
}

/// The same form sent twice is the same report with the same receipt.
fn filing(seed: &[u8; 32], draft: &Draft) -> Filing {
    let body = Zeroizing::new(draft.body.to_bytes());
    Filing::from_seed(seed, &Zeroizing::new([draft.lang.as_bytes(), b"\0", &body].concat()))
}

fn draft(report: Report, week: String) -> Draft {
    let answers = report.answers.into_iter().map(|(question, answer)| {
        let answer = match answer {
            taxonomy::Answer::One(one) => Answer::One(one),
            taxonomy::Answer::Many(many) => Answer::Many(many),
        };
        (question, answer)
    });
    Draft {
        body: ReportBody {
            category: report.category,
            audience: report.audience,
            answers: answers.collect(),
            story: report.story,
        },
        lang: report.lang,
        urgency: match report.urgency {
            Priority::P1 => Urgency::P1,
            Priority::P2 => Urgency::P2,
            Priority::P3 => Urgency::P3,
            Priority::P4 => Urgency::P4,
        },
        excluded: report.excluded,
        week,
    }
}

fn spell(receipt: &Receipt, locale: Locale) -> ReceiptView {
    ReceiptView { code: Zeroizing::new(receipt.code()), words: Zeroizing::new(receipt.words(locale.code)) }
}
