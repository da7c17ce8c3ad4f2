#!/usr/bin/env bash
# Installs, updates and rolls back the gate on a Jetson with JetPack 7, or with --any-linux on another Linux machine.
# Every release is a folder of its own; the one in force is a link, switched when the new one has proven itself.
# docs/how-to/install-jetson.md tells the whole way. EDGE_GATE_ROOT puts another folder in place of /, for tests.
set -euo pipefail
umask 022

readonly ROOT="${EDGE_GATE_ROOT:-}"
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly HERE
readonly OPT="$ROOT/opt/edge-gate"
readonly RELEASES="$OPT/releases"
readonly CONFIG="$ROOT/etc/edge-gate/edge-gate.toml"
readonly CREDENTIALS="$ROOT/etc/edge-gate/credentials"
readonly STATE="$ROOT/var/lib/edge-gate/state"
readonly MODELS="$ROOT/var/lib/edge-gate/models"
readonly CACHE="$ROOT/var/cache/edge-gate"
readonly UNITS="$ROOT/etc/systemd/system"
readonly GATE_USER=edge-gate
readonly LEAST_FREE_KIB=$((2 * 1024 * 1024))
# What a release itself must bring on any machine; the rest of 'check' is the site's.
readonly REQUIRED="settings jetpack tensorrt nvcc nodes models engines"
# What an update must not lose, where the release before it had it.
readonly KEPT="profile state people certificate gallery level key broker camera"

PYTHON="$ROOT/usr/bin/python3.12"
EXTRAS=openvino
WHEELHOUSE=""
WEIGHTS=""
ANY_LINUX=no
WITH_CLOCKS=no
PURGE=no
PENDING="" # a release that is half made
UNDO=""    # what the state was before a release that did not prove itself yet
RESTART=no # whether a gate that ran stands still

# shellcheck source=scripts/install/before.sh
. "$HERE/scripts/install/before.sh"
# shellcheck source=scripts/install/layout.sh
. "$HERE/scripts/install/layout.sh"
# shellcheck source=scripts/install/release.sh
. "$HERE/scripts/install/release.sh"

say() { printf '%s\n' "$*"; }

die() {
  printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
  exit 1
}

usage() {
  cat <<'TEXT'
usage: install-jetson.sh install WHEEL [options]   first installation; once more it does nothing
       install-jetson.sh update WHEEL [options]    a new release, switched to when it has proven itself
       install-jetson.sh rollback                  back to the release before
       install-jetson.sh status                    what is installed, and whether it runs
       install-jetson.sh uninstall [--purge]       remove the program; with --purge people, keys and settings too

options of install and update:
  --python FILE     interpreter, 3.11 to 3.13 (default /usr/bin/python3.12, which has JetPack's TensorRT)
  --wheelhouse DIR  take every dependency from this folder and none from the network
  --from DIR        take the models' published packages from this folder
  --extras LIST     extras of the wheel (default openvino)
  --any-linux       a machine that is no Jetson
  --clocks          set power mode and clocks at every start (edge-gate-clocks.service)
TEXT
}

prepare() {
  require_root
  require_jetpack
  require_python
  require_wheel
  require_folders
  require_space
  take_lock
}

take_lock() {
  exec 9>"$OPT/.lock"
  flock -n 9 || die "another installation is under way" "wait for it"
}

install_gate() {
  prepare
  local current lines
  current="$(link_of current)"
  if [ "$current" = "$RELEASE" ] && [ "$(cat "$RELEASE/.complete" 2>/dev/null)" = "$WHEEL_SHA256" ]; then
    say "release $VERSION is installed and in force: nothing to do"
    return 0
  fi
  [ -z "$current" ] || die "$(basename "$current") is installed" "use 'update' for another release"
  make_release
  lay_out "$RELEASE"
  build_engines
  lines="$(lines_of "$RELEASE")"
  # shellcheck disable=SC2086  # names without blanks
  holds "$lines" $REQUIRED || die "release $VERSION does not work here" "mend what is named above, and install again"
  switch_to "$RELEASE"
  enable_units
  say "release $VERSION is in force"
  if awk -F '\t' '$2 == "no" { bad = 1 } END { exit bad }' <<<"$lines"; then
    start_gate || die "the gate does not start" "journalctl -u edge-gate"
    say "the gate serves"
  else
    say "still to do before 'systemctl start edge-gate':"
    awk -F '\t' '$2 == "no" { print "  " $1 ": " $3 " (" $4 ")" }' <<<"$lines"
  fi
}

update_gate() {
  prepare
  local old was_running=no
  old="$(link_of current)"
  [ -n "$old" ] || die "nothing is installed" "use 'install'"
  if [ "$old" = "$RELEASE" ]; then
    [ "$(cat "$RELEASE/.complete")" = "$WHEEL_SHA256" ] ||
      die "release $VERSION is in force, from another wheel" "give the new one a version of its own"
    say "release $VERSION is in force: nothing to do"
    return 0
  fi
  make_release
  build_engines
  ! is_running || was_running=yes
  change_release "$old" "$RELEASE" "$was_running"
  forget_old_releases
}

rollback_gate() {
  require_root
  local old previous was_running=no
  old="$(link_of current)"
  previous="$(link_of previous)"
  [ -e "$previous/.complete" ] || die "there is no release to go back to" "install one"
  take_lock
  ! is_running || was_running=yes
  change_release "$old" "$previous" "$was_running"
}

# From here to its end the door is shut. What a new release made of the state is undone if that release is refused.
change_release() {
  local old="$1" new="$2" was_running="$3" saved="$ROOT/var/lib/edge-gate/state-before-change" asked=() name kept
  for name in $KEPT; do
    asked+=(--only "$name")
  done
  RESTART="$was_running"
  stop_gate
  kept="$(fine_in "$(lines_of "$old" "${asked[@]}")")"
  rm -rf "$saved"
  if [ -d "$STATE" ]; then
    cp -a "$STATE" "$saved" || die "the state cannot be copied" "free space"
    UNDO="$saved"
  fi
  # shellcheck disable=SC2086  # names without blanks
  holds "$(lines_of "$new")" $REQUIRED $kept ||
    die "$(basename "$new") does not work here; $(basename "$old") stays" "mend what is named above, and try again"
  lay_out "$new"
  switch_to "$new"
  if [ "$was_running" = yes ] && ! start_gate; then
    stop_gate
    lay_out "$old"
    switch_to "$old"
    # What a gate decided is not undone: only a state that the old release cannot open is put back.
    if holds "$(lines_of "$old" --only state)" state 2>/dev/null; then UNDO=""; fi
    die "$(basename "$new") does not start; $(basename "$old") is back" "journalctl -u edge-gate"
  fi
  UNDO="" RESTART=no
  ln -sfn "$old" "$OPT/previous"
  rm -rf "$saved" # it holds people who may be erased tomorrow
  say "$(basename "$new") is in force, $(basename "$old") is kept for 'rollback'"
}

# Whatever ends the script: nothing half made stays, and a gate that ran runs again.
at_the_end() {
  [ -z "$PENDING" ] || rm -rf "$PENDING"
  if [ -n "$UNDO" ]; then
    rm -rf "$STATE.refused"
    mv -T "$STATE" "$STATE.refused"
    mv -T "$UNDO" "$STATE"
    rm -rf "$STATE.refused"
  fi
  [ "$RESTART" = no ] || start_gate || true
}
trap at_the_end EXIT

show_status() {
  local current
  current="$(link_of current)"
  [ -n "$current" ] || die "nothing is installed" "use 'install'"
  say "in force  $(basename "$current")"
  say "before    $(basename "$(link_of previous)")"
  say "releases  $(find "$RELEASES" -mindepth 1 -maxdepth 1 -printf '%f ' | tr ' ' '\n' | sort -V | xargs)"
  for unit in edge-gate edge-gate-engines edge-gate-clocks; do
    say "$unit  $(systemctl is-active "$unit.service" || true)"
  done
}

uninstall_gate() {
  require_root
  systemctl disable --now edge-gate.service edge-gate-engines.service edge-gate-clocks.service || true
  rm -rf "$OPT" "$UNITS"/edge-gate*.service "$ROOT/usr/local/bin/edge-gate"
  rm -f "$ROOT/etc/sysusers.d/edge-gate.conf" "$ROOT/etc/tmpfiles.d/edge-gate.conf"
  systemctl daemon-reload
  if [ "$PURGE" = yes ]; then
    rm -rf "$ROOT/var/lib/edge-gate" "$ROOT/etc/edge-gate" "$CACHE"
    say "removed, with people, keys and settings"
  else
    say "removed; people, keys and settings are kept in /var/lib/edge-gate and /etc/edge-gate"
  fi
}

VERB="${1:-}"
[ $# -eq 0 ] || shift
WHEEL=""
while [ $# -gt 0 ]; do
  case "$1" in
    --python | --wheelhouse | --from | --extras)
      [ $# -ge 2 ] || die "$1 needs a value" "see --help"
      case "$1" in
        --python) PYTHON="$2" ;;
        --wheelhouse) WHEELHOUSE="$2" ;;
        --from) WEIGHTS="$2" ;;
        --extras) EXTRAS="$2" ;;
      esac
      shift
      ;;
    --any-linux) ANY_LINUX=yes ;;
    --clocks) WITH_CLOCKS=yes ;;
    --purge) PURGE=yes ;;
    -*) die "there is no option $1" "see --help" ;;
    *)
      [ -z "$WHEEL" ] || die "two wheels are named" "give one"
      WHEEL="$1"
      ;;
  esac
  shift
done

case "$VERB" in
  install) install_gate ;;
  update) update_gate ;;
  rollback) rollback_gate ;;
  status) show_status ;;
  uninstall) uninstall_gate ;;
  --help | -h | help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
