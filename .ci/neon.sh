#!/usr/bin/env bash
# The kernels' tests at the level of NEON, on an emulated processor. What that takes comes from the
# Debian archive that this machine uses, into target/neon: QEMU, a linker, and the source of the
# standard library of this very version of Rust, which cargo then builds. Where it cannot be had, says
# so and leaves it at that.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "$(uname -m)" = aarch64 ]; then
    echo "this processor has NEON: the tests have run at its level"
    exit 0
fi
not_run() {
    echo "NOT RUN at the level of NEON: $1"
    exit 0
}
for tool in apt-get apt-cache dpkg rustc; do
    command -v $tool > /dev/null || not_run "no $tool here"
done

work=$PWD/target/neon
root=$work/root
version=$(rustc --version | cut -d ' ' -f 2)
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 2> /dev/null | awk 'NR == 1')
[ -n "$mirror" ] && [ -n "$release" ] || not_run "no Debian archive configured"

if [ ! -e "$work/complete-$version" ]; then
    rm -rf "$work"
    mkdir -p "$work"/{packages,lists/partial,cache/archives/partial} "$root"
    for suite in "$release" trixie-backports sid; do
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
    done > "$work/sources.list"
    cat > "$work/apt.conf" <<END
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$work/lists";
Dir::Cache "$work/cache";
APT::Default-Release "$release";
END
    export APT_CONFIG="$work/apt.conf"
    apt-get update -qq || not_run "the archive cannot be reached"
    # No `head` and no `grep -m`: what writes to a pipe that is closed early fails.
    source=$(apt-cache madison rust-src | awk -F ' *[|] *' -v of="$version+" 'index($2, of) == 1 {print $2}' |
        tail -n 1)
    [ -n "$source" ] || not_run "the archive has no source of the standard library of Rust $version"
    compiler=$(apt-cache depends gcc-aarch64-linux-gnu | grep -o 'gcc-[0-9]*-aarch64-linux-gnu' |
        tail -n 1)
    [ -n "$compiler" ] || not_run "the archive has no compiler for aarch64"
    major=${compiler#gcc-}
    major=${major%%-*}
    (cd "$work/packages" && apt-get download -qq "rust-src=$source" qemu-user-static "$compiler" \
        binutils-aarch64-linux-gnu libc6-dev-arm64-cross libc6-arm64-cross \
        "libgcc-$major-dev-arm64-cross" libgcc-s1-arm64-cross) || not_run "a package cannot be had"
    for package in "$work"/packages/*.deb; do
        dpkg -x "$package" "$root"
    done
    # By its name cargo tells how it wants to be called.
    cat > "$work/aarch64-linux-gnu-gcc" <<END
#!/bin/sh
export LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu"
exec "$root/usr/bin/aarch64-linux-gnu-gcc-$major" "-B$root/usr/aarch64-linux-gnu/bin" \\
    "-B$root/usr/lib/gcc-cross/aarch64-linux-gnu/$major" "-B$root/usr/aarch64-linux-gnu/lib" \\
    "-L$root/usr/aarch64-linux-gnu/lib" "--sysroot=$root" "\$@"
END
    chmod +x "$work/aarch64-linux-gnu-gcc"
    touch "$work/complete-$version"
fi

# Building the standard library is not yet a stable feature, and where its source lies is told in a way
# that cargo keeps for its own tests.
export RUSTC_BOOTSTRAP=1
export __CARGO_TESTS_ONLY_SRC_ROOT=$root/usr/src/rustc-$version/library
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=$work/aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-C target-feature=+crt-static"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER=$root/usr/bin/qemu-aarch64-static
cargo test -p efface-kernels --lib -Zbuild-std=std,panic_unwind,test,proc_macro \
    --target aarch64-unknown-linux-gnu --target-dir "$work/build"
