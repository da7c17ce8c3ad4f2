# shellcheck shell=bash
# What lies outside of the releases: units, user, folders, settings, keys.
# Read by scripts/install-jetson.sh, whose names it uses.

# Everything outside of the release's own folder, as that release has it.
lay_out() {
  local from="$1/systemd" root_option=()
  [ -z "$ROOT" ] || root_option=("--root=$ROOT")
  mkdir -p "$UNITS" "$ROOT/etc/sysusers.d" "$ROOT/etc/tmpfiles.d" "$ROOT/usr/local/bin" "$CREDENTIALS" "$STATE"
  install -m 0644 "$from"/*.service "$UNITS/"
  install -m 0644 "$from/edge-gate.sysusers.conf" "$ROOT/etc/sysusers.d/edge-gate.conf"
  install -m 0644 "$from/edge-gate.tmpfiles.conf" "$ROOT/etc/tmpfiles.d/edge-gate.conf"
  install -m 0755 "$from/edge-gate.wrapper" "$ROOT/usr/local/bin/edge-gate"
  [ -e "$CONFIG" ] || starting_settings >"$CONFIG"
  systemd-sysusers "${root_option[@]}" "$ROOT/etc/sysusers.d/edge-gate.conf"
  systemd-tmpfiles "${root_option[@]}" --create "$ROOT/etc/tmpfiles.d/edge-gate.conf"
  make_key signing.key
  make_key gallery.key
  systemctl daemon-reload
}

# A key that is there stays: another one would open nothing that it closed.
make_key() {
  local key="$CREDENTIALS/$1"
  [ ! -e "$key" ] || return 0
  if [ ! -e "$STATE/$1" ] && [ -e "$STATE/gate.sqlite3" ]; then
    die "there is a state in $STATE, and no $1" "put your copy into $CREDENTIALS"
  fi
  (
    umask 077
    if [ -e "$STATE/$1" ]; then cat "$STATE/$1"; else head -c 32 /dev/urandom; fi >"$key.new"
  )
  chown --reference="$CREDENTIALS" "$key.new"
  mv "$key.new" "$key"
}

starting_settings() {
  cat <<TEXT
# Every key is in docs/reference/settings.md. 'edge-gate check' says what is missing.
environment = "development"  # production takes a profile that your site signed

[gate]
site = "site"
gate = "gate"
access_point = "door"

[state]
dir = "$STATE"

[engine]
models_dir = "$MODELS"
TEXT
}
