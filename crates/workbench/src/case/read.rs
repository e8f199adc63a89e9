//! Fetches one case, opens it, verifies it and pins its head.

use investigator::{OpenCase, SealedFrame};
use protocol::{
    Hash,
    api::workbench::{CaseDetail, CasePart, GenerationGrant, PURGED_PROBLEM, PartKind},
    case::{CaseState, Stage, event::Event},
    keys::InvestigatorRecipient,
    submission::{frame::FrameDirection, key_grant::grant_tag},
};
use uuid::Uuid;

use crate::{
    alert::{AlertCode, AlertSeverity, IntegrityAlert, has_alarm},
    audit::events::audit_events,
    case::{
        CaseReadError, VerifiedCase, case_head,
        collection_check::{self, CollectionCheck, UnreadableCase},
        consistency_checks::{
            check_interleaving, check_order, check_part_counts, check_payloads, check_replies,
            check_state, check_submission_count, issue_alert, read_notes, signer_of_copy,
        },
        grant_check::{
            check_grants, check_rotations, rejected_grant_alerts, remove_unrecorded_grants,
        },
        program_check::{check_programs, report_program},
        routing_check::check_routing,
    },
    private_files::FileError,
    session::{
        HandlerConnection,
        client::ClientError,
        profile::{PinnedCaseHead, PinnedTree},
    },
};

/// What several cases leave to pin.
#[derive(Debug, Default)]
pub(crate) struct CasePins {
    /// The newest event of each case.
    pub(crate) heads: Vec<(Uuid, PinnedCaseHead)>,
    /// A newer tree of the transparency log than the pinned one.
    pub(crate) tree: Option<PinnedTree>,
}

/// The grants with which a case is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GrantSource {
    /// The member's grants in effect.
    InEffect,
    /// The member's grants of the pending rotation.
    Pending,
}

impl HandlerConnection {
    /// Fetches, opens and verifies one case, and pins its head and the tree of its proof. Confirms
    /// its newest rotation if the reporter still needs that.
    ///
    /// # Errors
    /// Fails if the case cannot be read at all. Every other fault is an alert in the result.
    pub async fn read_case(&mut self, id: Uuid) -> Result<VerifiedCase, CaseReadError> {
        let mut case = self.read_case_without_pinning(id).await;
        let of_log = |alarm: &IntegrityAlert| {
            matches!(alarm.code, AlertCode::WrongProof | AlertCode::Rollback)
        };
        if case.as_ref().is_ok_and(|case| case.alarms.iter().any(of_log))
            && matches!(self.renew_for_restarted_log().await, Ok(true))
        {
            case = self.read_case_without_pinning(id).await;
        }
        let newer_tree = case.as_ref().ok().and_then(|case| case.newer_tree);
        if newer_tree.is_some() {
            self.trust_state.tree = newer_tree;
        }
        let changed = newer_tree.is_some()
            | match &case {
                Ok(case) => case.head_to_pin().is_some_and(|(id, seen)| {
                    let key = *case.open_case.reporter_key();
                    let new_key = self.trust_state.reporters.insert(id, key) != Some(key);
                    self.trust_state.cases.insert(id, seen) != Some(seen) || new_key
                }),
                Err(CaseReadError::Unreadable(unreadable)) => {
                    unreadable.head_to_pin.is_some_and(|(id, seen)| {
                        self.trust_state.cases.insert(id, seen) != Some(seen)
                    })
                }
                Err(CaseReadError::Purged(_)) => {
                    self.trust_state.reporters.remove(&id);
                    self.trust_state.cases.remove(&id).is_some()
                }
                Err(_) => false,
            };
        if changed {
            self.save_trust_state()?;
        }
        if let Ok(case) = &case {
            // The next reader, or the next visit, confirms it otherwise.
            self.confirm_rotation(case).await.ok();
        }
        case
    }

    /// Checks the case handler's claim that a case was purged. The signed events must confirm it.
    async fn verify_purged(&self, id: Uuid) -> Result<CaseReadError, ClientError> {
        let log = self.client.case_log(id).await?;
        let mut audit = audit_events(&log.events, &self.directory_history);
        audit.alarms.extend(self.check_case_log(id, &log).await?.alarms);
        let purged = audit.cases.get(&id).is_some_and(|state| state.stage == Stage::Purged);
        let last = audit.events.get(&id).and_then(|events| events.last());
        Ok(match last {
            Some(last) if purged && !has_alarm(&audit.alarms) => {
                CaseReadError::Purged(last.at.date())
            }
            _ => CaseReadError::UnprovenPurge,
        })
    }

    /// As [`Self::read_case`], but pins nothing.
    pub(crate) async fn read_case_without_pinning(
        &self,
        id: Uuid,
    ) -> Result<VerifiedCase, CaseReadError> {
        self.read_case_with(id, GrantSource::InEffect).await
    }

    /// Reads a case with the member's grants of the pending rotation, and pins nothing. The caller
    /// compares them with the proposal before it approves.
    pub(crate) async fn read_case_with_pending_grants(
        &self,
        id: Uuid,
    ) -> Result<VerifiedCase, CaseReadError> {
        self.read_case_with(id, GrantSource::Pending).await
    }

    async fn read_case_with(
        &self,
        id: Uuid,
        source: GrantSource,
    ) -> Result<VerifiedCase, CaseReadError> {
        let file = match self.client.case(id).await {
            Err(ClientError::Refused(problem)) if problem.kind == PURGED_PROBLEM => {
                return Err(self.verify_purged(id).await?);
            }
            file => file?,
        };
        if file.row.id != id {
            return Err(CaseReadError::WrongCase);
        }
        let mut audit = audit_events(&file.log.events, &self.directory_history);
        let mut alarms = std::mem::take(&mut audit.alarms);
        let proof = self.check_case_log(id, &file.log).await?;
        alarms.extend(proof.alarms);
        let events = audit.events.remove(&id).unwrap_or_default();
        let state = audit.cases.remove(&id);
        if !audit.events.is_empty() {
            alarms.push(IntegrityAlert::new(
                AlertCode::BrokenCase,
                "the log of this case contains events of another case",
            ));
        }
        let (own, ignored) = self.grants_to_open(&file, source, state.as_ref(), &events)?;
        alarms.extend(ignored);
        let own_tag = grant_tag(id, &self.key.identity().recipient());
        let collected = CollectionCheck::check(&file, &events, own_tag);
        let open = match (OpenCase::open(id, &own, self.key.identity()), state.as_ref()) {
            (Ok(open), _) => open,
            (Err(error), Some(state))
                if collected.report_intact && state.generation == 0 && alarms.is_empty() =>
            {
                let checked = [
                    check_state(&file, Some(state)),
                    check_submission_count(&file, Some(state)),
                    check_order(&file, &events),
                    self.check_pinned_head(id, &file.log.events),
                ];
                let sound = checked.iter().all(Option::is_none)
                    && check_payloads(&file, &events).is_empty()
                    && collected.altered_message_alerts().next().is_none();
                return Err(if sound {
                    unreadable_error(&file, &events, state, error.to_string())
                } else {
                    CaseReadError::UnopenableGrants(error)
                });
            }
            (Err(error), _) => return Err(CaseReadError::UnopenableGrants(error)),
        };
        alarms.extend(rejected_grant_alerts(&file, &open, &events));
        let (mut parts, damaged) = self.fetch_parts(&file).await?;
        alarms.extend(damaged);
        // The signed directories prove that the key was replaced. Without such a proof, a missing
        // generation raises an alarm below.
        let replaced = self.directory_history.has_replaced_key(self.handle(), file.row.filed);
        let all = parts.len();
        parts.retain(|(part, _)| !replaced || open.has_generation(part.generation));
        let sealed_to_former = all - parts.len();
        if sealed_to_former > 0 {
            let text = format!(
                "{sealed_to_former} messages or notes are sealed to your former key and are not shown: a colleague grants them to your new key with burkindi former-readers --rotate, which you or another reader approves, or with burkindi assign"
            );
            alarms.push(IntegrityAlert::notice(AlertCode::FormerKey, text));
        }
        let mut thread = open.read_thread(parts.iter().filter_map(to_sealed_frame));
        let recipient_changed = check_replies(&file, &open, &events, &mut thread);
        let alert_of =
            |finding: &_| issue_alert(finding, signer_of_copy(&file, &events, finding.batch));
        alarms.extend(thread.issues.iter().map(|finding| match alert_of(finding) {
            // A reference to a message that is not shown cannot be checked.
            alarm if sealed_to_former > 0 && alarm.code == AlertCode::Withheld => {
                IntegrityAlert { severity: AlertSeverity::Notice, ..alarm }
            }
            alarm if collected.is_sender_fault(finding) => {
                collection_check::downgrade_to_notice(alarm)
            }
            alarm => alarm,
        }));
        let (related_reports, unproven) = self.related_report_links(id, &thread).await?;
        alarms.extend(unproven);
        let (notes, unopenable) = read_notes(&open, &parts, &events);
        alarms.extend(unopenable);
        alarms.extend(check_state(&file, state.as_ref()));
        alarms.extend(check_payloads(&file, &events));
        alarms.extend(check_part_counts(&file, &thread, state.as_ref(), &collected));
        alarms.extend(collected.altered_report_alert(&open));
        alarms.extend(collected.altered_message_alerts());
        alarms.extend(check_routing(&thread, &events, state.as_ref(), &self.directory_history));
        alarms.extend(check_programs(&thread, &self.directory_history));
        alarms.extend(check_order(&file, &events));
        alarms.extend(check_interleaving(&file, &thread));
        alarms.extend(recipient_changed);
        alarms.extend(self.check_pinned_reporter(&open));
        alarms.extend(check_grants(&open, &events, &thread, &self.directory_history));
        alarms.extend(check_rotations(&open, &events));
        alarms.extend(self.check_pinned_head(id, &file.log.events));
        if let Some(state) = &state {
            if collected.report_intact
                && thread.incoming.is_empty()
                && thread.outgoing.is_empty()
                && !has_alarm(&alarms)
            {
                return Err(unreadable_error(
                    &file,
                    &events,
                    state,
                    collection_check::unreadable_reason(&thread),
                ));
            }
            alarms.extend(collection_check::check_readable_after_all(state, &events));
        }
        for alarm in &mut alarms {
            alarm.case = Some(id);
            // The numbers count within this case and would be misleading.
            alarm.event = None;
        }
        let report_program = report_program(&thread, &self.directory_history);
        Ok(VerifiedCase {
            file,
            open_case: open,
            thread,
            related_reports,
            notes,
            events,
            state,
            report_program,
            alarms,
            newer_tree: proof.newer_tree,
        })
    }

    /// Returns the member's grants that open the case, and alerts for those that are ignored.
    fn grants_to_open(
        &self,
        file: &CaseDetail,
        source: GrantSource,
        state: Option<&CaseState>,
        events: &[Event],
    ) -> Result<(Vec<GenerationGrant>, Vec<IntegrityAlert>), CaseReadError> {
        let grants = file.grants.iter().cloned();
        let (former, mut own): (Vec<_>, Vec<_>) =
            grants.partition(|grant| self.is_for_former_key(file.row.id, grant));
        let mut alarms = Vec::new();
        if source == GrantSource::Pending {
            let current = state.map_or(0, |state| state.generation);
            own.clone_from(&file.pending_grants);
            own.retain(|grant| grant.generation <= current);
        } else {
            alarms.extend(remove_unrecorded_grants(&mut own, events));
        }
        if own.is_empty() && !former.is_empty() {
            return Err(CaseReadError::FormerKey(self.handle().to_owned()));
        }
        Ok((own, alarms))
    }

    /// Returns whether the grant was sealed to a key of this member that the signed directories
    /// have replaced since.
    fn is_for_former_key(&self, case: Uuid, grant: &GenerationGrant) -> bool {
        let tag = |recipient: &InvestigatorRecipient| grant_tag(case, recipient);
        grant.grant.tag != tag(&self.key.identity().recipient())
            && self
                .directory_history
                .former_keys(self.handle())
                .into_iter()
                .any(|former| tag(former) == grant.grant.tag)
    }

    async fn fetch_parts(
        &self,
        file: &CaseDetail,
    ) -> Result<(Vec<(CasePart, Vec<u8>)>, Vec<IntegrityAlert>), ClientError> {
        let (mut fetched, mut alarms) = (Vec::new(), Vec::new());
        for part in file.parts.iter().filter(|part| part.kind != PartKind::Attachment) {
            let sealed = self.client.fetch_part(file.row.id, part.id, part.len).await?;
            if Hash::of(&[&sealed]) == part.sha256 {
                fetched.push((part.clone(), sealed));
            } else {
                alarms.push(IntegrityAlert::new(
                    AlertCode::Damaged,
                    format!("part {} differs from its hash", part.id),
                ));
            }
        }
        Ok((fetched, alarms))
    }

    /// Compares the reporter key in the grants with the pinned one.
    fn check_pinned_reporter(&self, open: &OpenCase) -> Option<IntegrityAlert> {
        let pinned = self.trust_state.reporters.get(&open.id())?;
        let text = "your grants name another reporter key than at your last visit: the messages may be from another person; do not answer, and inform the oversight body";
        (pinned != open.reporter_key())
            .then(|| IntegrityAlert::new(AlertCode::ReporterChanged, text))
    }

    /// Pins the heads of cases and the tree of their proofs, and saves them.
    ///
    /// # Errors
    /// If the profile cannot be written.
    pub(crate) fn pin_cases(
        &mut self,
        CasePins { heads, tree }: CasePins,
    ) -> Result<(), FileError> {
        self.trust_state.cases.extend(heads);
        self.trust_state.tree = tree.or(self.trust_state.tree);
        self.save_trust_state()
    }

    /// Saves the trust state.
    ///
    /// # Errors
    /// If the profile cannot be written.
    pub(crate) fn save_trust_state(&self) -> Result<(), FileError> {
        self.profile.save_trust_state(&self.trust_state)
    }
}

/// Returns the error for a report that arrived unreadable, with the head to pin.
fn unreadable_error(
    file: &CaseDetail,
    events: &[Event],
    state: &CaseState,
    reason: String,
) -> CaseReadError {
    let unreadable = UnreadableCase {
        case: file.row.id,
        state: state.clone(),
        reason,
        file: file.clone(),
        events: events.to_vec(),
        head_to_pin: case_head(file),
    };
    CaseReadError::Unreadable(Box::new(unreadable))
}

fn to_sealed_frame((part, sealed): &(CasePart, Vec<u8>)) -> Option<SealedFrame<'_>> {
    let direction = match part.kind {
        PartKind::Body => FrameDirection::In,
        PartKind::ReplyCopy => FrameDirection::Out,
        PartKind::Attachment | PartKind::Note => return None,
    };
    Some(SealedFrame { direction, generation: part.generation, batch: part.batch, sealed })
}
