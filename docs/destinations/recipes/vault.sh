#!/bin/sh
# HashiCorp Vault, KV version 2: two keys of a secret, its others stay. For OpenBao write bao for vault. Needs the capabilities read and patch.
set -eu
mount=secret path=twilio
input=$(cat)
put() {
  values=$(printf %s "$input" | jq -ec "$1")
  printf %s "$values" | vault kv patch -mount="$mount" "$path" - >/dev/null
}
case $TANDEM_PHASE in
  deliver) put '{auth_token: (.new | strings), auth_token_alt: (.old // "")}' ;;
  rollback) put '{auth_token: (.old | strings), auth_token_alt: ""}' ;;
  tidy) put '{auth_token: (.new | strings), auth_token_alt: ""}' ;;
  verify)
    stored=$(vault kv get -mount="$mount" -format=json "$path")
    printf '%s\n%s\n' "$input" "$stored" | jq -es '.[1].data.data.auth_token == .[0].new' >/dev/null
    ;;
esac
