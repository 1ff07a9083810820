#!/bin/sh
# Generates each client from the schema, compiles it strictly, and runs it for the main job against a gateway of its own.
# Needs a built gateway (cargo build), Node with npm, Python 3 with pip, and cargo.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
gateway=${1:-$root/target/debug/latchkey}
cargo=${CARGO:-cargo}
python=${PYTHON:-python3}
npm=${NPM:-npm}
# Beside the gateway's: most of the crates are the same, and compiled already.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
work=$(mktemp -d)
pid=

finish() {
  if [ -n "$pid" ]; then
    kill -INT "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export LATCHKEY_URL="http://127.0.0.1:$port"
(cd "$root" && exec env -u LATCHKEY_URL LATCHKEY_LISTEN="127.0.0.1:$port" "$gateway" dev --data "$work/data") >"$work/log" 2>&1 &
pid=$!

echo '== TypeScript'
cd "$here/typescript"
"$npm" ci --ignore-scripts --loglevel=error
"$npm" run --silent build
echo '== Python'
cd "$here/python"
# A folder instead of a virtual environment, which Debian's Python cannot make without one more package.
packages=$here/python/.packages
if [ ! "$packages/.installed" -nt requirements.txt ]; then
  rm -rf "$packages"
  "$python" -m pip install --quiet --disable-pip-version-check --no-warn-conflicts --root-user-action=ignore \
    --require-hashes --only-binary :all: --target "$packages" -r requirements.txt
  touch "$packages/.installed"
fi
PYTHONPATH=$packages "$python" -m ariadne_codegen >/dev/null
PYTHONPATH=$packages "$python" -m mypy
echo '== Rust'
cd "$here/rust"
$cargo clippy --locked --quiet --all-targets -- -D warnings
$cargo build --locked --quiet
echo '== Relay'
cd "$here/relay"
"$npm" ci --ignore-scripts --loglevel=error
"$npm" run --silent check

tries=0
until grep -q 'Latchkey is ready' "$work/log"; do
  tries=$((tries + 1))
  if [ $tries -gt 600 ] || ! kill -0 "$pid" 2>/dev/null; then
    cat "$work/log" >&2
    exit 1
  fi
  sleep 0.2
done

echo '== the main job, three times'
(cd "$here/typescript" && node dist/main.js)
(cd "$here/python" && PYTHONPATH=$packages "$python" main.py)
(cd "$here/rust" && $cargo run --locked --quiet)
