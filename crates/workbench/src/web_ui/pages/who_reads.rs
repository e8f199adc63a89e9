//! "Who would read this report?": a dry run of the decision that a reporter's device makes, step by
//! step, and the result for every category.

use askama::Template;
use axum::response::Response;
use protocol::{
    directory::{Directory, MIN_READERS},
    submission::report_body::{EXCLUSION_QUESTION, PREFERENCES},
};
use taxonomy::{Audience, Taxonomy};

use crate::{
    admin::route_explanation::{ExclusionReason, ReportProfile, RoutingStep, explain_routing},
    web_ui::{
        extract::SignedInSession,
        forms::FormInput,
        layout::{NavSection, PageFrame, render_ok},
    },
};

#[derive(Template)]
#[template(path = "who-reads.html")]
struct WhoReadsTemplate {
    frame: PageFrame,
    categories: Vec<FormOption>,
    audiences: Vec<FormOption>,
    exclusions: Vec<FormOption>,
    preferences: Vec<FormOption>,
    oversight_refused: bool,
    answer: Option<RoutingExplanation>,
    all: Vec<CategoryRouteRow>,
}

struct FormOption {
    id: String,
    label: String,
    chosen: bool,
}

/// The texts of a decision.
struct RoutingExplanation {
    /// The desk, or `None` if the report cannot be sent.
    desk: Option<String>,
    readers: String,
    steps: Vec<String>,
    /// Exclusions without effect.
    ineffective: Option<String>,
    /// Members without access, and why.
    excluded_members: Vec<(String, String)>,
}

/// The decision for a category with its usual audience.
struct CategoryRouteRow {
    category: String,
    label: String,
    audience: String,
    desk: String,
    readers: String,
    oversight_locked: String,
}

pub(super) async fn show(session: SignedInSession) -> Response {
    render_ok(&who_reads_page(&session, &FormInput::default(), None))
}

/// Explains the decision for the chosen report.
pub(super) async fn explain_route(session: SignedInSession, form: FormInput) -> Response {
    let case = ReportProfile {
        category: form.get("category").to_owned(),
        audience: form.get("audience").to_owned(),
        excluded: form.values("excluded"),
        preference: PREFERENCES
            .into_iter()
            .find(|unit| *unit == form.get("preference"))
            .map(str::to_owned),
        oversight_refused: form.get("refused") == "on",
    };
    render_ok(&who_reads_page(&session, &form, Some(case)))
}

fn who_reads_page(
    session: &SignedInSession,
    form: &FormInput,
    profile: Option<ReportProfile>,
) -> WhoReadsTemplate {
    let frame = session.frame("administration-title", NavSection::Administration);
    let (directory, taxonomy) = (session.connection().directory(), &session.request.state.taxonomy);
    let lang = frame.code();
    let choice = |field: &str, id: &str, label: &str| FormOption {
        id: id.to_owned(),
        label: label.to_owned(),
        chosen: form.values(field).iter().any(|value| value == id),
    };
    let categories = taxonomy.categories.iter();
    let categories = categories
        .map(|category| choice("category", &category.id, category.label.get(lang)))
        .collect();
    let audiences = Audience::ALL.into_iter();
    let audiences = audiences
        .map(|audience| {
            choice("audience", audience.as_str(), &frame.t_variant("audience", audience.as_str()))
        })
        .collect();
    let question = taxonomy.question(EXCLUSION_QUESTION);
    let exclusions = question.into_iter().flat_map(|question| &question.options);
    let exclusions =
        exclusions.map(|option| choice("excluded", &option.id, option.label.get(lang))).collect();
    let preferences = PREFERENCES
        .into_iter()
        .map(|unit| choice("preference", unit, &frame.preference_label(unit)))
        .collect();
    WhoReadsTemplate {
        preferences,
        oversight_refused: form.get("refused") == "on",
        categories,
        audiences,
        exclusions,
        answer: profile.map(|case| routing_explanation(&frame, directory, case)),
        all: all_category_rows(&frame, directory, taxonomy),
        frame,
    }
}

fn routing_explanation(
    frame: &PageFrame,
    directory: &Directory,
    case: ReportProfile,
) -> RoutingExplanation {
    let decision = explain_routing(directory, case);
    let ineffective: Vec<String> =
        decision.ineffective_exclusions.iter().map(|unit| frame.unit_label(unit)).collect();
    let without = decision.excluded_members.iter();
    RoutingExplanation {
        desk: (!decision.desk.is_empty()).then(|| frame.desk_label(&decision.desk)),
        readers: decision.readers.join(", "),
        steps: decision.steps.iter().map(|step| step_text(frame, step)).collect(),
        ineffective: (!ineffective.is_empty()).then(|| ineffective.join(", ")),
        excluded_members: without
            .map(|without| (without.handle.clone(), exclusion_text(frame, &without.reason)))
            .collect(),
    }
}

fn all_category_rows(
    frame: &PageFrame,
    directory: &Directory,
    taxonomy: &Taxonomy,
) -> Vec<CategoryRouteRow> {
    let row = |category: &taxonomy::Category| {
        let audience = category.audience.first().map_or("public", |audience| audience.as_str());
        let case = ReportProfile {
            category: category.id.clone(),
            audience: audience.to_owned(),
            excluded: Vec::new(),
            preference: None,
            oversight_refused: false,
        };
        let decision = explain_routing(directory, case);
        CategoryRouteRow {
            category: category.id.clone(),
            label: category.label.get(frame.code()).to_owned(),
            audience: frame.t_variant("audience", audience),
            desk: frame.desk_label(&decision.desk),
            readers: decision.readers.join(", "),
            oversight_locked: decision.oversight.join(", "),
        }
    };
    taxonomy.categories.iter().map(row).collect()
}

fn step_text(frame: &PageFrame, step: &RoutingStep) -> String {
    let catalog = frame.catalog();
    match step {
        RoutingStep::OtherAudiences { desk, audiences } => {
            let audiences: Vec<String> =
                audiences.iter().map(|audience| frame.t_variant("audience", audience)).collect();
            let audiences = audiences.join(", ");
            catalog.with(
                "step-other-audiences",
                &[("desk", &frame.desk_label(desk)), ("audiences", &audiences)],
            )
        }
        RoutingStep::NoDesk => frame.t("step-no-desk"),
        RoutingStep::Desk(desk) => frame.with("step-desk", "desk", frame.desk_label(desk)),
        RoutingStep::NoneExcluded(count) => frame.count("step-nobody-excluded", count),
        RoutingStep::Excluded { who, remaining } => catalog
            .with("step-excluded", &[("who", &who.join(", ")), ("left", &remaining.to_string())]),
        RoutingStep::TooFew => frame.with("step-too-few", "minimum", MIN_READERS.to_string()),
        RoutingStep::Preferred { unit, who } => catalog.with(
            "step-preferred",
            &[("wish", &frame.preference_label(unit)), ("who", &who.join(", "))],
        ),
        RoutingStep::PreferenceUnmet { unit, count } => catalog.with(
            "step-preference-unmet",
            &[
                ("wish", &frame.preference_label(unit)),
                ("found", &count.to_string()),
                ("minimum", &MIN_READERS.to_string()),
            ],
        ),
        RoutingStep::PreferenceIgnored => frame.t("step-preference-ignored"),
        RoutingStep::OversightRefused => frame.t("step-oversight-refused"),
        RoutingStep::NoReader => frame.t("step-no-reader"),
        RoutingStep::RoutedTo { desk, readers } => catalog.with(
            "step-routed",
            &[("desk", &frame.desk_label(desk)), ("who", &readers.join(", "))],
        ),
        RoutingStep::OversightLocked(who) => frame.with("step-locked", "who", who.join(", ")),
    }
}

fn exclusion_text(frame: &PageFrame, reason: &ExclusionReason) -> String {
    match reason {
        ExclusionReason::Unit(unit) => frame.with("without-unit", "unit", frame.unit_label(unit)),
        ExclusionReason::ExcludedDesk(desk) => {
            frame.with("without-excluded-desk", "desk", frame.desk_label(desk))
        }
        ExclusionReason::DeskOfUnit { desk, unit } => {
            let arguments =
                [("desk", &*frame.desk_label(desk)), ("unit", &*frame.unit_label(unit))];
            frame.catalog().with("without-desk-of-unit", &arguments)
        }
        ExclusionReason::TrustsNone => frame.t("without-trust"),
        ExclusionReason::RoutedElsewhere(desk) => {
            frame.with("without-went-to", "desk", frame.desk_label(desk))
        }
        ExclusionReason::NotAMemberOfDesk(desk) => {
            frame.with("without-membership", "desk", frame.desk_label(desk))
        }
        ExclusionReason::NotPreferred(unit) => {
            frame.with("without-preference", "wish", frame.preference_label(unit))
        }
        ExclusionReason::OversightRefused => frame.t("without-oversight-refused"),
    }
}
