//! The timeline of a case in the language of the pages.

use protocol::case::event::{Event, HANDLER_ACTOR};

use crate::l10n::{Localizer, dates, event_text::localize_event};

/// An event as text.
pub(crate) struct TimelineEntry {
    pub(crate) when: String,
    pub(crate) who: String,
    pub(crate) what: String,
}

/// Returns the events as text, oldest first.
pub(crate) fn build_timeline(localizer: &Localizer, events: &[Event]) -> Vec<TimelineEntry> {
    let to_entry = |event: &Event| {
        let handler = event.actor == HANDLER_ACTOR;
        TimelineEntry {
            // The case handler records dates without times, so that none shows when a reporter
            // wrote.
            when: if handler {
                localizer.format_date(event.at.date())
            } else {
                dates::format_time(localizer.catalog(), event.at)
            },
            who: if handler { localizer.t("the-handler") } else { event.actor.clone() },
            what: localize_event(localizer, &event.action),
        }
    };
    events.iter().map(to_entry).collect()
}
