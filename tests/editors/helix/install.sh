#!/bin/sh
# Puts Helix (and tmux, where there is none) into a directory, installing nothing: packages of Debian's unstable
# distribution, unpacked with all libraries that they need, down to the C library.
#
# install.sh DIRECTORY    afterwards DIRECTORY/hx and, if it was needed, DIRECTORY/tmux start them.
set -eu

# The version that the test was written with. Unstable moves on: where it is gone, the current one serves.
HELIX_VERSION='25.07.1+20260723+ds+~0.3.3+ds+~0.4.0+20260627+ds-3'
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

mkdir -p "$1"
target=$(cd "$1" && pwd)
for tool in apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: Helix is taken from Debian's packages" >&2; exit 1; }
done

work=$target/apt
root=$target/root
rm -rf "$work" "$root"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$root"
: > "$work/status"
if [ ! -r "$KEYRING" ]; then
    # Debian's relatives have Debian's keys as a package.
    (cd "$work" && apt-get -qq download debian-archive-keyring >&2) || true
    for package in "$work"/debian-archive-keyring*.deb; do
        [ -e "$package" ] || { echo "$KEYRING is missing: packages could not be trusted" >&2; exit 1; }
        dpkg-deb --extract "$package" "$work/keys"
    done
    KEYRING=$work/keys$KEYRING
fi
echo "deb [signed-by=$KEYRING] http://deb.debian.org/debian sid main" > "$work/sources.list"

# An apt of its own: its own lists and an empty list of what is installed.
own_apt() {
    apt-get -qq \
        -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::Lists="$work/lists" -o Dir::State::status="$work/status" \
        -o Dir::Cache="$work/cache" -o APT::Sandbox::User= -o Debug::NoLocking=1 \
        -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}
download() {
    own_apt --yes --no-install-recommends --download-only install "$@" >&2
}

programs=hx
command -v tmux >/dev/null || programs="$programs tmux"
own_apt update >&2
if ! download "hx=$HELIX_VERSION" ${programs#hx}; then
    echo "Helix $HELIX_VERSION is no longer in Debian's unstable distribution: the current one is taken" >&2
    download $programs
fi

for package in "$work"/cache/archives/*.deb; do
    dpkg-deb --extract "$package" "$root"
done
# With the C library of the packages, not that of the machine.
loader=$(find "$root" -name 'ld-linux*.so.*' | head -n 1)
[ -n "$loader" ] || { echo "the packages bring no dynamic loader" >&2; exit 1; }
libraries=$(dirname "$(find "$root/usr/lib" -name 'libc.so.6' | head -n 1)")
for program in $programs; do
    cat > "$target/$program" <<END
#!/bin/sh
HELIX_RUNTIME=\${HELIX_RUNTIME:-$root/usr/lib/hx/runtime}
export HELIX_RUNTIME
exec "$loader" --library-path "$libraries" "$root/usr/bin/$program" "\$@"
END
    chmod +x "$target/$program"
done
rm -rf "$work"
"$target/hx" --version
