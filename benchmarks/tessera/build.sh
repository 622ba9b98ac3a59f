#!/usr/bin/env bash
# Builds append.go with Tessera and with Go as Debian packages them: `benchmarks/tessera/build.sh FOLDER`, about 550 MB on disk and a minute.
#
# Debian has Tessera from `forky` on (SUITE=... for another). The packages come from the mirror that apt is set up with here,
# checked by apt against Debian's signatures, and are unpacked into FOLDER: nothing is installed, and apt's own lists stay as they
# are. GO=PROGRAM uses a Go of one's own (1.25 or later). Ends with the path of the program.
set -euo pipefail

SUITE="${SUITE:-forky}"
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
SOURCE="$(cd "$(dirname "$0")" && pwd)/append.go"
LIBRARIES=(
  golang-github-cenkalti-backoff-v5-dev golang-github-cespare-xxhash-v2-dev golang-github-go-logr-logr-dev
  golang-github-go-logr-stdr-dev golang-github-hashicorp-golang-lru-v2-dev golang-github-transparency-dev-formats-dev
  golang-github-transparency-dev-merkle-dev golang-github-transparency-dev-tessera-dev golang-golang-x-crypto-dev
  golang-golang-x-exp-dev golang-golang-x-mod-dev golang-golang-x-sync-dev golang-k8s-klog-dev golang-opentelemetry-otel-dev
)

[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
{ command -v apt-get && command -v dpkg-deb; } > /dev/null || { echo "$0: apt-get and dpkg-deb are needed: this builds from Debian's packages" >&2; exit 75; }
[ -r "$KEYRING" ] || { echo "$0: $KEYRING is missing: apt-get install debian-archive-keyring" >&2; exit 75; }
mkdir -p "$1"
FOLDER="$(cd "$1" && pwd)"
mkdir -p "$FOLDER"/apt/{lists,archives}/partial "$FOLDER"/packages "$FOLDER"/root

MIRROR="$(apt-get indextargets --format '$(ORIGIN) $(SITE) $(REPO_URI)' | awk '$1 == "Debian" && $NF !~ /security/ { print $NF; exit }')"
[ -n "$MIRROR" ] || { echo "$0: apt knows no mirror of Debian here: run apt-get update first" >&2; exit 75; }
echo "deb [signed-by=$KEYRING] $MIRROR $SUITE main" > "$FOLDER/apt/sources.list"
cat > "$FOLDER/apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$FOLDER/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$FOLDER/apt/lists";
Dir::State::status "/dev/null";
Dir::Cache "$FOLDER/apt";
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
CONF
export APT_CONFIG="$FOLDER/apt/apt.conf"
apt-get update --quiet --quiet
PACKAGES=("${LIBRARIES[@]}")
if [ -z "${GO:-}" ]; then
  VERSION="$(apt-cache depends golang-go | sed -nE 's/^ *Depends: golang-([0-9.]+)-go$/\1/p')"
  [ -n "$VERSION" ] || { echo "$0: $SUITE names no Go; give one as GO=PROGRAM" >&2; exit 75; }
  PACKAGES+=("golang-$VERSION-go" "golang-$VERSION-src")
fi
(cd "$FOLDER/packages" && rm -f -- *.deb && apt-get download --quiet --quiet "${PACKAGES[@]}")
rm -rf "$FOLDER/root" && mkdir "$FOLDER/root"
for package in "$FOLDER"/packages/*.deb; do dpkg-deb --extract "$package" "$FOLDER/root"; done
if [ -z "${GO:-}" ]; then
  export GOROOT="$FOLDER/root/usr/lib/go-$VERSION"
  GO="$GOROOT/bin/go"
fi
export GO111MODULE=off GOTOOLCHAIN=local GOFLAGS="" CGO_ENABLED=0 GOPATH="$FOLDER/root/usr/share/gocode" GOCACHE="$FOLDER/cache"
"$GO" build -trimpath -o "$FOLDER/append" "$SOURCE"
{ "$GO" version; basename -a "$FOLDER"/packages/*.deb; } > "$FOLDER/built-from.txt"
echo "$FOLDER/append"
