//! `POST /{lang}/return/send`: a message of a reporter who came back.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use envelope::earlier::EarlierReport;
use reporter::{FollowUp, FollowUpSealer, Inbox};
use web::Locale;
use zeroize::Zeroizing;

use super::{
    NotSent,
    multipart::Form,
    pipeline::{self, Files},
    thread,
};
use crate::{
    app::App,
    form::{FieldError, Problem, Reply, ReplyForm, guard},
    pages::{ErrorKind, Held, ReturnProblem, ThreadView, return_page, thread_page},
};

/// Files the message, and shows the thread again.
pub(super) async fn send(State(app): State<App>, Path(lang): Path<String>, request: Request) -> Response {
    let Some(locale) = app.pages.locale(&lang) else {
        return app.error_page("", ErrorKind::NotFound);
    };
    let mut form = ReplyForm::default();
    let mut parts = match Form::of(request, ReplyForm::is_field) {
        Ok(parts) => parts,
        Err(refused) => return refused.page(&app, locale),
    };
    let answer = answer(&app, locale, &mut form, &mut parts).await;
    parts.late(|name, value| form.set(name, value));
    // Also after an answer: what is wrong with the text is known before the files have come.
    parts.drain().await;
    answer.unwrap_or_else(|refused| {
        if form.to_seed().is_err() {
            form.seed = app.pages.new_seed();
        }
        let held =
            Held { path: format!("/{}/return/send", locale.code), fields: form.carried(), takes_files: true };
        refused.holding(&app, locale, &held)
    })
}

async fn answer(
    app: &App,
    locale: Locale,
    form: &mut ReplyForm,
    parts: &mut Form,
) -> Result<Response, NotSent> {
    let first = parts.fields(|name, value| form.set(name, value)).await?;
    // The page carries the receipt that opened it, so anything else means that something else was sent.
    let receipt = form.receipt().map_err(|_| NotSent::BadForm)?;
    let inbox = match thread::inbox(app, &receipt).await? {
        Ok(inbox) => inbox,
        Err(problem) => return Ok(return_page(&app.pages, locale, &form.receipt, Some(problem))),
    };
    let mut view = ThreadView::of(&inbox, Zeroizing::new(receipt.code()), app.pages.new_seed());
    view.files_again = first.is_some();
    if let Some(trace) = form.to_cover() {
        form.message = guard::cover(&form.message, trace);
        view.traces = guard::traces(&form.message);
        keep(&mut view, form);
        return Ok(thread_page(&app.pages, locale, &view));
    }
    let reply = match form.to_reply(first.is_some()) {
        Ok(reply) => named(app, &inbox, reply).await?,
        Err(errors) => Err(errors),
    };
    match reply {
        Ok(_) if !form.unseen_traces().is_empty() => {
            view.traces = form.unseen_traces();
            keep(&mut view, form);
        }
        Ok((reply, earlier)) if inbox.can_write() => {
            let message = FollowUp {
                earlier,
                text: reply.text,
                lang: locale.code.to_owned(),
                week: app.clock.iso_week(),
                ask_oversight: reply.ask_outside_body,
                token: reply.seed,
            };
            let attached = Files { first, keep: form.keep_files };
            let filed = pipeline::file(app, parts, attached, move |to, out| {
                FollowUpSealer::begin(&to.directory, to.hash, &receipt, &inbox, message, out)
            });
            match filed.await {
                Ok(sent) => {
                    view.sent = true;
                    view.files = sent;
                }
                // The text stays, other files can be chosen.
                Err(NotSent::TooLarge) => {
                    keep(&mut view, form);
                    view.errors = vec![FieldError::new("files", Problem::TooMuch)];
                }
                Err(refused) => return Err(refused),
            }
        }
        Ok(_) => keep(&mut view, form),
        Err(errors) if errors.iter().any(|error| error.field == "seed") => return Err(NotSent::BadForm),
        Err(errors) => {
            keep(&mut view, form);
            view.errors = errors;
        }
    }
    Ok(thread_page(&app.pages, locale, &view))
}

/// What was typed stays.
fn keep(view: &mut ThreadView, form: &ReplyForm) {
    view.draft.clone_from(&form.message);
    view.earlier = Zeroizing::new(form.earlier.clone());
}

type Named = Result<(Reply, Option<EarlierReport>), Vec<FieldError>>;

/// Looks the other report up, if the message is to name one.
async fn named(app: &App, inbox: &Inbox, reply: Reply) -> Result<Named, NotSent> {
    let Some(other) = &reply.earlier else { return Ok(Ok((reply, None))) };
    Ok(match thread::inbox(app, other).await? {
        Ok(found) => {
            let earlier = found.named_in(other, inbox);
            Ok((reply, Some(earlier)))
        }
        Err(ReturnProblem::Damaged) => Err(vec![FieldError::new("earlier", Problem::Damaged)]),
        Err(_) => Err(vec![FieldError::new("earlier", Problem::Missing)]),
    })
}
