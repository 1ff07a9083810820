//! What one test's thread logs. One subscriber for the whole binary: one that comes and goes with a test misses events
//! whose call sites another test's thread has just looked at.

use std::cell::RefCell;
use std::sync::Once;

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;

use super::secrets::ToAll;

thread_local! {
    static CAPTURED: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

struct ToThread;

impl std::io::Write for ToThread {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        CAPTURED.with_borrow_mut(|captured| captured.as_mut().map(|buffer| buffer.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Has everything kept that the gateways of this process log, as far down as an operator may set it: see `secrets`.
pub fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let here = dynamic_filter_fn(|_, _| CAPTURED.with_borrow(Option::is_some));
        let layer =
            tracing_subscriber::fmt::layer().with_ansi(false).with_writer(|| ToThread).with_filter(here);
        let all = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .without_time()
            .with_writer(|| ToAll)
            .with_filter("info,latchkey=trace".parse::<tracing_subscriber::EnvFilter>().unwrap());
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer).with(all))
            .unwrap();
    });
}

/// Everything, down to TRACE, that this thread logs meanwhile. For tests on one thread (`#[tokio::test]` alone).
pub async fn logged(work: impl Future<Output = ()>) -> String {
    install();
    CAPTURED.set(Some(Vec::new()));
    work.await;
    String::from_utf8(CAPTURED.take().unwrap_or_default()).unwrap()
}
