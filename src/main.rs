//! The binary. Everything it does is a command of the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    latchkey::command::main()
}
