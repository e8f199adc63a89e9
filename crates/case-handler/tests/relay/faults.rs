//! What goes wrong between the two services, and is put right again.

use std::sync::Arc;

use case_handler::collector::CollectError;

use super::{
    DESK_MEMBERS, RelayFixture,
    common::HandlerFixture,
    intake::{FakeIntake, write_certificates, write_certificates_with_expired},
};

#[tokio::test]
async fn a_certificate_that_has_expired_on_either_side_is_named_and_nothing_is_lost() {
    for expired in ["intake", "handler"] {
        let world = HandlerFixture::new().await;
        let folder = tempfile::tempdir().unwrap();
        write_certificates_with_expired(folder.path(), expired);
        let intake = FakeIntake::start(folder.path(), Arc::clone(&world.store)).await;
        let mut pair = RelayFixture { world, intake, folder };
        let (report, _) = pair.world.new_report(&DESK_MEMBERS);
        let sealed = pair.seal_submission(&report, &report);
        pair.intake.add_submissions([sealed.clone()]);
        let error = pair.collector().run_cycle().await.unwrap_err();
        assert!(matches!(error, CollectError::Relay(_)), "{error}");
        assert!(error.to_string().to_lowercase().contains("expired"), "{expired}: {error}");
        assert_eq!(pair.left_at_intake(), 1);

        // Renewed on both sides.
        write_certificates(pair.folder.path());
        pair.intake = FakeIntake::start(pair.folder.path(), Arc::clone(&pair.world.store)).await;
        pair.intake.add_submissions([sealed]);
        pair.collector().run_cycle().await.unwrap();
        assert_eq!((pair.left_at_intake(), pair.world.queue("awa").await.len()), (0, 1));
    }
}
