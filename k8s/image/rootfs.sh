#!/bin/sh
# rootfs.sh OUT BINARY WEB LICENCE: everything that is in the image, in the folder OUT: the gateway without its symbols, the
# shared libraries that it names (Debian's glibc, libm and libgcc_s) with their loader, CA roots, the web part, one user, the
# licence. Nothing else: no shell, no package manager. Used by the Dockerfile and by `make image` alike.
set -eu
out=$1 binary=$2 web=$3 licence=$4
rm -rf "$out"
mkdir -p "$out/usr/local/bin" "$out/etc/ssl/certs" "$out/usr/share/latchkey" "$out/usr/share/doc/latchkey"
strip -o "$out/usr/local/bin/latchkey" "$binary"
# Of its needs as the loader finds them here; they lie under the same names there.
ldd "$binary" | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' | while read -r library; do
    mkdir -p "$out$(dirname "$library")"
    cp -L "$library" "$out$library"
done
cp -L /etc/ssl/certs/ca-certificates.crt "$out/etc/ssl/certs/ca-certificates.crt"
printf 'nonroot:x:65532:65532:nonroot:/nonexistent:/nonexistent\n' > "$out/etc/passwd"
printf 'nonroot:x:65532:\n' > "$out/etc/group"
# MongoDB and SMTP servers are found as the machine says; without this file glibc would ask for modules that are not here.
printf 'hosts: files dns\n' > "$out/etc/nsswitch.conf"
cp -r "$web" "$out/usr/share/latchkey/web"
cp "$licence" "$out/usr/share/doc/latchkey/LICENSE"
chmod -R a+rX,go-w "$out"
