//! The first day: from nothing to the queue, step by step. What has been done is looked up, not remembered, so that one can stop anywhere.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use super::keys::Words;
use crate::{
    files,
    site::{
        forms::Typed,
        frame::{Frame, NotAtWork, START, Section, Unlocked, Visit, render, show as laid_out},
        trouble::{Told, Trouble},
    },
};

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "start.html")]
struct Steps {
    frame: Frame,
    /// Is there a sheet of this key?
    backed_up: bool,
    words: [Words; 2],
    /// Where the case handler is, if one is pinned.
    handler: Option<String>,
    trouble: Option<Told>,
    /// Where to go on.
    to: String,
}

/// Without a key: what to begin with. With one: what is still to be done.
pub(super) async fn show(visit: Visit) -> Result<Response, NotAtWork> {
    if !visit.site.home.has_key() {
        return Ok(laid_out(&Welcome { frame: Frame::new(visit, "start-title", Section::Nowhere) }));
    }
    let at = Unlocked::at(visit).await?;
    if at.work.desk.is_some() {
        return Ok(Redirect::to(&at.visit.at("/queue/mine")).into_response());
    }
    Ok(laid_out(&steps(&at, None, "")?))
}

/// The same for somebody who is not let in anywhere, with the reason.
pub(super) async fn waiting(visit: Visit, trouble: Trouble, to: &str) -> Result<Response, Trouble> {
    if trouble.leads_elsewhere() {
        return Err(trouble);
    }
    let Ok(at) = Unlocked::at(visit).await else { return Err(trouble) };
    let page = steps(&at, Some(&trouble), to)?;
    Ok(render(trouble.status(), &page))
}

/// Tries again.
pub(super) async fn join(mut at: Unlocked, typed: Typed) -> Result<Response, Trouble> {
    let to = typed.path("to").to_owned();
    let site = at.visit.site.clone();
    match at.work.join(&site.home, site.clock.now()).await {
        Ok(()) => Ok(Redirect::to(&at.visit.at(&to)).into_response()),
        Err(error) => {
            let trouble = Trouble::from(error);
            let page = steps(&at, Some(&trouble), &to)?;
            Ok(render(trouble.status(), &page))
        }
    }
}

fn steps(at: &Unlocked, trouble: Option<&Trouble>, to: &str) -> Result<Steps, Trouble> {
    let frame = at.frame("start-title");
    let home = &at.visit.site.home;
    let request = at.work.key.request();
    let backed_up = home.backup()?.is_some_and(|made| made.device == request.device);
    let handler = if home.is_connected() { Some(home.settings()?.handler) } else { None };
    let words = Words::of(&frame, |lang| request.words(lang));
    let trouble = trouble.map(|trouble| trouble.told(&frame));
    Ok(Steps { frame, backed_up, words, handler, trouble, to: to.to_owned() })
}

/// The public half of the key, as a file for the administrator.
pub(super) async fn request(at: Unlocked) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"request.json\""),
    ];
    (StatusCode::OK, headers, files::pretty(&at.work.key.request())).into_response()
}

/// Where nothing may be put in the place of a key.
pub(super) fn only_without_key(visit: &Visit) -> Result<(), Trouble> {
    if visit.site.home.has_key() { Err(Trouble::lead(visit.at(START))) } else { Ok(()) }
}
