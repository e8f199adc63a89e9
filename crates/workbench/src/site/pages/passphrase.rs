//! A new passphrase: asked for twice, and measured.

use askama::Template;
use axum::response::Response;
use rand::rngs::OsRng;
use secrecy::SecretString;
use serde::Serialize;
use web::Words;
use zeroize::Zeroizing;

use super::unlock::open_key;
use crate::{
    keyfile::KeyError,
    sealed::{OpenError, normal_form},
    site::{
        forms::{Typed, Wrong},
        frame::{Frame, Unlocked, render},
        hard,
        trouble::Trouble,
    },
    strength::{self, Weak},
};

/// Why a new passphrase is not taken.
pub(super) enum New {
    Weak(Weak),
    /// The two times differ.
    Differ,
}

impl New {
    /// The passphrase, if it is good enough and was typed twice.
    pub(super) fn read(typed: &Typed, handle: &str) -> Result<SecretString, Self> {
        let passphrase = typed.get("new");
        strength::check(passphrase, &[handle]).map_err(Self::Weak)?;
        if normal_form(passphrase) == normal_form(typed.get("again")) {
            Ok(SecretString::from(passphrase))
        } else {
            Err(Self::Differ)
        }
    }

    /// For the form.
    pub(super) fn wrong(&self, words: &Words) -> Wrong {
        match self {
            Self::Weak(weak) => Wrong::at("new", words.get(weakness(*weak))),
            Self::Differ => Wrong::at("again", words.get("passphrase-differ")),
        }
    }

    /// Random words, for whoever has no idea.
    pub(super) fn suggest(lang: &str) -> Zeroizing<String> {
        strength::suggest(lang, &mut OsRng)
    }
}

fn weakness(weak: Weak) -> &'static str {
    match weak {
        Weak::Short => "passphrase-short",
        Weak::Guessable => "passphrase-guessable",
    }
}

/// How good a passphrase is, for the script that shows it while it is typed.
#[derive(Serialize)]
pub(super) struct Strength {
    /// 1 to 4.
    level: u8,
    text: String,
}

impl Strength {
    pub(super) fn of(typed: &Typed, words: &Words) -> Self {
        let (level, key) = match strength::check(typed.get("new"), &[typed.get("handle")]) {
            Err(Weak::Short) => (1, "strength-short"),
            Err(Weak::Guessable) => (2, "strength-guessable"),
            Ok(strength::Strength::Good) => (3, "strength-good"),
            Ok(strength::Strength::Great) => (4, "strength-great"),
        };
        Self { level, text: words.get(key) }
    }
}

#[derive(Template)]
#[template(path = "passphrase.html")]
struct Page {
    frame: Frame,
    suggested: Zeroizing<String>,
    wrong: Wrong,
}

pub(super) async fn show(at: Unlocked) -> Response {
    page(&at, Wrong::default())
}

fn page(at: &Unlocked, wrong: Wrong) -> Response {
    let frame = at.frame("keys-title");
    let suggested = New::suggest(frame.code());
    render(wrong.status(), &Page { frame, suggested, wrong })
}

/// Seals the key anew. The old passphrase is asked for: the screen may have been left open.
pub(super) async fn change(at: Unlocked, typed: Typed) -> Result<Response, Trouble> {
    let new = match New::read(&typed, at.work.key.handle()) {
        Ok(new) => new,
        Err(refused) => {
            let wrong = refused.wrong(at.visit.words());
            return Ok(page(&at, wrong));
        }
    };
    let site = at.visit.site.clone();
    let key = match open_key(&site, typed.get("old")).await {
        Ok(key) => key,
        Err(KeyError::Sealed(OpenError::WrongPassphrase)) => {
            let text = at.visit.words().get("passphrase-old-wrong");
            return Ok(page(&at, Wrong::at("old", text)));
        }
        Err(error) => return Err(error.into()),
    };
    let work = site.work;
    let sealed = hard(move || key.seal(&new, work)).await?;
    site.home.replace_key(&sealed)?;
    Ok(at.on("passphrase"))
}
