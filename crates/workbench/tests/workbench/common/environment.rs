//! An installation with a running case handler, and members who connect to it.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use workbench::{
    alert::{AlertCode, AlertSeverity, IntegrityAlert},
    case::VerifiedCase,
    keys::key_file::InvestigatorKey,
    session::{ConnectError, HandlerConnection},
};

use super::{
    WorkbenchInstallation,
    fake_handler::{self, FakeHandler},
    now, passphrase,
    reporter::TestReporter,
};

pub(crate) struct TestEnvironment {
    pub(crate) installation: Arc<WorkbenchInstallation>,
    pub(crate) handler: FakeHandler,
}

impl TestEnvironment {
    pub(crate) fn start() -> Self {
        let installation = Arc::new(WorkbenchInstallation::new());
        let handler = fake_handler::start_fake_handler(&installation);
        Self { installation, handler }
    }

    pub(crate) fn file_report(&self, excluded: &[&str]) -> TestReporter {
        self.handler.file_report(&self.installation, excluded, "An officer asked me for money.")
    }

    pub(crate) async fn connect(&self, handle: &str) -> HandlerConnection {
        self.try_connect(handle).await.unwrap()
    }

    /// Connects as on a later day.
    pub(crate) async fn connect_after(&self, handle: &str, days: i64) -> HandlerConnection {
        self.open(handle, now() + Duration::days(days)).await.unwrap()
    }

    pub(crate) async fn try_connect(
        &self,
        handle: &str,
    ) -> Result<HandlerConnection, ConnectError> {
        self.open(handle, now()).await
    }

    async fn open(
        &self,
        handle: &str,
        now: OffsetDateTime,
    ) -> Result<HandlerConnection, ConnectError> {
        let profile = self.installation.profile_dir(handle, &self.handler.url);
        let sealed = workbench::private_files::read(&profile.key_path()).unwrap();
        HandlerConnection::open(
            profile,
            InvestigatorKey::open(&sealed, &passphrase()).unwrap(),
            now,
        )
        .await
    }

    /// Reads a case again and returns the codes of its alarms, without notices.
    pub(crate) async fn alert_codes_of(
        &self,
        handle: &str,
        reporter: &TestReporter,
    ) -> Vec<AlertCode> {
        alert_codes(&self.connect(handle).await.read_case(reporter.case).await.unwrap().alarms)
    }
}

pub(crate) fn alert_codes(alarms: &[IntegrityAlert]) -> Vec<AlertCode> {
    let mut codes: Vec<_> = alarms
        .iter()
        .filter(|a| a.severity == AlertSeverity::Alarm)
        .map(|alarm| alarm.code)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

pub(crate) async fn claim_case(
    connection: &mut HandlerConnection,
    reporter: &TestReporter,
) -> VerifiedCase {
    let mut case = connection.read_case(reporter.case).await.unwrap();
    connection.claim(&mut case, "").await.unwrap();
    case
}

/// Lets a second member check and approve the proposed rotation of a case.
pub(crate) async fn approve_rotation(second: &mut HandlerConnection, case: Uuid) {
    let mut opened = second.read_case_to_approve(case).await.unwrap();
    second.approve_rotation(&mut opened).await.unwrap();
}

/// Declares no conflict of interest in these cases.
pub(crate) async fn declare_all(connection: &mut HandlerConnection, reporters: &[&TestReporter]) {
    for reporter in reporters {
        let mut case = connection.read_case(reporter.case).await.unwrap();
        connection.declare(&mut case).await.unwrap();
    }
}
