//! What the gateway never connects to, whatever a name stands for when it is connected to.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use latchkey::domain::DeliveryFault;
use latchkey::webhook::Resolve;

use super::receiver::{Receiver, worker};
use super::*;

/// Gives one answer after the other, and the last one from then on.
struct Names {
    answers: Vec<Vec<SocketAddr>>,
    asked: AtomicUsize,
}

impl Names {
    fn new(answers: &[&[SocketAddr]]) -> Arc<Self> {
        let answers = answers.iter().map(|answer| answer.to_vec()).collect();
        Arc::new(Self { answers, asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, host: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
        assert_eq!(host, "hooks.example.com");
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.answers.get(asked).or(self.answers.last()).unwrap().clone())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_looked_up_once_for_an_attempt_and_that_address_is_connected_to() {
    run(async |app| {
        let world = world(app).await;
        let (receiver, trap) = (Receiver::start().await, Receiver::start().await);
        let (id, secret) = world.register(app, &receiver.url_of("hooks.example.com"), &[]).await;
        world.by_id(TEST, id).await;
        // Asked a second time, the name would stand for something else: DNS rebinding.
        let names = Names::new(&[&[receiver.address()], &[trap.address()]]);
        let client = receiver.client().resolving(names.clone());
        assert_eq!(worker(app, client).drain().await.unwrap(), counts(1, 0, 0));
        assert_eq!((names.asked.load(Ordering::SeqCst), trap.connections()), (1, 0));
        let taken = receiver.taken().remove(0);
        assert!(taken.is_signed_by(&secret));
        let host = format!("hooks.example.com:{}", receiver.address().port());
        assert_eq!(taken.header("host"), host, "the certificate was checked against the name, too");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_stands_for_an_address_inside_is_not_connected_to() {
    harness::run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        let (id, _) = world.register(app, &receiver.url_of("hooks.example.com"), &["LOGGED_IN"]).await;
        let public: SocketAddr = "8.8.8.8:443".parse().unwrap();
        let inside = [
            "127.0.0.1:1",
            "10.0.0.1:1",
            "169.254.169.254:80",
            "100.64.0.1:1",
            "[::1]:1",
            "[::ffff:127.0.0.1]:1",
            "[64:ff9b::7f00:1]:1",
            "[fd00:ec2::254]:80",
        ];
        let inside = inside.map(|address| address.parse::<SocketAddr>().unwrap());
        for address in inside.into_iter().chain([receiver.address()]) {
            // One among several is enough.
            for answer in [vec![address], vec![public, address]] {
                world.by_id(TEST, id).await;
                let names = Names::new(&[&answer]);
                let client = receiver.public_client().resolving(names.clone());
                assert_eq!(worker(app, client).drain().await.unwrap(), counts(0, 1, 0), "{address}");
                let attempted = deliveries(app, id).await.pop().unwrap();
                assert_eq!(attempted.last_fault, Some(DeliveryFault::PrivateAddress), "{address}");
                assert_eq!(names.asked.load(Ordering::SeqCst), 1);
                app.advance(std::time::Duration::from_secs(60));
                app.update(
                    "webhook_deliveries",
                    mongodb::bson::doc! { "webhook_id": id },
                    mongodb::bson::doc! { "$set": { "state": "FAILED" } },
                )
                .await;
            }
        }
        assert_eq!(receiver.connections(), 0);
    })
    .await;
}

/// The address was registered under a rule that holds no more: of another version, or by hand.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_may_not_be_one_is_not_connected_to_whoever_stored_it() {
    harness::run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        let (id, _) = world.register(app, "https://hooks.example.com/", &[]).await;
        let urls =
            [receiver.url(), format!("http://{}/", receiver.address()), "file:///etc/passwd".to_owned()];
        for url in urls {
            app.update(
                "webhooks",
                mongodb::bson::doc! { "_id": id },
                mongodb::bson::doc! { "$set": { "url": url } },
            )
            .await;
            world.by_id(TEST, id).await;
            let done = worker(app, receiver.public_client()).drain().await.unwrap();
            assert_eq!(done.delivered, 0);
            let attempted = deliveries(app, id).await.pop().unwrap();
            assert_eq!(attempted.last_fault, Some(DeliveryFault::PrivateAddress));
        }
        assert_eq!(receiver.connections(), 0);
    })
    .await;
}
