#!/usr/bin/env bash
# The Debian package on a real system: install, run the service's own command line as its account, stop, remove,
# install again on the data that was kept, purge, and nothing is left. Needs root.
# Usage: tests/e2e/package_test.sh [PACKAGE.deb]
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

deb=$(readlink -f "${1:-$(ls -t build/release/passerelle_*.deb 2>/dev/null | head -1)}")
[ -f "$deb" ] || { echo "package_test: no package; run ./dev package first" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "package_test: needs root" >&2; exit 2; }
if [ -e /var/lib/passerelle/database ] || [ -n "$(dpkg-query -W -f '${db:Status-Abbrev}' passerelle 2>/dev/null)" ]; then
  echo "package_test: this system has Passerelle already; it would be removed" >&2
  exit 2
fi

scratch=$(mktemp -d)
chmod 755 "$scratch"
pid=""
finish() {
  [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true
  DEBIAN_FRONTEND=noninteractive timeout 60 dpkg --purge passerelle >/dev/null 2>&1 || true
  rm -rf "$scratch"
}
trap finish EXIT

checks=0
check() {
  local what=$1
  shift
  checks=$((checks + 1))
  if "$@"; then echo "ok      $what"; else echo "FAILED  $what"; exit 1; fi
}
not() { ! "$@"; }
status_of() { curl -s -m 5 -o /dev/null -w '%{http_code}' "$base$1"; }
answers() { [ "$(status_of "$1")" = "$2" ]; }
install_package() { DEBIAN_FRONTEND=noninteractive timeout 300 apt-get -qq install -y --no-install-recommends --allow-downgrades "$deb" >"$scratch/apt.log" 2>&1 || { cat "$scratch/apt.log"; false; }; }

# The unit's ExecStartPre and ExecStart as its account and without privileges, as systemd would run them; the port is a
# free one, and the runtime folder one of this test.
unit=/lib/systemd/system/passerelle.service
unit_value() { sed -n "s/^$1=//p" "$unit"; }
as_service() {
  install -d -o passerelle -g passerelle -m 0711 "$scratch/run"
  exec env -i PATH=/usr/bin:/bin XDG_RUNTIME_DIR="$scratch/run" \
    setpriv --reuid "$(unit_value User)" --regid "$(unit_value Group)" --clear-groups --no-new-privs --bounding-set=-all "$@"
}
start() {
  : >"$scratch/out"
  # shellcheck disable=SC2046
  (as_service $(unit_value ExecStart) --http 127.0.0.1:0) >"$scratch/out" 2>"$scratch/log" &
  pid=$!
  local deadline=$((SECONDS + 60))
  until grep -qx ready "$scratch/out"; do
    if ! kill -0 "$pid" 2>/dev/null || [ $SECONDS -gt $deadline ]; then cat "$scratch/log"; return 1; fi
    sleep 0.1
  done
  base=http://$(sed -n 's/^http //p' "$scratch/out")
}
stop() {
  kill -TERM "$pid"
  local deadline=$((SECONDS + 20)) code=0
  while kill -0 "$pid" 2>/dev/null; do
    [ $SECONDS -le $deadline ] || return 1
    sleep 0.1
  done
  wait "$pid" || code=$?
  pid=""
  return $code
}
processes_of_account() { pgrep -u passerelle >/dev/null; }
trace() { find /etc /lib/systemd /usr /var/lib -xdev \( -name 'passerelle*' -o -path '*/passerelle/*' \) -not -path '/var/lib/systemd/*' 2>/dev/null; }

trace | sort >"$scratch/before"
cluster_before=$(ls /etc/postgresql/15 2>/dev/null || true)

check "installs" install_package
check "the program runs" test "$(passerelle version)" = "passerelle $(dpkg-query -W -f '${Version}' passerelle | sed 's/-.*//')"
check "the account exists and cannot log in" test "$(getent passwd passerelle | cut -d: -f7)" = /usr/sbin/nologin
check "no cluster of Debian's own was made" test "$(ls /etc/postgresql/15 2>/dev/null || true)" = "$cluster_before"
check "configuration and rules are conffiles" test "$(dpkg-query -W -f '${Conffiles}\n' passerelle | grep -c /etc/passerelle/)" = \
  "$(find /etc/passerelle -type f | wc -l)"
check "access is denied by default" grep -q '^  mode: "deny"' /etc/passerelle/passerelle.yaml
if command -v systemd-analyze >/dev/null; then
  check "systemd accepts the unit" systemd-analyze verify --man=no passerelle.service
fi
# shellcheck disable=SC2046
check "the unit's configuration check holds" eval '(as_service $(unit_value ExecStartPre)) >/dev/null'

check "the service starts" start
check "it answers /health/live" answers /health/live 200
check "it answers /health/ready" answers /health/ready 200
check "it answers /metrics" answers /metrics 200
check "without a token nobody reads" answers /fhir/Patient 401
check "the journal can be listed beside the running service" passerelle messages list --config /etc/passerelle/passerelle.yaml
check "the database is the service's alone" test "$(stat -c '%U %a' /var/lib/passerelle/database/postgres)" = "passerelle 700"
check "SIGHUP reloads" eval 'kill -HUP "$pid" && sleep 1 && grep -q "mappings reloaded" "$scratch/log" && answers /health/ready 200'
check "SIGTERM stops it in 20 s with exit 0" stop
check "and its database with it" not processes_of_account

echo '# kept' >>/etc/passerelle/passerelle.yaml
check "removes" timeout 60 dpkg --remove passerelle
check "the program is gone" not test -e /usr/bin/passerelle
check "removal keeps the data" test -d /var/lib/passerelle/database/postgres
check "removal keeps the configuration" grep -q '^# kept$' /etc/passerelle/passerelle.yaml
check "installs again" install_package
check "a changed configuration stays" grep -q '^# kept$' /etc/passerelle/passerelle.yaml
check "starts on the data that was kept" start
check "it answers /health/ready again" answers /health/ready 200
check "stops" stop

check "purges" timeout 60 dpkg --purge passerelle
trace | sort >"$scratch/after"
check "no file is left" diff "$scratch/before" "$scratch/after"
check "no account is left" not getent passwd passerelle
check "no group is left" not getent group passerelle
echo "package_test: $checks checks hold"
