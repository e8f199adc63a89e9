//! `POST /{lang}/report/send`: a report from the form.

use std::sync::mpsc;

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use protocol::encoding::canonical::iso_week;
use protocol::{receipt::Receipt, submission::report_body::ReportBody};
use rand::rngs::OsRng;
use reporter::{OwnCopy, ReportDraft, ReportSealer, ReportSecrets};

use web::Locale;
use zeroize::Zeroizing;

use super::{
    SubmitError,
    multipart::{MultipartForm, UploadedFile},
    pipeline::{self, FormAttachments},
};
use crate::{
    form::{ReportForm, ValidatedReport, report_answers},
    pages::{ErrorKind, ReceiptView, SentFile, advance_and_redirect, redirect_after_send},
    state::AppState,
};

/// Stores the report, and shows the receipt once the report is durable.
pub(super) async fn send_report(
    State(app): State<AppState>,
    Path(lang): Path<String>,
    request: Request,
) -> Response {
    let Some(locale) = app.pages.locale(&lang) else {
        return app.error_page("", ErrorKind::NotFound);
    };
    let mut form = ReportForm::new(locale);
    let mut parts = match MultipartForm::from_request(request, ReportForm::is_field) {
        Ok(parts) => parts,
        Err(error) => return error.into_page(&app, locale),
    };
    let outcome = match parts.read_fields(|name, value| form.set_field(name, value)).await {
        // A browser without `formaction` posts every button here. Only the button without a name
        // sends.
        Ok(_) if !form.action.is_empty() => {
            parts.drain().await;
            return advance_and_redirect(&app.pages, &mut form);
        }
        Ok(first) => submit_report(&app, &form, &mut parts, first).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(SentReport { receipt, files, own_copy }) => {
            let view = receipt_view(&receipt, locale);
            redirect_after_send(&app.pages, &form, &view, &files, own_copy)
        }
        Err(error) => {
            parts.take_late_fields(|name, value| form.set_field(name, value));
            let are_fields_cut = parts.are_fields_cut();
            parts.drain().await;
            if are_fields_cut {
                error.into_page(&app, locale)
            } else {
                error.into_review_page(&app, &mut form)
            }
        }
    }
}

/// A report that is stored.
struct SentReport {
    receipt: Receipt,
    files: Vec<SentFile>,
    /// The sealed own copy; empty if the reporter did not ask for one.
    own_copy: Vec<u8>,
}

async fn submit_report(
    app: &AppState,
    form: &ReportForm,
    parts: &mut MultipartForm,
    first: Option<UploadedFile>,
) -> Result<SentReport, SubmitError> {
    let report = form.validate(&app.pages.taxonomy).map_err(|_| SubmitError::InvalidAnswers)?;
    if report.needs_file && first.is_none() {
        return Err(SubmitError::NoStoryOrFile);
    }
    let seed = Zeroizing::new(form.seed_bytes().map_err(|_| SubmitError::BadForm)?);
    let draft = to_report_input(report, iso_week(app.clock.today()));
    let secrets = derive_secrets(&seed, &draft);
    let receipt = secrets.receipt().clone();
    let attached = FormAttachments { first_file: first, keep_metadata: form.keep_metadata };
    let wants_copy = form.wants_copy;
    let (keep_frame, frames) = mpsc::channel();
    let files = pipeline::seal_and_store(app, parts, attached, move |directory, out| {
        let sealer = ReportSealer::begin(
            &directory.directory,
            directory.hash,
            &secrets,
            draft,
            out,
            &mut OsRng,
        )?;
        Ok(if wants_copy {
            sealer.on_frame(move |frame| drop(keep_frame.send(frame)))
        } else {
            sealer
        })
    })
    .await?;
    let own_copy =
        frames.try_recv().map_or_else(|_| Vec::new(), |frame| OwnCopy::seal(&receipt, &[frame]));
    Ok(SentReport { receipt, files, own_copy })
}

/// Derives the secrets from the form, so that a form that is sent twice is the same report with the
/// same receipt.
fn derive_secrets(seed: &[u8; 32], draft: &ReportDraft) -> ReportSecrets {
    let body = Zeroizing::new(draft.body.to_bytes());
    ReportSecrets::from_seed(seed, &Zeroizing::new([draft.lang.as_bytes(), b"\0", &body].concat()))
}

fn to_report_input(report: ValidatedReport, week: String) -> ReportDraft {
    ReportDraft {
        body: ReportBody {
            category: report.category,
            audience: report.audience,
            answers: report_answers(report.answers),
            story: report.story,
        },
        lang: report.lang,
        priority: report.priority,
        excluded: report.excluded,
        week,
    }
}

fn receipt_view(receipt: &Receipt, locale: Locale) -> ReceiptView {
    ReceiptView {
        code: Zeroizing::new(receipt.code()),
        words: Zeroizing::new(receipt.words(locale.code)),
    }
}
