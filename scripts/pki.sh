#!/usr/bin/env bash
# Makes certificates for a broker and its gates with a CA in a folder.
#
# FOR TESTS AND TRIALS ONLY: the CA's key lies in that folder, unencrypted. At a site use a CA of your own that signs for
# nothing but this broker and its clients: whoever it signs for can connect.
#
#   scripts/pki.sh init DIR                  a new CA: gate-ca.crt, gate-ca.key, and an empty revocation list gate-ca.crl
#   scripts/pki.sh broker DIR NAME HOST...   NAME.crt, NAME.key for a broker that is reached under these names or addresses
#   scripts/pki.sh gate DIR NAME             the same for a gate; NAME is its gate.gate, and the broker's user name
#   scripts/pki.sh client DIR NAME           the same for a backend, a reader, a screen or a bridge
#   scripts/pki.sh revoke DIR NAME           put a certificate on the revocation list
#   scripts/pki.sh crl DIR                   sign the list anew, for 30 days; a list that has ended refuses everybody
#
# Certificates live for 90 days; ask again for the same NAME before that: a new key, and the old one stays valid until it
# ends or is revoked, so revoke it first if it was lost.
set -euo pipefail
umask 077

readonly DAYS=90 CRL_DAYS=30 CA_DAYS=730
# Users of deploy/mosquitto/acl and words of the topics: a gate of such a name would have their rights.
readonly RESERVED="^(backend(-[0-9]+)?|broker|bridge|center|fleet|gate-ca|.*-(kiosk|reader|bridge))$"

fail() {
  echo "pki.sh: $1" >&2
  exit 2
}

need_name() {
  [[ $1 =~ ^[a-z0-9][a-z0-9-]{0,62}$ ]] || fail "'$1' is no name: lower case letters, digits and dashes, at most 63"
  [[ $1 != gate-ca ]] || fail "'$1' is the CA itself"
}

need_ca() {
  [[ -f $1/gate-ca.key ]] || fail "there is no CA in $1: begin with '$0 init $1'"
}

write_config() {
  local dir=$1
  cat >"$dir/ca.cnf" <<END
[ca]
default_ca = gates
[gates]
new_certs_dir = $dir/issued
database = $dir/index.txt
serial = $dir/serial
crlnumber = $dir/crlnumber
certificate = $dir/gate-ca.crt
private_key = $dir/gate-ca.key
default_md = sha256
default_days = $DAYS
default_crl_days = $CRL_DAYS
policy = name_alone
unique_subject = no
rand_serial = yes
[name_alone]
commonName = supplied
[req]
distinguished_name = none
[none]
[root]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
END
}

init() {
  local dir=$1
  [[ ! -e $dir/gate-ca.key ]] || fail "there is a CA in $dir already; it is never overwritten"
  mkdir -p "$dir/issued"
  : >"$dir/index.txt"
  echo 01 >"$dir/crlnumber"
  write_config "$dir"
  openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$dir/gate-ca.key" 2>/dev/null ||
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$dir/gate-ca.key"
  openssl req -new -x509 -config "$dir/ca.cnf" -extensions root -days "$CA_DAYS" -key "$dir/gate-ca.key" \
    -subj "/CN=Edge Gate TEST CA" -out "$dir/gate-ca.crt"
  sign_list "$dir"
}

sign_list() {
  openssl ca -batch -config "$1/ca.cnf" -gencrl -out "$1/gate-ca.crl.new" 2>/dev/null
  mv "$1/gate-ca.crl.new" "$1/gate-ca.crl"
}

extensions() {
  local kind=$1 names="" host
  shift
  for host in "$@"; do
    if [[ $host =~ ^[0-9.]+$ || $host == *:* ]]; then names+=",IP:$host"; else names+=",DNS:$host"; fi
  done
  echo "basicConstraints = critical,CA:FALSE"
  echo "keyUsage = critical,digitalSignature"
  echo "subjectKeyIdentifier = hash"
  echo "authorityKeyIdentifier = keyid"
  if [[ $kind == broker ]]; then echo "extendedKeyUsage = serverAuth"; else echo "extendedKeyUsage = clientAuth"; fi
  if [[ -n $names ]]; then echo "subjectAltName = ${names#,}"; fi
}

issue() {
  local kind=$1 dir=$2 name=$3
  shift 3
  need_name "$name"
  if [[ $kind == gate && $name =~ $RESERVED ]]; then fail "no gate may be called '$name': others have rights under it"; fi
  if [[ $kind == broker && $# -eq 0 ]]; then fail "under which host names or addresses is the broker reached?"; fi
  extensions "$kind" "$@" >"$dir/$name.ext"
  openssl req -new -config "$dir/ca.cnf" -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/$name.key" \
    -subj "/CN=$name" -out "$dir/$name.csr" 2>/dev/null
  openssl ca -batch -config "$dir/ca.cnf" -notext -extfile "$dir/$name.ext" -in "$dir/$name.csr" -out "$dir/$name.crt" \
    2>/dev/null
  rm "$dir/$name.csr" "$dir/$name.ext"
}

revoke() {
  need_name "$2"
  [[ -f $1/$2.crt ]] || fail "there is no certificate $1/$2.crt"
  openssl ca -batch -config "$1/ca.cnf" -revoke "$1/$2.crt" 2>/dev/null || fail "$2 cannot be revoked: is it already?"
  sign_list "$1"
}

command=${1-help}
case $command in
  init) [[ $# -eq 2 ]] || fail "init DIR" ;;
  broker) [[ $# -ge 3 ]] || fail "broker DIR NAME HOST..." ;;
  gate | client | revoke) [[ $# -eq 3 ]] || fail "$command DIR NAME" ;;
  crl) [[ $# -eq 2 ]] || fail "crl DIR" ;;
  *)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
    [[ $command == help || $command == --help ]] || exit 2
    exit 0
    ;;
esac
if [[ $command == init ]]; then mkdir -p "$2"; else need_ca "$2"; fi
dir=$(cd "$2" && pwd)
case $command in
  init) init "$dir" ;;
  crl) sign_list "$dir" ;;
  revoke) revoke "$dir" "$3" ;;
  *) issue "$command" "$dir" "${@:3}" ;;
esac
echo "pki.sh: a TEST CA, its key unprotected in $dir: not for a site" >&2
