//! One mongod for the whole test binary, started when the first test needs it. Its guard ends it with this process.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::mpsc;

use latchkey::command::mongod::{Mongod, MongodOptions};

static URI: OnceLock<String> = OnceLock::new();

/// Where fetched tools are.
pub fn tools() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/.tools").into()
}

/// The address of the shared mongod. `LATCHKEY_TEST_MONGODB_URI` names one that runs already.
pub fn mongod_uri() -> String {
    URI.get_or_init(|| {
        if let Ok(uri) = std::env::var("LATCHKEY_TEST_MONGODB_URI") {
            return uri;
        }
        let (sender, receiver) = mpsc::channel();
        // Tests come and go with runtimes of their own; mongod's lasts as long as the process.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            runtime.unwrap().block_on(async move {
                let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep();
                let options = MongodOptions {
                    binary: std::env::var_os("LATCHKEY_MONGOD").map(PathBuf::from),
                    tools: tools(),
                    ..MongodOptions::for_tests(data)
                };
                let mongod = Mongod::start(options).await.unwrap();
                sender.send(mongod.uri()).unwrap();
                std::future::pending::<()>().await;
                drop(mongod);
            });
        });
        receiver.recv().expect("mongod did not start")
    })
    .clone()
}
