//! `POST /{lang}/return/send`: a message of a reporter who came back.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use envelope::earlier::EarlierReport;
use http::HeaderMap;
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
    pages::{Address, ErrorKind, Held, ReturnProblem, ThreadView, return_page, thread_page},
};

/// Files the message, and shows the thread again.
pub(super) async fn send(State(app): State<App>, Path(lang): Path<String>, request: Request) -> Response {
    let Some(locale) = app.pages.locale(&lang) else {
        return app.error_page("", ErrorKind::NotFound);
    };
    let mut form = ReplyForm::default();
    let headers = request.headers().clone();
    let mut parts = match Form::of(request, ReplyForm::is_field) {
        Ok(parts) => parts,
        Err(refused) => return refused.page(&app, locale),
    };
    let mut address = Address::default();
    let answer = answer(&app, locale, (&mut form, &headers, &mut address), &mut parts).await;
    parts.late(|name, value| form.set(name, value));
    address.token().clone_into(&mut form.visit);
    // Also after an answer: what is wrong with the text is known before the files have come.
    parts.drain().await;
    let page = match answer {
        Ok(page) => page,
        Err(refused) => {
            if form.to_seed().is_err() {
                form.seed = app.pages.new_seed();
            }
            let fields = form.carried();
            if fields.is_empty() {
                // Reload sends the form again, as that page says.
                return refused.page(&app, locale);
            }
            let path = format!("/{}/return/send", locale.code);
            refused.holding(&app, locale, &Held { path, fields, takes_files: true })
        }
    };
    app.pages.answer(locale, &address, page).await
}

async fn answer(
    app: &App,
    locale: Locale,
    (form, headers, address): (&mut ReplyForm, &HeaderMap, &mut Address),
    parts: &mut Form,
) -> Result<Response, NotSent> {
    let first = parts.fields(|name, value| form.set(name, value)).await;
    let receipt = form.receipt();
    *address = app.pages.address(headers, &form.visit, receipt.as_ref().ok());
    address.token().clone_into(&mut form.visit);
    let first = first?;
    // The page carries the receipt that opened it, so anything else means that something else was sent.
    let receipt = receipt.map_err(|_| NotSent::BadForm)?;
    let inbox = match thread::inbox(app, &receipt).await? {
        Ok(inbox) => inbox,
        Err(problem) => {
            return Ok(return_page(&app.pages, locale, (&form.receipt, &form.visit), Some(problem)));
        }
    };
    let mut view = ThreadView::of(&inbox, Zeroizing::new(receipt.code()), app.pages.new_seed());
    view.visit.clone_from(&form.visit);
    view.files_again = first.is_some();
    // A browser that knows no `formaction` posts every button here. Only the one without a name sends.
    if !form.go.is_empty() {
        view.go_on(form);
        return Ok(thread_page(&app.pages, locale, &view));
    }
    if let Some(trace) = form.to_cover() {
        form.message = guard::cover(&form.message, trace);
        view.traces = guard::traces(&form.message);
        view.keep(form);
        return Ok(thread_page(&app.pages, locale, &view));
    }
    let reply = match form.to_reply(first.is_some()) {
        Ok(reply) => named(app, &inbox, reply).await?,
        Err(errors) => Err(errors),
    };
    match reply {
        Ok(_) if !form.unseen_traces().is_empty() => {
            view.traces = form.unseen_traces();
            view.keep(form);
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
                    view.files_again = false;
                    view.files = sent;
                }
                // The text stays, other files can be chosen.
                Err(NotSent::TooLarge) => {
                    view.keep(form);
                    view.errors = vec![FieldError::new("files", Problem::TooMuch)];
                }
                Err(refused) => return Err(refused),
            }
        }
        Ok(_) => view.keep(form),
        Err(errors) if errors.iter().any(|error| error.field == "seed") => return Err(NotSent::BadForm),
        Err(errors) => {
            view.keep(form);
            view.errors = errors;
        }
    }
    Ok(thread_page(&app.pages, locale, &view))
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
