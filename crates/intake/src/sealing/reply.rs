//! `POST /{lang}/return/send`: a message of a returning reporter.

use std::sync::mpsc;

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use http::HeaderMap;
use protocol::encoding::canonical::iso_week;
use protocol::submission::related_report::RelatedReport;
use reporter::{FollowUpContent, FollowUpDraft, FollowUpSealer, Inbox};
use web::Locale;
use zeroize::Zeroizing;

use super::{
    SubmitError,
    multipart::MultipartForm,
    open_mailbox,
    pipeline::{self, FormAttachments},
};
use crate::{
    form::{FieldError, FieldProblem, ReplyForm, ValidatedReply, identifying_details},
    pages::{
        AnswerAddress, ConversationView, ErrorKind, ReceiptEntryError, RejectedForm,
        conversation_page, receipt_entry_page_with_draft,
    },
    state::AppState,
};

/// Stores the message, and shows the conversation again.
pub(super) async fn send_reply(
    State(app): State<AppState>,
    Path(lang): Path<String>,
    request: Request,
) -> Response {
    let Some(locale) = app.pages.locale(&lang) else {
        return app.error_page("", ErrorKind::NotFound);
    };
    let mut form = ReplyForm::default();
    let headers = request.headers().clone();
    let mut parts = match MultipartForm::from_request(request, ReplyForm::is_field) {
        Ok(parts) => parts,
        Err(error) => return error.into_page(&app, locale),
    };
    let mut address = AnswerAddress::default();
    let outcome = submit_reply(&app, locale, (&mut form, &headers, &mut address), &mut parts).await;
    parts.take_late_fields(|name, value| form.set_field(name, value));
    address.token().clone_into(&mut form.visit);
    let are_fields_cut = parts.are_fields_cut();
    // Also after a page: an invalid text is detected before the files have arrived.
    parts.drain().await;
    let page = match outcome {
        Ok(page) => page,
        Err(error) => {
            if form.seed_bytes().is_err() {
                form.seed = app.pages.new_seed();
            }
            let fields = form.hidden_fields();
            if fields.is_empty() || are_fields_cut {
                // Reloading the page sends the form again, as its text says.
                return error.into_page(&app, locale);
            }
            let path = format!("/{}/return/send", locale.code);
            error.into_rejected_form_page(
                &app,
                locale,
                &RejectedForm { path, fields, accepts_files: true },
            )
        }
    };
    app.pages.save_and_redirect(locale, &address, page).await
}

async fn submit_reply(
    app: &AppState,
    locale: Locale,
    (form, headers, address): (&mut ReplyForm, &HeaderMap, &mut AnswerAddress),
    parts: &mut MultipartForm,
) -> Result<Response, SubmitError> {
    let first = parts.read_fields(|name, value| form.set_field(name, value)).await;
    let receipt = form.parse_receipt();
    *address = app.pages.answer_address(headers, &form.visit, receipt.as_ref().ok());
    address.token().clone_into(&mut form.visit);
    let first = first?;
    // The page contains the receipt that opened it, so an invalid receipt means that the form is
    // not from that page.
    let receipt = receipt.map_err(|_| SubmitError::BadForm)?;
    let mut inbox = match open_mailbox::open_inbox(app, &receipt).await? {
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
    let mut view =
        ConversationView::from_inbox(&inbox, Zeroizing::new(receipt.code()), app.pages.new_seed());
    view.visit.clone_from(&form.visit);
    view.files_again = first.is_some();
    let chosen = parts.take_own_copy();
    let own_copy = view.show_own_copy(&receipt, &mut inbox, form, chosen.as_deref());
    if !view.errors.is_empty() {
        view.resume_draft(form);
        return Ok(conversation_page(&app.pages, locale, &view));
    }
    // A browser without `formaction` posts every button here. Only the button without a name sends.
    if !form.action.is_empty() {
        view.resume_draft(form);
        return Ok(conversation_page(&app.pages, locale, &view));
    }
    if let Some(detail) = form.redact_requested() {
        form.message = identifying_details::redact(&form.message, detail);
        view.details = identifying_details::find_details(&form.message);
        view.restore_draft(form);
        return Ok(conversation_page(&app.pages, locale, &view));
    }
    let reply = match form.validate(first.is_some()) {
        Ok(reply) => resolve_related_report(app, &inbox, reply).await?,
        Err(errors) => Err(errors),
    };
    match reply {
        Ok(_) if !form.unacknowledged_details().is_empty() => {
            view.details = form.unacknowledged_details();
            view.restore_draft(form);
        }
        Ok((reply, related)) if inbox.can_write() => {
            let message = FollowUpDraft {
                related,
                content: FollowUpContent::Text(reply.text),
                lang: locale.code.to_owned(),
                week: iso_week(app.clock.today()),
                release_to_oversight: reply.release_to_oversight,
                token: reply.seed,
            };
            let attached = FormAttachments { first_file: first, keep_metadata: form.keep_metadata };
            let (keep_frame, frames) = mpsc::channel();
            let sender = receipt.clone();
            let outcome = pipeline::seal_and_store(app, parts, attached, move |directory, out| {
                let sealer = FollowUpSealer::begin(
                    &directory.directory,
                    directory.hash,
                    &sender,
                    &inbox,
                    message,
                    out,
                )?;
                Ok(sealer.on_frame(move |frame| drop(keep_frame.send(frame))))
            });
            match outcome.await {
                Ok(sent) => {
                    view.sent = true;
                    view.extend_own_copy(&receipt, own_copy, frames.try_recv().ok());
                    view.files_again = false;
                    view.files = sent;
                    // They are not sent with the message.
                    view.facts = form.facts().to_vec();
                }
                // The page keeps the text, and the reporter can choose other files.
                Err(SubmitError::TooLarge) => {
                    view.restore_draft(form);
                    view.errors = vec![FieldError::new("files", FieldProblem::FormTooLarge)];
                }
                Err(error) => return Err(error),
            }
        }
        Ok(_) => view.restore_draft(form),
        Err(errors) if errors.iter().any(|error| error.field == "seed") => {
            return Err(SubmitError::BadForm);
        }
        Err(errors) => {
            view.restore_draft(form);
            view.errors = errors;
        }
    }
    Ok(conversation_page(&app.pages, locale, &view))
}

type RelatedReportResult = Result<(ValidatedReply, Option<RelatedReport>), Vec<FieldError>>;

/// Opens the mailbox of the related report, if the message names one.
async fn resolve_related_report(
    app: &AppState,
    inbox: &Inbox,
    reply: ValidatedReply,
) -> Result<RelatedReportResult, SubmitError> {
    let Some(other) = &reply.related_receipt else { return Ok(Ok((reply, None))) };
    Ok(match open_mailbox::open_inbox(app, other).await? {
        Ok(related) => {
            let related = related.related_report_for(other, inbox);
            Ok((reply, Some(related)))
        }
        Err(ReceiptEntryError::MailboxCorrupt) => {
            Err(vec![FieldError::new("earlier", FieldProblem::MailboxCorrupt)])
        }
        Err(_) => Err(vec![FieldError::new("earlier", FieldProblem::Missing)]),
    })
}
