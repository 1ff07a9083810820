//! The argon2 crate alone, at the gateway's cost (the crate's default, OWASP's choice: 19 MiB, 2 passes, 1 lane). Not for use.
//!
//! `hashes SECONDS THREADS` verifies for so long on so many threads and prints how many there were in which time;
//! `hashes count N` verifies N times, for callgrind.

use std::time::{Duration, Instant};

use argon2::password_hash::phc;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const PASSWORD: &[u8] = b"a reader of many pages";

fn verify(hash: &phc::PasswordHash) -> Result<(), Failure> {
    Ok(Argon2::default().verify_password(PASSWORD, hash)?)
}

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [what, many] = args.as_slice() else { return Err("hashes SECONDS THREADS, or hashes count N".into()) };
    let hash = Argon2::default().hash_password_with_salt(PASSWORD, b"sixteen bytes...")?;
    let hash = phc::PasswordHash::new(&hash.to_string())?;
    let many: usize = many.parse()?;
    if what == "count" {
        for _ in 0..many {
            verify(&hash)?;
        }
        return Ok(());
    }
    let started = Instant::now();
    let finish = started + Duration::from_secs(what.parse()?);
    let threads: Vec<_> = (0..many)
        .map(|_| {
            let hash = hash.clone();
            std::thread::spawn(move || {
                let mut done = 0_u32;
                while Instant::now() < finish {
                    verify(&hash)?;
                    done += 1;
                }
                Ok::<_, Failure>(done)
            })
        })
        .collect();
    let mut done = 0;
    for thread in threads {
        done += thread.join().map_err(|_| "a thread panicked")??;
    }
    println!("{{\"done\":{done},\"seconds\":{:.3}}}", started.elapsed().as_secs_f64());
    Ok(())
}
