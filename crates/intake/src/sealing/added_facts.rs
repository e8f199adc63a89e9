//! `POST /{lang}/return/facts`: facts that a returning reporter adds to the report. The choice of a
//! subject and a case, and the questions, are steps of one form, which contains all its fields. The
//! address of a step names neither.

use std::sync::mpsc;

use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::HeaderMap;
use protocol::{encoding::canonical::iso_week, receipt::Receipt};
use reporter::{FollowUpContent, FollowUpDraft, FollowUpSealer};
use web::Locale;
use zeroize::Zeroizing;

use super::{SubmitError, open_mailbox, pipeline};
use crate::{
    admission::AdmissionPermit,
    form::{FieldError, FormStep, ReplyForm, ReportForm, ValidatedFacts, identifying_details},
    pages::{
        ConversationView, ErrorKind, RejectedForm, added_facts_page, conversation_page,
        receipt_entry_page_with_draft,
    },
    state::AppState,
};

/// The button that sends the facts.
const SEND: &str = "send";

/// Shows a step of the form, or stores the facts and shows the conversation again.
pub(super) async fn add_facts(
    State(app): State<AppState>,
    Path(lang): Path<String>,
    admission: Option<Extension<AdmissionPermit>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(locale) = app.pages.locale(&lang) else {
        return app.error_page("", ErrorKind::NotFound);
    };
    let mut form = match open_mailbox::read_form(body).await {
        Ok(form) => form,
        Err(error) => return error.into_page(&app, locale),
    };
    let receipt = form.parse_receipt().ok();
    let address = app.pages.answer_address(&headers, &form.visit, receipt.as_ref());
    address.token().clone_into(&mut form.visit);
    if form.seed_bytes().is_err() {
        form.seed = app.pages.new_seed();
    }
    let admission = admission.map(|Extension(admission)| admission);
    let page = match step_or_send(&app, locale, (&mut form, receipt), admission.as_ref()).await {
        Ok(page) => page,
        Err(error) => {
            let mut fields = form.hidden_fields();
            fields.push(("go".to_owned(), form.action.clone()));
            let path = format!("/{}/return/facts", locale.code);
            let rejected = RejectedForm { path, fields, accepts_files: false };
            error.into_rejected_form_page(&app, locale, &rejected)
        }
    };
    app.pages.save_and_redirect(locale, &address, page).await
}

async fn step_or_send(
    app: &AppState,
    locale: Locale,
    (form, receipt): (&mut ReplyForm, Option<Receipt>),
    admission: Option<&AdmissionPermit>,
) -> Result<Response, SubmitError> {
    // The page contains the receipt that opened it, so an invalid receipt means that the form is
    // not from that page.
    let receipt = receipt.ok_or(SubmitError::BadForm)?;
    let taxonomy = &*app.pages.taxonomy;
    let mut facts = form.facts_form(locale);
    let sends = form.action == SEND;
    let step = if sends { FormStep::Facts } else { facts.advance(taxonomy) };
    form.set_facts(Some(&facts));
    let shown = |form: &ReplyForm, facts: &ReportForm, errors: &[FieldError], details| {
        let step = facts.reachable_step(step, taxonomy);
        Ok(added_facts_page(&app.pages, form, (facts, errors), (step, details)))
    };
    let mut errors = form.invalid_utf8_facts();
    if errors.is_empty() && !sends {
        errors.extend(facts.invalid_choice(taxonomy));
    }
    // A button that redacts shows the details that are left.
    let redacts = form.action.starts_with("cover.");
    if !errors.is_empty() || !sends {
        return shown(form, &facts, &errors, redacts);
    }
    let valid = match facts.validate_facts(taxonomy) {
        Ok(valid) => valid,
        Err(errors) => return shown(form, &facts, &errors, false),
    };
    let warns = form.facts_acknowledged != form.facts_digest()
        && !identifying_details::find_in_form(&facts, taxonomy).is_empty();
    if warns {
        return shown(form, &facts, &[], true);
    }
    send(app, locale, (form, &receipt), valid, admission).await
}

async fn send(
    app: &AppState,
    locale: Locale,
    (form, receipt): (&mut ReplyForm, &Receipt),
    ValidatedFacts { body, priority }: ValidatedFacts,
    admission: Option<&AdmissionPermit>,
) -> Result<Response, SubmitError> {
    let token = form.seed_bytes().map_err(|_| SubmitError::BadForm)?;
    let mut inbox = match open_mailbox::open_inbox(app, receipt).await? {
        Ok(inbox) => inbox,
        Err(problem) => {
            return Ok(receipt_entry_page_with_draft(
                &app.pages,
                locale,
                (&form.receipt, &form.visit),
                Some(problem),
                (&form.message, form.facts()),
            ));
        }
    };
    let code = Zeroizing::new(receipt.code());
    let mut view = ConversationView::from_inbox(&inbox, code, app.pages.new_seed());
    view.visit.clone_from(&form.visit);
    view.files_again = form.files_not_sent;
    let own_copy = view.show_own_copy(receipt, &mut inbox, form, None);
    if inbox.can_write() {
        view.facts_priority = Some(priority);
        let message = FollowUpDraft {
            related: None,
            content: FollowUpContent::Facts(body),
            lang: locale.code.to_owned(),
            week: iso_week(app.clock.today()),
            release_to_oversight: false,
            token,
        };
        let (keep_frame, frames) = mpsc::channel();
        let sender = receipt.clone();
        pipeline::seal_and_store_text(app, admission, move |directory, out| {
            let (signed, hash) = (&directory.directory, directory.hash);
            let sealer = FollowUpSealer::begin(signed, hash, &sender, &inbox, message, out)?;
            Ok(sealer.on_frame(move |frame| drop(keep_frame.send(frame))))
        })
        .await?;
        form.set_facts(None);
        view.sent = true;
        view.extend_own_copy(receipt, own_copy, frames.try_recv().ok());
    }
    // A message that was typed before the facts is on the page again.
    view.restore_draft(form);
    Ok(conversation_page(&app.pages, locale, &view))
}
