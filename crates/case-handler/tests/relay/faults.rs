//! Failures between the two services, and their recovery.

use std::sync::Arc;

use case_handler::collector::CollectError;

use super::{
    DESK_MEMBERS, RelayFixture,
    common::HandlerFixture,
    intake::{FakeIntake, write_certificates, write_certificates_with_expired},
};

#[tokio::test]
async fn an_expired_certificate_on_either_side_is_reported_and_nothing_is_lost() {
    for expired in ["intake", "handler"] {
        let handler = HandlerFixture::new().await;
        let folder = tempfile::tempdir().unwrap();
        write_certificates_with_expired(folder.path(), expired);
        let intake = FakeIntake::start(folder.path(), Arc::clone(&handler.store)).await;
        let mut pair = RelayFixture { handler, intake, folder };
        let (report, _) = pair.handler.new_report(&DESK_MEMBERS);
        let sealed = pair.seal_submission(&report, &report);
        pair.intake.add_submissions([sealed.clone()]);
        let error = pair.collector().run_cycle().await.unwrap_err();
        assert!(matches!(error, CollectError::Relay(_)), "{error}");
        assert!(error.to_string().to_lowercase().contains("expired"), "{expired}: {error}");
        assert_eq!(pair.left_at_intake(), 1);

        // Both sides have renewed certificates.
        write_certificates(pair.folder.path());
        pair.intake = FakeIntake::start(pair.folder.path(), Arc::clone(&pair.handler.store)).await;
        pair.intake.add_submissions([sealed]);
        pair.collector().run_cycle().await.unwrap();
        assert_eq!((pair.left_at_intake(), pair.handler.queue("awa").await.len()), (0, 1));
    }
}
